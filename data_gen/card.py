"""The data-set card: `README.md`, generated from the manifest and the audit alone."""

import json
import string
import zlib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import yaml

from data_gen.audit.report import Audit
from data_gen.audit.table import SYMBOLS, markdown_table, verdict
from data_gen.contact_sheet import CONTACT_SHEET
from data_gen.formats import ROW_MODELS, Format, question_types
from data_gen.manifest import Manifest
from data_gen.splits import lacking
from robot_r1.markdown import markdown_text
from robot_r1.question import SPLITS, QuestionType

_SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))
_LICENCES = {
    "simulated": (
        "apache-2.0",
        "Apache-2.0. Pictures and demonstrations come from the embedded simulator of `robot-r1`; the Panda's meshes "
        "are Franka Emika's, Apache-2.0.",
    ),
    "rlbench": (
        "other",
        "The pictures and demonstrations were recorded with RLBench, whose licence allows academic, non-commercial "
        "use and forbids passing its material on: check it before you share this data set.",
    ),
}


@dataclass(frozen=True)
class _Wording:
    """What the cards of the formats say differently."""

    tag: str
    purpose: str
    """Follows the number of rows."""
    limits: str


_PAPER = "[Robot-R1](https://arxiv.org/abs/2506.00070)"
_QUESTIONS = f"""\
multiple-choice questions about robot demonstrations, in the form of
{_PAPER}: for a frame of an expert demonstration, which is the next waypoint, which is
the current state, which movement leads to the next keypoint."""
_OPEN_PROMPTS = f"""\
prompts with completions for supervised fine-tuning, in the form of the baselines of
{_PAPER}: for a frame of an expert demonstration the next waypoint and the current state,
asked for without options."""
_COLD_START = f"""\
multiple-choice prompts with completions, a cold start before reinforcement learning in the form of
{_PAPER}: a model learns to reason between `<think>` and `</think>` and to answer
between `<answer>` and `</answer>`. With the same demos and settings the prompts are those of the questions for RL."""
_BLIND = """\
- What can be answered without the picture stands in the audit; a waypoint's prompt gives the current position, from
  which much of the next one follows. Compare a model with blind baselines before you speak of perception."""
_BLIND_TABLE = """

The first table says how often rules are right that never look at the picture, each in both directions, with 95 %
intervals clustered by demo; chance is 0.25. Its last rows are classifiers trained on other demos: logistic regression
on what can be read off the options, and boosted trees, which have no threshold, as they can learn where the robot of
a task goes next from the position in a waypoint's prompt. The second table says what else was looked for."""
_PRECISE = """\
- Completions give recorded positions to a millimetre, which is more than the picture shows."""
_SCRIPTED = """\
- Plans and subtasks come from one script of steps for each task, written by hand: they never vary with the scene."""
_PHRASED = """\
- The reasoning is put together from a few phrasings. It teaches the form; long training would teach the phrases."""
_OPEN_QUESTIONS = f"""\
prompts without options for reinforcement learning, in the form of the open-ended ablation of
{_PAPER}: for a frame of an expert demonstration the next waypoint and the current state,
to be answered by a position after reasoning. The completion is the right position, for reference."""
_WORDINGS: dict[Format, _Wording] = {
    "mcqa": _Wording("multiple-choice", _QUESTIONS, _BLIND),
    "open-ended": _Wording("open-ended", _OPEN_QUESTIONS, _PRECISE),
    "sft-direct": _Wording(
        "supervised-fine-tuning", f"{_OPEN_PROMPTS} The completion is the position alone.", _PRECISE
    ),
    "sft-cot": _Wording(
        "supervised-fine-tuning",
        f"{_OPEN_PROMPTS} The completion of a waypoint is plan, subtask, movement and position.",
        f"{_PRECISE}\n{_SCRIPTED}",
    ),
    "sft-think": _Wording("supervised-fine-tuning", _COLD_START, f"{_SCRIPTED}\n{_PHRASED}"),
}


def card(manifest: Manifest, audit: Audit, name: str) -> str:
    """The text of the card."""
    source = manifest.config["source"]
    licence, licence_note = _LICENCES["simulated" if source == "simulated" else "rlbench"]
    total = manifest.rows()
    data_format: Format = manifest.config.get("format", "mcqa")
    wording = _WORDINGS[data_format]
    letters: Counter[str] = Counter()
    tasks: Counter[str] = Counter()
    for file in manifest.files:
        letters.update(file.answers)
        tasks.update(file.tasks)
    template = string.Template((Path(__file__).parent / "card.md").read_text(encoding="utf-8"))
    return template.substitute(
        pretty_name=json.dumps(" ".join(name.split()), ensure_ascii=False),
        name=markdown_text(name),
        license=licence,
        size_category=next((label for size, label in _SIZES if total < size), "n>1M"),
        configs=yaml.safe_dump(_configs(manifest, data_format), sort_keys=False).rstrip(),
        questions=f"{total:,}",
        tag=wording.tag,
        purpose=wording.purpose,
        limits=wording.limits,
        version=manifest.versions["robot-r1"],
        contact_sheet=CONTACT_SHEET,
        counts=_counts(manifest, data_format),
        demos=", ".join(f"{sum(demo.split == split for demo in manifest.demos)} {split}" for split in SPLITS),
        letters=_letters(letters),
        tasks="\n".join(f"| {markdown_text(task)} | {count} |" for task, count in sorted(tasks.items())),
        places=_places(manifest),
        source=source,
        renderers=markdown_text(", ".join(manifest.renderers)),
        processors=f" on {markdown_text(', '.join(manifest.processors))}" if manifest.processors else "",
        versions=", ".join(f"{package} {number}" for package, number in manifest.versions.items()),
        split_unit=f"{manifest.config['split']['by']}s",
        lacking="".join(f"\n\n{markdown_text(line[0].upper() + line[1:])}." for line in lacking(manifest)),
        columns="\n".join(
            f"- `{name}`: {field.description}" for name, field in ROW_MODELS[data_format].model_fields.items()
        ),
        left_out=_left_out(manifest),
        verdict=f"{SYMBOLS[audit.light]} {verdict(audit)}",
        blind=_BLIND_TABLE if any(finding.section == "blind rules" for finding in audit.findings) else "",
        audit=markdown_table(audit),
        licence_note=licence_note,
    )


def _places(manifest: Manifest) -> str:
    """The flags whose values are folders of another machine."""
    demos = "" if manifest.config["source"] == "simulated" else " --root DEMOS"
    return demos + (" --prompts FOLDER" if manifest.config.get("prompts") else "")


def _letters(counts: Counter[str]) -> str:
    listed = ", ".join(f"{letter} {count}" for letter, count in sorted(counts.items()))
    return f" Letters of the right answers: {listed}." if listed else ""


def _configs(manifest: Manifest, data_format: Format) -> list[dict[str, object]]:
    """One config per question type, and `all`, the default, which reads the files of them all.

    The version follows from the files: `datasets` keeps what it has read under name and version alone, and would take
    a data set that was built anew at the same place for the old one.
    """
    names = question_types(data_format)
    content = "".join(file.sha256 for file in manifest.files)
    version = f"1.0.{zlib.crc32(content.encode())}"

    def files(types: tuple[str, ...]) -> list[dict[str, object]]:
        found: list[dict[str, object]] = [
            {"split": split, "path": [f"{name}/{split}-*.parquet" for name in types if _has(manifest, name, split)]}
            for split in SPLITS
        ]
        return [entry for entry in found if entry["path"]]

    configs: list[dict[str, object]] = [
        {"config_name": "all", "default": True, "version": version, "data_files": files(names)}
    ]
    configs += [{"config_name": name, "version": version, "data_files": files((name,))} for name in names]
    return [entry for entry in configs if entry["data_files"]]


def _has(manifest: Manifest, question_type: str, split: str) -> bool:
    return any(file.question_type == question_type and file.split == split for file in manifest.files)


def _counts(manifest: Manifest, data_format: Format) -> str:
    def line(name: str, question_type: QuestionType | None) -> str:
        return f"| {name} | {' | '.join(str(manifest.rows(question_type, split)) for split in SPLITS)} |"

    head = [f"| config | {' | '.join(SPLITS)} |", f"|---|{'---|' * len(SPLITS)}"]
    return "\n".join([*head, *(line(f"`{name}`", name) for name in question_types(data_format)), line("`all`", None)])


def _left_out(manifest: Manifest) -> str:
    lines = [f"- {count} questions: {reason}" for reason, count in manifest.dropped.items()]
    lines += [f"- demo skipped, {markdown_text(f'{skipped.where}: {skipped.reason}')}" for skipped in manifest.skipped]
    return "\n".join(lines) or "Nothing."
