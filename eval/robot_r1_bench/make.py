"""From the list of frames to pictures and questions."""

from collections.abc import Iterator
from dataclasses import dataclass

from eval.robot_r1_bench.asked import Asked
from eval.robot_r1_bench.frames import FRAMES, SEED, Frame
from eval.robot_r1_bench.movement import DEAD_ZONE, ask_movement
from eval.robot_r1_bench.names import GRIPPER
from eval.robot_r1_bench.plan_lines import plan_lines
from eval.robot_r1_bench.plans import Progress, ask_plan, ask_subtask, filled
from eval.robot_r1_bench.question import BenchQuestion, ReasoningType
from eval.robot_r1_bench.relations import UnclearError
from eval.robot_r1_bench.scene_state import SIZE, SceneState, scene_state
from eval.robot_r1_bench.spatial import ask_spatial, check_visible
from robot_r1.instructions import instructions
from robot_r1.movement import WORDS
from robot_r1.sim.recorder import Run, draw_frames, simulate
from robot_r1.sim.tasks import TRAINING_TASKS

_TELLING = 0.7
"""Share of a subtask's words by which a description tells it."""


@dataclass(frozen=True)
class Page:
    """A picture and what is asked about it."""

    picture: bytes
    """A PNG."""
    questions: tuple[BenchQuestion, ...]


def make_pages() -> Iterator[Page]:
    """The pages of the bench, in the order of `FRAMES`."""
    for place, frame in enumerate(FRAMES):
        yield make_page(frame, sum(other.task == frame.task for other in FRAMES[:place]))


def make_page(frame: Frame, number: int) -> Page:
    """Simulate a demo and ask about one frame of it.

    Args:
        number: of the frame within its task, from 0.

    Raises:
        UnclearError: the frame does not answer one of its questions.
    """
    run = simulate(frame.key, SEED)
    index = frame_index(run, frame)
    try:
        questions = _questions(frame, number, index, scene_state(run, index))
    except UnclearError as error:
        raise UnclearError(f"{frame.key.id}, frame {index}: {error}") from error
    return Page(draw_frames(run, [index], SIZE, "rays")[index], tuple(questions))


def frame_index(run: Run, frame: Frame) -> int:
    """Where a frame is in its run; a step begins where the one before ends."""
    start = run.events[frame.step - 1].frame if frame.step else 0
    return start + round(frame.share * (run.events[frame.step].frame - start))


def _questions(frame: Frame, number: int, index: int, state: SceneState) -> list[BenchQuestion]:
    """The questions about a frame, in the order of the reasoning types.

    Args:
        number: of the frame within its task, from 0: sets the choice of wordings.
        index: of the frame shown, at 20 Hz.

    Raises:
        UnclearError: one of them is not answerable.
    """
    description = _description(frame, number, state)
    progress = Progress(plan_lines(frame.task, frame.variation), state.step, state.things, description)
    acted_on = {body for line in progress.left for body in (line.thing, line.place) if body}
    for body in sorted(acted_on | {GRIPPER}):
        check_visible(body, state)
    asked: list[tuple[ReasoningType, Asked]] = [
        ("spatial", ask_spatial(ask, state, number + which)) for which, ask in enumerate(frame.asks)
    ]
    asked.append(("planning", ask_plan(progress, number)))
    asked.append(("high_level", ask_subtask(progress, number + 1)))
    asked.append(("movement", ask_movement(state, description, number + 2)))
    name = f"{frame.task}-{number + 1}"
    return [
        BenchQuestion(
            id=f"{name}-{reasoning_type}" + ("-2" if which == 1 and reasoning_type == "spatial" else ""),
            image=f"images/{name}.png",
            reasoning_type=reasoning_type,
            question=what.question,
            reference=what.reference,
            task=frame.task,
            description=description,
            in_training=frame.task in TRAINING_TASKS,
            variation=frame.variation,
            episode=frame.episode,
            frame=index,
            truth=what.truth,
        )
        for which, (reasoning_type, what) in enumerate(asked)
    ]


def _description(frame: Frame, number: int, state: SceneState) -> str:
    """One of the task's phrasings, but none that tells the next movement or subtask."""
    towards = zip(WORDS, state.next_tip - state.tip, strict=True)
    told = {words[0 if delta > 0 else 1] for words, delta in towards if abs(delta) > DEAD_ZONE} | {GRIPPER}
    subtask = _words(filled(plan_lines(frame.task, frame.variation)[state.step].subtask, state.things))
    usable = [
        text
        for text in instructions(frame.task, frame.variation)
        if told.isdisjoint(_words(text)) and len(subtask & _words(text)) < _TELLING * len(subtask)
    ]
    return usable[number % len(usable)]


def _words(text: str) -> set[str]:
    return set(text.lower().split()) - {"the"}
