"""The model card: `README.md` beside a saved model, made from the files of the run alone.

The card goes to the Hub with the model, so that of folders outside of the current one only the last name is told.
"""

import json
import re
import shlex
import string
from pathlib import Path
from typing import Any

from robot_r1.files import write_text
from train.best import BEST, best_score
from train.results import evaluated_steps, read_evaluation
from train.run_record import Resumption, RunRecord, read_record

_NAMES = {"grpo": "GRPO", "rloo": "RLOO", "reinforce_pp": "REINFORCE++", "sft": "supervised fine-tuning"}
_CHOICES = "multiple-choice questions about robot demonstrations"
_POSITIONS = "questions about the positions of a gripper in robot demonstrations"
_HOW_MEASURED = """\
Greedy answers to questions of the {split} split, read by a strict parser (one think block, one answer block, one
letter); guessing gives 0.25. In brackets the 95 % interval, clustered by demo."""
_CHOSEN = """\
**This accuracy chose the model** among {count}, so for other questions it is too high, whatever its interval."""
_ONLY = "No other model was compared, so nothing was chosen by it."
_LAST = "The last model is not chosen by it."
_REPORT = """\
To report an accuracy, ask the test split: `python -m eval.mcqa --dataset {dataset} --model robot-r1/FOLDER`."""
_USED_UP = "The test questions are used up by that: this is no test accuracy, and none can be measured on them now."
_NOT_ASKED = """\
No questions were asked during training (`--heldout_questions 0`, or a data set without a validation split), so the
model is the last one."""
_RECIPE = (
    "learning_rate",
    "lr_scheduler_type",
    "weight_decay",
    "max_grad_norm",
    "num_train_epochs",
    "max_steps",
    "per_device_train_batch_size",
    "gradient_accumulation_steps",
    "generation_batch_size",
    "num_generations",
    "num_iterations",
    "max_completion_length",
    "temperature",
    "top_p",
    "beta",
    "epsilon",
    "epsilon_high",
    "delta",
    "loss_type",
    "scale_rewards",
    "rewards",
    "reward_weights",
    "use_peft",
    "lora_r",
    "lora_alpha",
    "lora_vision",
    "freeze_vision_tower",
    "min_pixels",
    "max_pixels",
    "seed",
)


_FOLDERS = re.compile(r"(^|[\s\"'=,\[])(?:~[^\s\"'/,]*|\.\.)?/(?:[^\"',\]]*/)?")
"""What leads to a file outside of the current folder."""


def told(text: str) -> str:
    """An argument or a value without the folders of this machine: `--dataset=/home/me/data/x` is `--dataset=x`."""
    return _FOLDERS.sub(r"\1", text)


def write_card(folder: Path, run: Path, updates: int) -> None:
    """Write the card of the model in `folder`, which came out of `run` with so many updates."""
    record = read_record(run)
    steps = evaluated_steps(run)
    step = best_score(run)[1] if folder.name == BEST else updates
    template = string.Template((Path(__file__).parent / "card.md").read_text(encoding="utf-8"))
    multiple_choice = any(record.data.letters.values())
    base = str(record.settings["model_name_or_path"])
    text = template.substitute(
        base_line=f"base_model: {json.dumps(base, ensure_ascii=False)}\n" if not Path(base).exists() else "",
        library="peft" if record.settings["use_peft"] else "transformers",
        tag="- multiple-choice\n" if multiple_choice else "",
        name=run.name,
        algorithm=_NAMES[record.algorithm],
        base=told(base),
        subject=_CHOICES if multiple_choice else _POSITIONS,
        step=step,
        kind="best" if folder.name == BEST else "last",
        dataset=told(record.data.path),
        rows=record.data.rows,
        questions=", ".join(f"{name} {count}" for name, count in record.data.questions.items()),
        dropped="".join(f"- {count} questions left out: {reason}\n" for reason, count in record.data.dropped.items()),
        metrics=_metrics(folder, run, record, sorted({*steps[:1], *({step} & set(steps))})),
        recipe="\n".join(f"| `{name}` | {_value(record, name)} |" for name in _RECIPE if name in record.settings),
        versions=", ".join(f"{package} {number}" for package, number in record.versions.items()),
        command=shlex.join(told(argument) for argument in shlex.split(record.command)),
        resumed="".join(_resumption(resumption) for resumption in record.resumed if resumption.changed),
    )
    write_text(folder / "README.md", text)


def _resumption(resumption: Resumption) -> str:
    changes = "".join(
        f"- `{name}`: {told(json.dumps(old))}, now {told(json.dumps(new))}\n"
        for name, (old, new) in resumption.changed.items()
    )
    return f"\nResumed on {resumption.started} with other settings:\n\n{changes}"


def _value(record: RunRecord, name: str) -> str:
    value: Any = record.settings[name]
    return ", ".join(str(item) for item in value) if isinstance(value, list) else json.dumps(value)


def _metrics(folder: Path, run: Path, record: RunRecord, steps: list[int]) -> str:
    if not steps:
        return _NOT_ASKED
    found = [read_evaluation(run, step) for step in steps]
    kinds = list(found[0].by_type)
    head = "| questions | " + " | ".join(f"after {entry.step} updates" for entry in found) + " |"
    lines = [head, "|---" * (len(found) + 1) + "|"]
    lines.append("| all | " + " | ".join(str(entry.overall) for entry in found) + " |")
    lines += [f"| {kind} | " + " | ".join(str(entry.by_type[kind]) for entry in found) + " |" for kind in kinds]
    return "\n".join([_how_measured(folder, run, record), "", *lines])


def _how_measured(folder: Path, run: Path, record: RunRecord) -> str:
    """Of which split the questions are, and whether the answers to them have chosen the model."""
    compared = sum(step > 0 for step in evaluated_steps(run))
    chosen = (_CHOSEN.format(count=compared) if compared > 1 else _ONLY) if folder.name == BEST else _LAST
    split = record.settings["heldout_split"]  # a run goes on with its questions, or with none
    used_up = split == "test" and compared > 1
    report = _USED_UP if used_up else _REPORT.format(dataset=shlex.quote(told(record.data.path)))
    return "\n".join([_HOW_MEASURED.format(split=split), "", chosen, report])
