"""The data-set card: `README.md`, generated from the manifest alone."""

import string
from collections import Counter
from pathlib import Path

import yaml

from data_gen.contact_sheet import CONTACT_SHEET
from data_gen.manifest import Manifest
from robot_r1.question import QUESTION_TYPES, SPLITS, Question, QuestionType

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


def card(manifest: Manifest, name: str) -> str:
    """The text of the card."""
    source = manifest.config["source"]
    licence, licence_note = _LICENCES["simulated" if source == "simulated" else "rlbench"]
    total = manifest.rows()
    letters: Counter[str] = Counter()
    tasks: Counter[str] = Counter()
    for file in manifest.files:
        letters.update(file.answers)
        tasks.update(file.tasks)
    template = string.Template((Path(__file__).parent / "card.md").read_text(encoding="utf-8"))
    return template.substitute(
        name=name,
        license=licence,
        size_category=next((label for size, label in _SIZES if total < size), "n>1M"),
        configs=yaml.safe_dump(_configs(manifest), sort_keys=False).rstrip(),
        questions=f"{total:,}",
        version=manifest.versions["robot-r1"],
        contact_sheet=CONTACT_SHEET,
        counts=_counts(manifest),
        demos=", ".join(f"{sum(demo.split == split for demo in manifest.demos)} {split}" for split in SPLITS),
        letters=", ".join(f"{letter} {count}" for letter, count in sorted(letters.items())),
        tasks="\n".join(f"| {task} | {count} |" for task, count in sorted(tasks.items())),
        source=source,
        renderers=", ".join(manifest.renderers),
        versions=", ".join(f"{package} {number}" for package, number in manifest.versions.items()),
        split_unit=f"{manifest.config['split']['by']}s",
        columns="\n".join(f"- `{name}`: {field.description}" for name, field in Question.model_fields.items()),
        left_out=_left_out(manifest),
        licence_note=licence_note,
    )


def _configs(manifest: Manifest) -> list[dict[str, object]]:
    """One config per question type, and `all`, the default, which reads the files of all three."""

    def files(types: tuple[str, ...]) -> list[dict[str, object]]:
        found: list[dict[str, object]] = [
            {"split": split, "path": [f"{name}/{split}-*.parquet" for name in types if _has(manifest, name, split)]}
            for split in SPLITS
        ]
        return [entry for entry in found if entry["path"]]

    configs: list[dict[str, object]] = [
        {"config_name": "all", "default": True, "data_files": files(tuple(QUESTION_TYPES))}
    ]
    configs += [{"config_name": name, "data_files": files((name,))} for name in QUESTION_TYPES]
    return [entry for entry in configs if entry["data_files"]]


def _has(manifest: Manifest, question_type: str, split: str) -> bool:
    return any(file.question_type == question_type and file.split == split for file in manifest.files)


def _counts(manifest: Manifest) -> str:
    def line(name: str, question_type: QuestionType | None) -> str:
        return f"| {name} | {' | '.join(str(manifest.rows(question_type, split)) for split in SPLITS)} |"

    head = [f"| config | {' | '.join(SPLITS)} |", "|---|---|---|"]
    return "\n".join([*head, *(line(f"`{name}`", name) for name in QUESTION_TYPES), line("`all`", None)])


def _left_out(manifest: Manifest) -> str:
    lines = [f"- {count} questions: {reason}" for reason, count in manifest.dropped.items()]
    lines += [f"- demo skipped, {skipped.where}: {skipped.reason}" for skipped in manifest.skipped]
    return "\n".join(lines) or "Nothing."
