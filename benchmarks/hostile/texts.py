"""Texts: what a robot is asked to do, prompt templates, completions, and answers that a judge reads."""

from pathlib import Path

import numpy as np
from pydantic import ValidationError

from benchmarks.hostile.measure import Case, Door
from benchmarks.hostile.values import MEGABYTE, one_of, texts, worker_folder
from eval.judge.reading import Reading, read_completion
from eval.judge.reply import parse_reply
from eval.judge.rules import judge_by_rules
from eval.robot_r1_bench.loading import load_bench
from eval.robot_r1_bench.question import BenchQuestion
from eval.scorers.choices import score_choice
from eval.scorers.positions import score_position
from robot_r1.answer import parse_answer
from robot_r1.demo import DemoKey
from robot_r1.errors import UserError
from robot_r1.prompts import TEMPLATES as OWN
from robot_r1.prompts import PromptTemplates, default_templates
from robot_r1.question import LETTERS, OPEN_QUESTION_TYPES, QUESTION_TYPES
from robot_r1.rewards import exact_match_reward, format_reward, l1_reward

_STATE = (0.1, 0.2, 0.9)
_OPTIONS = ["[0.100, 0.200, 0.900]", "Move up", "[1e999, 0, 0]", "\ud800"]
_PIECES = (
    *("<think>", "</think>", "<answer>", "</answer>", "< answer >", "<ANSWER>", "<answer/>", "<think", "answer>"),
    *(
        "[[A]]",
        "[[B]]",
        "A",
        "[[Z]]",
        "[[",
        "]]",
        "[0.1, 0.2, 0.9]",
        "[1e308, 1e308, -1e308]",
        "[1e999, 0, 0]",
        "[nan",
    ),
    *(" ", "\n", "\t", "\u200b", "\u00a0", "\ud800", "\x00", "🤖", "e\u0301", "\u202e", "<|im_end|>", "<|image_pad|>"),
    *("Score: 3 Reason: good", "Score:", "3", "2.5", "Reason:", "score is 2", "score of 3/3", "<image>", "$state"),
    *("Move up", "move the gripper to the red cup", "1. Grasp", "above", "left of", "not", "then", "and", ", ", ". "),
)


def _nothing(folder: Path) -> None:
    """These inputs are made from nothing."""


def _text(rng: np.random.Generator, folder: Path, words: tuple[str, ...] = ()) -> tuple[str, str]:
    """A hostile text, and what it is like."""
    pieces = (*_PIECES, *words)
    match int(rng.integers(6)):
        case 0:
            text: str = one_of(texts(folder), rng)
            return f"{text[:20]!r}", text
        case 1:
            piece = one_of(pieces, rng)
            return f"1 MB of {piece!r}", piece * (MEGABYTE // len(piece))
        case 2:
            pair = one_of(pieces, rng) + one_of(pieces, rng)
            return f"100 kB of {pair!r}", pair * (MEGABYTE // 10 // len(pair))
        case 3:
            inner = one_of(pieces, rng)
            return "a whole answer", f"<think>{one_of(pieces, rng)}</think><answer>{inner}</answer>"
        case 4:
            depth = int(rng.integers(20_000))
            return "nested", "<think><answer>" * depth + "[" * depth
        case _:
            count = int(rng.integers(1, 200))
            return f"{count} pieces", "".join(one_of(pieces, rng) for _ in range(count))


def _completion(good: None, rng: np.random.Generator, place: Path) -> Case:
    what, text = _text(rng, worker_folder(place))
    return Case(what, lambda: _answered(text))


def _answered(text: str) -> None:
    """Every reader of completions; rewards and evaluation have to agree."""
    chat = [{"role": "assistant", "content": text}]
    parse_answer(text)
    read_completion(text)
    parse_reply(text)
    assert format_reward([text]) == format_reward([chat])
    for right in LETTERS:
        (reward,) = exact_match_reward([text], [right])
        assert reward == score_choice(text, right, "waypoint", _OPTIONS).value, "reward and evaluation differ"
    (near,) = l1_reward([text], ["waypoint"], [_STATE], [_STATE])
    assert near == score_position(text, _STATE).value, "reward and evaluation differ"


def _bench(folder: Path) -> tuple[tuple[BenchQuestion, ...], tuple[str, ...]]:
    questions = load_bench().questions
    return questions, tuple(sorted({word for question in questions for word in question.reference.split()}))


def _judged(good: tuple[tuple[BenchQuestion, ...], tuple[str, ...]], rng: np.random.Generator, place: Path) -> Case:
    questions, words = good
    question = one_of(questions, rng)
    chosen = tuple(f"{word} " for word in rng.choice(words, 40).tolist())
    what, text = _text(rng, worker_folder(place), (*chosen, *chosen, question.reference, question.question))
    return Case(f"{question.id}: {what}", lambda: _judge(question, text))


def _judge(question: BenchQuestion, text: str) -> None:
    reading = read_completion(text)
    for answer in (text, reading.answer if isinstance(reading, Reading) else ""):
        assert 0 <= judge_by_rules(question, answer).score <= 3


def _description(good: None, rng: np.random.Generator, place: Path) -> Case:
    what, text = _text(rng, worker_folder(place))
    return Case(what, lambda: _described(text))


def _described(text: str) -> None:
    """Prompts about such a task hold one picture and no lines of its own, and a demo of such a name has a safe id."""
    templates = default_templates()
    for kind in QUESTION_TYPES:
        prompt = templates.render(kind, text, _STATE, ["a", "b", "c", "d"])
        plain = templates.render(kind, "pick", _STATE, ["a", "b", "c", "d"])
        assert prompt.count("<image>") == 1, "not one picture"
        assert prompt.count("\n") == plain.count("\n"), "more lines"
    for kind in OPEN_QUESTION_TYPES:
        assert templates.render_open(kind, text, _STATE, think=True).count("<image>") == 1, "not one picture"
    if len(text) < 1000:
        key = DemoKey(task=text, variation=0, episode=0)
        assert key.id.count("/") == 2 and ".." not in key.id.split("/"), "an id that leaves its folder"


def _template(good: None, rng: np.random.Generator, place: Path) -> Case:
    said = []
    for _ in range(int(rng.integers(1, 3))):
        path = one_of(sorted(OWN.glob("*.txt")), rng)
        what, text = _text(rng, worker_folder(place), ("$state", "$options", "${description}", "$origin", "$$", "$"))
        honest = path.read_text(encoding="utf-8")
        kind = int(rng.integers(3))
        whole = (honest + text, text + honest, text)[kind]
        data = whole.encode("utf-8", "surrogatepass")
        if rng.random() < 0.1:
            data = rng.bytes(1000)
        (place / path.name).write_bytes(data)
        said.append(f"{path.name} {('ends', 'begins', 'is')[kind]} {what}")
    return Case("; ".join(said), lambda: _templates(place))


def _templates(folder: Path) -> None:
    templates = PromptTemplates.load(folder)
    for kind in QUESTION_TYPES:
        prompt = templates.render(kind, "pick up the cup", _STATE, ["a", "b", "c", "d"])
        prompt.encode("utf-8")


DESCRIPTIONS = Door(
    "descriptions", "descriptions and names of tasks", 700, (ValidationError, UserError), _nothing, _description
)
TEMPLATES = Door("templates", "prompt templates", 400, (UserError,), _nothing, _template)
ANSWERS = Door("answers", "completions and judges' replies", 1000, (), _nothing, _completion)
RULES = Door("rules", "answers before the judge by rules", 400, (), _bench, _judged)
