"""Robot-R1 Bench as an Inspect task: open questions about pictures, scored from 0 to 3 against references.

inspect eval eval/robot_r1_bench/task.py --model PROVIDER/MODEL -T grader=PROVIDER/JUDGE
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from inspect_ai import Task, task
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.model import (
    ChatMessageSystem,
    ChatMessageUser,
    ContentImage,
    ContentText,
    GenerateConfig,
)
from inspect_ai.scorer import Scorer
from inspect_ai.solver import Solver

from eval.baselines import Completions, written
from eval.errors import told_by_inspect
from eval.facts import Facts, decoding
from eval.judge.scorers import judge_facts, model_judge, rules_judge
from eval.robot_r1_bench.guidelines import prompt_digest, system_prompt
from eval.robot_r1_bench.loading import Bench, load_bench
from eval.robot_r1_bench.question import REASONING_TYPES, BenchQuestion
from eval.samples import ask
from robot_r1.control_text import plain
from robot_r1.demo import DemoKey
from robot_r1.errors import UserError

NAME = "robot_r1_bench"
RULES = "rules"
REFERENCE = "reference"
MAX_TOKENS = 2048
"""Room for the reasoning; what is cut off has no answer."""


@task(name=NAME)
@told_by_inspect
def robot_r1_bench(
    bench: str | None = None,
    grader: str = RULES,
    repeats: int = 1,
    reasoning_types: str | Sequence[str] | None = None,
    tasks: str | Sequence[str] | None = None,
    answer_tags: bool = True,
    baseline: str | None = None,
    max_tokens: int = MAX_TOKENS,
) -> Task:
    """Robot-R1 Bench.

    Args:
        bench: folder or JSONL of a bench; None for the one that comes with this project.
        grader: `rules` for the judge that needs no model and is not the paper's, or the judge's model. One that is
            bound to Inspect's role `grader` takes the place of the latter.
        repeats: how many scores a model gives to each answer; their mean counts.
        reasoning_types: only questions of these types, in commas or a list; None for all.
        tasks: only questions about these tasks; None for all.
        answer_tags: whether to ask for reasoning and answer in the tags that Robot-R1 is trained with. What is judged
            is the text in the answer tags, or a completion without any tags as a whole, whether asked for or not.
        baseline: instead of asking a model, answer with the reference, if this is `reference`, or with this text.
        max_tokens: most tokens of a completion.

    Raises:
        UserError: the bench cannot be read, nothing is left of it, or a setting is not allowed.
    """
    if repeats < 1:
        raise UserError(f"repeats is {repeats}; give 1 or more")
    loaded = load_bench(Path(bench) if bench else None)
    questions = _select(loaded.questions, _names(reasoning_types), _names(tasks))
    config = GenerateConfig(temperature=0.0, max_tokens=max_tokens)
    return Task(
        dataset=MemoryDataset([_sample(loaded, question, answer_tags) for question in questions], name=NAME),
        solver=ask() if baseline is None else _baseline(baseline, questions),
        scorer=_scorer(grader, repeats, questions),
        config=config,
        name=NAME,
        metadata=_facts(loaded, config, answer_tags)
        | judge_facts(None if grader == RULES else grader, repeats)
        | ({"baseline": baseline} if baseline is not None else {}),
    )


def _baseline(baseline: str, questions: Sequence[BenchQuestion]) -> Solver:
    texts = {question.id: question.reference if baseline == REFERENCE else baseline for question in questions}
    return written(Completions(baseline, texts))


def _scorer(grader: str, repeats: int, questions: Sequence[BenchQuestion]) -> Scorer:
    if grader != RULES:
        return model_judge(grader, repeats)
    if repeats != 1:
        raise UserError(f"repeats is {repeats}, but the rules judge always gives the same score; leave it at 1")
    lacking = [question.id for question in questions if question.truth is None]
    if lacking:
        raise UserError(
            f"{len(lacking)} questions, such as {lacking[0]}, have no truth for the rules judge; "
            "choose a model as judge: --grader PROVIDER/MODEL"
        )
    return rules_judge()


def _names(given: str | Sequence[str] | None) -> tuple[str, ...] | None:
    if given is None:
        return None
    return tuple(name.strip() for name in (given.split(",") if isinstance(given, str) else given))


def _select(
    questions: Sequence[BenchQuestion], reasoning_types: Sequence[str] | None, tasks: Sequence[str] | None
) -> list[BenchQuestion]:
    _check("reasoning type", reasoning_types, REASONING_TYPES)
    _check("task", tasks, sorted({question.task for question in questions}))
    left = [
        question
        for question in questions
        if (reasoning_types is None or question.reasoning_type in reasoning_types)
        and (tasks is None or question.task in tasks)
    ]
    if not left:
        raise UserError("the bench has no question of these reasoning types about these tasks; give more of either")
    return left


def _check(what: str, given: Sequence[str] | None, allowed: Sequence[str]) -> None:
    for name in given or ():
        if name not in allowed:
            raise UserError(f"unknown {what} {name!r}; the bench has {', '.join(allowed)}")


def _sample(bench: Bench, question: BenchQuestion, answer_tags: bool) -> Sample:
    picture = str(bench.picture(question).absolute())
    return Sample(
        id=question.id,
        input=[
            ChatMessageSystem(content=system_prompt(question, answer_tags)),
            ChatMessageUser(
                content=[ContentImage(image=bench.shown(question)), ContentText(text=plain(question.question))]
            ),
        ],
        target=question.reference,
        metadata={
            "question_id": question.id,
            "demo": _demo(question),
            "task": question.task,
            "group": question.reasoning_type,
            "in_training": question.in_training,
            "image": picture,
            "bench_question": question.model_dump(mode="json"),
        },
    )


def _demo(question: BenchQuestion) -> str:
    """The cluster of the intervals: the demo, or the picture in a bench that names no episodes."""
    if "episode" not in question.model_fields_set:
        return question.image
    return DemoKey(task=question.task, variation=question.variation, episode=question.episode).id


def _facts(bench: Bench, config: GenerateConfig, answer_tags: bool) -> dict[str, Any]:
    facts = Facts(
        benchmark=NAME,
        dataset=str(bench.path),
        dataset_version=bench.digest,
        prompt=f"eval/robot_r1_bench, {prompt_digest()}",
        image_resolution=bench.sizes,
        decoding=decoding(config),
        seed=0,
    )
    return facts.metadata(answer_tags=answer_tags)
