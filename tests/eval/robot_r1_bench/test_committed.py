"""The committed bench: what was promised of it, and that it is what the code makes."""

import io
import re
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from eval.judge.rules import judge_by_rules
from eval.robot_r1_bench.frames import FRAMES, SEED
from eval.robot_r1_bench.loading import COMMITTED, Bench, load_bench
from eval.robot_r1_bench.make import make_page
from eval.robot_r1_bench.names import PLAIN_COLORS
from eval.robot_r1_bench.question import Choice, Moves, Plan, Relation, Subtask
from eval.robot_r1_bench.scene_state import SIZE
from eval.robot_r1_bench.wording import moved, placed
from robot_r1.instructions import COLORS
from robot_r1.movement import WORDS
from robot_r1.sim.recorder import draw_frames, simulate
from tests.support.other_processor import share_of_other_pixels


@pytest.fixture(scope="module")
def bench() -> Bench:
    return load_bench()


def test_counts(bench: Bench) -> None:
    counts = Counter((question.reasoning_type, question.in_training) for question in bench.questions)
    assert counts == {
        ("spatial", True): 36,
        ("spatial", False): 29,
        **{(name, place): 25 for name in ("planning", "high_level", "movement") for place in (True, False)},
    }
    pictures = {(q.task, q.image): (q.variation, q.episode) for q in bench.questions}
    assert set(Counter(task for task, _ in pictures).values()) == {5}
    assert len({(task, demo) for (task, _), demo in pictures.items()}) == 50
    assert bench.sizes == ("512x512",)
    assert sum(path.stat().st_size for path in COMMITTED.rglob("*")) < 8_000_000


def test_frames_are_spread_over_the_scripts() -> None:
    for task in {frame.task for frame in FRAMES} - {"reach_target"}:
        assert len({frame.step for frame in FRAMES if frame.task == task}) >= 2, task


def test_no_picture_is_asked_the_same_twice(bench: Bench) -> None:
    assert len({(question.image, question.question) for question in bench.questions}) == len(bench.questions)
    spatial = [q for q in bench.questions if q.reasoning_type == "spatial"]
    assert len({(q.image, q.reference) for q in spatial}) == len(spatial)


def test_references_say_what_is_true(bench: Bench) -> None:
    for question in bench.questions:
        truth, reference = question.truth, question.reference
        assert reference.endswith(".") and reference[0].isupper() | reference[0].isdigit()
        if isinstance(truth, Relation):
            assert reference == f"The {truth.subject[0]} is {placed(truth.along)} the {truth.anchor[0]}."
        elif isinstance(truth, Moves):
            assert reference == f"Move the gripper {moved(truth.along)}."
        elif isinstance(truth, Choice):
            assert truth.right[0] in reference
            assert not any(name in reference for names in truth.wrong for name in names)
        elif isinstance(truth, Plan):
            required = [step for step in truth.steps if not step.optional]
            assert 0 < len(re.findall(r"\d+\. ", reference)) <= len(truth.steps)
            assert all(any(name in reference for name in step.thing) for step in required)
        else:
            assert isinstance(truth, Subtask)
            assert any(name in reference for name in truth.step.thing)
            assert truth.step not in truth.others


def test_no_question_tells_its_answer(bench: Bench) -> None:
    for question in bench.questions:
        words = set(re.findall(r"\w+", question.question.lower()))
        told = {word for pair in WORDS for word in pair} | {"above", "below", "front", "behind"}
        if isinstance(question.truth, Moves | Relation):
            named = set(re.findall(r"\w+", question.reference.lower())) & told
            things = (
                set(re.findall(r"\w+", " ".join(question.truth.anchor)))
                if isinstance(question.truth, Relation)
                else set()
            )
            assert not named & words - things, question.question
        assert question.reference.rstrip(".").lower() not in question.question.lower()


def test_directions_are_balanced(bench: Bench) -> None:
    moves, relations = Counter[str](), Counter[str]()
    for question in bench.questions:
        if isinstance(question.truth, Moves | Relation):
            counts = moves if isinstance(question.truth, Moves) else relations
            counts.update(WORDS[part.axis][not part.positive] for part in question.truth.along if not part.optional)
    assert min(moves[word] for pair in WORDS for word in pair) >= 9
    assert max(moves.values()) <= 24
    assert min(relations[word] for pair in WORDS for word in pair) >= 5
    for reasoning_type, most in (("movement", 0.24), ("spatial", 0.1), ("planning", 0.1), ("high_level", 0.1)):
        references = Counter(q.reference for q in bench.questions if q.reasoning_type == reasoning_type)
        assert max(references.values()) <= most * references.total(), reasoning_type


def test_one_answer_to_all_questions_of_a_type_scores_little(bench: Bench) -> None:
    for reasoning_type, most in (("movement", 0.9), ("planning", 0.6), ("high_level", 0.6)):
        questions = [question for question in bench.questions if question.reasoning_type == reasoning_type]
        for fixed, _ in Counter(question.reference for question in questions).most_common(3):
            assert np.mean([judge_by_rules(question, fixed).score for question in questions]) <= most, fixed


def test_colours_are_those_that_everybody_names_alike(bench: Bench) -> None:
    told = {word for q in bench.questions for word in re.findall(r"\w+", f"{q.question} {q.reference}".lower())}
    assert not told & (COLORS.keys() - PLAIN_COLORS)
    assert not [q.id for q in bench.questions if re.search(r"\ba [aeiou]", q.question)]


def test_the_right_choice_is_no_question_of_its_place(bench: Bench) -> None:
    """Naming what comes first of the things on offer is about as often right as chance."""
    first = []
    for question in bench.questions:
        if isinstance(question.truth, Choice):
            names = [
                names[0] for names in (question.truth.right, *question.truth.wrong) if names[0] in question.question
            ]
            first.append(min(names, key=question.question.index) == question.truth.right[0])
    assert 0.2 < np.mean(first) < 0.6


def test_a_frame_made_anew_is_the_committed_one_on_any_processor(bench: Bench) -> None:
    place = 33
    frame, number = FRAMES[place], sum(other.task == FRAMES[place].task for other in FRAMES[:place])
    page = make_page(frame, number)
    committed = [question for question in bench.questions if question.image == page.questions[0].image]
    assert sorted(page.questions, key=lambda question: question.id) == committed
    with Image.open(io.BytesIO(page.picture)) as new, Image.open(bench.picture(committed[0])) as old:
        assert share_of_other_pixels(np.asarray(new), np.asarray(old)) < 0.001


def test_a_neighbouring_frame_would_not_pass_for_the_committed_one(bench: Bench) -> None:
    frame = FRAMES[33]
    run = simulate(frame.key, SEED)
    question = next(question for question in bench.questions if question.image.endswith("open_drawer-4.png"))
    assert (question.task, question.episode) == (frame.task, frame.episode)
    beside = draw_frames(run, [question.frame + 2], SIZE, "rays")[question.frame + 2]
    with Image.open(io.BytesIO(beside)) as new, Image.open(bench.picture(question)) as old:
        assert share_of_other_pixels(np.asarray(new), np.asarray(old)) > 0.003


def test_the_card_counts_what_is_there(bench: Bench) -> None:
    text = Path(COMMITTED / "README.md").read_text(encoding="utf-8")
    assert "| spatial | 36 | 29 | 65 |" in text
    assert all(task in text for task in {question.task for question in bench.questions})
