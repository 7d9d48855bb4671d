"""A small data set by hand, with texts that want to be markup, and its audit."""

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from data_gen.audit.report import AUDIT, Audit, Finding, Light, Tally
from data_gen.formats import Row
from data_gen.writer import row_writer
from robot_r1.demo import Demo, DemoKey
from robot_r1.files import write_text
from robot_r1.prompts import point_text
from robot_r1.question import LETTERS, QUESTION_TYPES, TRUE_OPTION, Question, QuestionType
from tests.support.demos import make_demo

HOSTILE = 'Press <script>document.title = "owned"</script> </textarea> <img src=x onerror=alert(1)> & "it" \u202eback'
KEYPOINTS = (21, 46)
"""Frame indices at which the made-up demos have reached their second and their last waypoint."""
LONG = "Donaudampfschifffahrtsgesellschaft" * 8
ODD_ID = "push_button/variation0/a <b>\"id\"</b> 100% 'ä'/waypoint"


def make_rows_of(model: type[Row] = Question, demos: int = 4, size: int = 64) -> list[Row]:
    """Rows of some demos of two tasks, for every 10th frame; the first demos start out of the picture."""
    made: list[Row] = []
    for number in range(demos):
        key = DemoKey(task=("push_button", "pick_up_cup")[number % 2], variation=0, episode=number)
        waypoints = ((0.28, 0, 1.7 - 0.2 * number), (0.2, 0.1, 0.9), (0.2, 0.1 - 0.05 * number, 1.2))
        demo = make_demo(key, waypoints, seed=number, size=size)
        for frame in range(0, KEYPOINTS[-1], 10):
            made += [_row(model, demo, frame, question_type) for question_type in QUESTION_TYPES]
    return made


def _row(model: type[Row], demo: Demo, frame: int, question_type: QuestionType) -> Row:
    keypoint = next(each for each in KEYPOINTS if each > frame)
    state, target = (tuple(map(float, demo.tip_position[each])) for each in (frame, keypoint))
    place = (frame // 10 + demo.key.episode) % 4
    options = ["Move up", "Move left", "Move forward", "Move right"]
    truth = "Move down"
    if question_type != "movement":
        options = [point_text((0.1 * (i + 1), 0.2, 0.9)) for i in range(4)]
        truth = point_text(state if question_type == "current_state" else target)
    options[place] = truth
    strategies = ["near", "far", "near", "uniform"]
    strategies[place] = TRUE_OPTION
    values = {
        "id": f"{demo.key.id}/frame{frame}/{question_type}", "question_type": question_type,
        "images": (demo.load_frame(frame),), "question": "<image> Where?\nLook!", "completion": f"<think> {truth}",
        "options": options, "answer": LETTERS[place], "answer_text": truth, "task": demo.key.task,
        "description": demo.descriptions[0], "variation": 0, "episode": demo.key.episode, "demo": demo.key.id,
        "frame": frame, "keypoint_frame": keypoint, "state": state, "target": target,
        "gripper_open": bool(demo.gripper_open[frame]), "off_screen": not demo.camera.sees(target),
        "gripper_off_screen": not demo.camera.sees(state), "distractors": strategies, "source": "simulated",
        "renderer": "rays", "camera": demo.camera,
    }  # fmt: skip
    return model.model_validate(values)


def hostile(rows: Sequence[Row]) -> list[Row]:
    """The rows with dangerous and endless words; the first waypoint question has an id that needs escaping."""
    odd = next(row for row in rows if row.question_type == "waypoint")
    changed = []
    for row in rows:
        text = LONG if row.question_type == "movement" else HOSTILE
        new = {"description": text, "question": row.question + HOSTILE}
        changed.append(row.model_copy(update=new | ({"id": ODD_ID} if row is odd else {})))
    return changed


def write_dataset(folder: Path, rows: Sequence[Row], test_demo: str = "") -> Path:
    """Store rows where the build would, those of one demo in the test split."""
    files: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in rows:
        files[row.question_type, "test" if row.demo == test_demo else "train"].append(row)
    for (question_type, split), each in files.items():
        with row_writer(folder / question_type / f"{split}-00000.parquet", type(rows[0])) as writer:
            writer.write(each)
    return folder


def write_audit(folder: Path, questions: int) -> Audit:
    """An audit of so many questions with a verdict of every colour."""
    lights: tuple[Light, ...] = ("green", "amber", "red", "grey")
    rules = [
        Finding(
            section="blind rules", check=f"{way} {HOSTILE if i == 0 else i}", question_type=question_type,
            value=0.05 * i, unit="share", low=max(0.0, 0.05 * i - 0.04), high=0.05 * i + 0.04, n=80,
            allowed="0.20 to 0.30", light=lights[i % 4],
        )
        for question_type in QUESTION_TYPES for way in ("nearest", "farthest") for i in range(10)
    ]  # fmt: skip
    probes = [
        Finding(
            section="blind probe", check="learned from the options", question_type="waypoint", value=0.33,
            unit="share", low=0.28, high=0.38, n=80, allowed="up to 0.35", light="green",
        ),
        Finding(
            section="blind probe", check="learned by trees", question_type="waypoint", value=0.44, unit="share",
            low=0.4, high=0.48, n=80, light="grey",
        ),
        Finding(
            section="blind probe", check="learned from nothing", question_type="movement", value=0, unit="share",
            n=0, light="grey", note="fewer than 5 demos to learn from",
        ),
    ]  # fmt: skip
    others = [
        Finding(section="letters", check="balance", value=0.4, unit="p", n=99, allowed="above 0.01", light="green"),
        Finding(section="letters", check="always B", value=0, unit="p", n=99, allowed="above 0.01", light="red"),
        Finding(section="splits", check="demo in both", value=2, unit="count", n=9, light="red", note=HOSTILE),
    ]
    tallies = (
        Tally(name="letter", question_type="waypoint", counts={"A": 5, "B": 5, "C": 7, "D": 3}),
        Tally(name="movement label", question_type="movement", counts={f"Move {i}": i for i in range(1, 20)}),
    )
    audit = Audit(questions=questions, demos=9, light="red", findings=(*rules, *probes, *others), tallies=tallies)
    write_text(folder / AUDIT, audit.model_dump_json())
    return audit
