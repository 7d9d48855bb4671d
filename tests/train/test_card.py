"""The model card and the run's record that it is made from."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from trl import GRPOConfig

from robot_r1.errors import UserError
from tests.conftest import BARE, CPU, ShortRun
from train import sft
from train.arguments import read_settings
from train.best import best_score
from train.card import told, write_card
from train.check_dataset import DatasetCheck
from train.model import model_init_kwargs, peft_config
from train.report.run import read_info
from train.results import read_evaluation
from train.run_record import begin_record, read_record

CHECK = DatasetCheck(1, (0,), {}, {}, (80,), 16, 0, {}, {})


def parts(folder: Path) -> tuple[dict[str, Any], str]:
    """Front matter and text of a card."""
    _, front, text = (folder / "README.md").read_text(encoding="utf-8").split("---\n", 2)
    return yaml.safe_load(front), text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("/home/alice/models/tiny", "tiny"),
        ("~/models/tiny", "tiny"),
        ("~alice/tiny", "tiny"),
        ("../../alice/tiny", "tiny"),
        ("--dataset=/mnt/alice/my data/set", "--dataset=set"),
        ("['/mnt/a/x', '/mnt/b/y']", "['x', 'y']"),
        ("Qwen/Qwen2.5-VL-3B-Instruct", "Qwen/Qwen2.5-VL-3B-Instruct"),
        ("train/grpo.py", "train/grpo.py"),
        ("runs/tiny", "runs/tiny"),
        ("1e-6", "1e-6"),
    ],
)
def test_folders_of_this_machine_are_not_told(text: str, shown: str) -> None:
    assert told(text) == shown


def test_the_cards_of_a_run(short_run: ShortRun) -> None:
    front, text = parts(short_run.folder / "last")
    assert front["pipeline_tag"] == "image-text-to-text" and front["library_name"] == "transformers"
    assert "base_model" not in front  # a local folder means nothing to others
    assert "after 3 updates" in text and "last model" in text
    assert "| questions | after 0 updates | after 3 updates |" in text
    assert f"| all | {read_evaluation(short_run.folder, 0).overall} |" in text
    assert "(n = 7, " in text and "[" in str(read_evaluation(short_run.folder, 3).overall)
    for kind, accuracy in read_evaluation(short_run.folder, 3).by_type.items():
        assert f"| {kind} | " in text and f" | {accuracy} |" in text
    assert "on multiple-choice questions about" in text and front["tags"] == ["robot-r1", "multiple-choice"]
    assert "guessing gives 0.25" in text and "Resumed" not in text
    assert "| `learning_rate` | 0.001 |" in text
    assert "| `rewards` | tests.support.rewards.vowel_reward, tests.support.rewards.place_reward |" in text
    assert "| `reward_weights` | 1.0, 0.5 |" in text
    assert "torch " in text and "trl " in text and "transformers " in text
    assert "40 questions of" in text and "movement 13" in text
    assert "of the validation split" in text and "The last model is not chosen by it." in text
    _, best = parts(short_run.folder / "best")
    assert "best model" in best and "of the validation split" in best
    assert "**This accuracy chose the model** among 2, so for other questions it is too high" in best
    assert "python -m eval.mcqa --dataset" in best and "test accuracy" not in best


def test_a_model_chosen_by_the_test_split_says_so(short_run: ShortRun, tmp_path: Path) -> None:
    shutil.copytree(short_run.folder, tmp_path, dirs_exist_ok=True, ignore=shutil.ignore_patterns("checkpoint-*"))
    record = json.loads((tmp_path / "run.json").read_text())
    record["settings"]["heldout_split"] = "test"
    (tmp_path / "run.json").write_text(json.dumps(record))
    write_card(tmp_path / "best", tmp_path, 3)
    text = parts(tmp_path / "best")[1]
    assert "of the test split" in text and "this is no test accuracy" in text and "eval.mcqa" not in text


def test_a_single_evaluation_chooses_nothing(short_run: ShortRun, tmp_path: Path) -> None:
    shutil.copytree(short_run.folder, tmp_path, dirs_exist_ok=True, ignore=shutil.ignore_patterns("checkpoint-*"))
    step = best_score(tmp_path)[1]
    (tmp_path / "evaluations" / f"step-{5 - step:06d}.parquet").unlink()
    write_card(tmp_path / "best", tmp_path, 3)
    assert "nothing was chosen by it" in parts(tmp_path / "best")[1]


def test_the_record_of_a_run(short_run: ShortRun) -> None:
    record = read_record(short_run.folder)
    assert record.algorithm == "grpo"
    assert (record.data.rows, record.data.dropped) == (40, {})
    assert sum(record.data.letters.values()) == 40
    assert record.settings["max_steps"] == 3 and record.settings["heldout_every"] == 2
    assert {"robot-r1", "torch", "trl", "transformers", "accelerate", "peft"} <= record.versions.keys()
    json.dumps(record.model_dump(), allow_nan=False)


def test_no_run(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"holds no run: run.json is missing or damaged; give the output_dir of one"):
        read_record(tmp_path)
    (tmp_path / "run.json").write_text('{"algorithm": "gr')
    with pytest.raises(UserError, match="holds no run"):
        read_record(tmp_path)


@pytest.mark.parametrize(
    "base", ["org/model", "yes", "a: b #c", 'quote " and \\ slash', "- list\nname: x", "1e5", "\u00fc"]
)
def test_odd_characters_do_not_break_the_front_matter(short_run: ShortRun, tmp_path: Path, base: str) -> None:
    run = tmp_path / "odd: $run #1"
    run.mkdir()
    shutil.copytree(short_run.folder / "evaluations", run / "evaluations")
    record = json.loads((short_run.folder / "run.json").read_text())
    record["settings"] |= {"model_name_or_path": base, "use_peft": True}
    record["data"] |= {"path": "my $data: #1", "dropped": {"too long: $5": 3}}
    (run / "run.json").write_text(json.dumps(record))
    write_card(run / "last", run, 5)
    front, text = parts(run / "last")
    assert front["base_model"] == base and front["library_name"] == "peft"
    assert "# odd: $run #1" in text and "`my $data: #1`" in text
    assert "- 3 questions left out: too long: $5" in text


def test_without_held_out_questions(
    tiny_model: Path, mixed_blocks: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sft.main(
        [
            *["--model_name_or_path", str(tiny_model), "--dataset", str(mixed_blocks), "--output_dir", str(tmp_path)],
            *[*CPU, *BARE, "--max_steps", "2", "--per_device_train_batch_size", "4", "--save_strategy", "no"],
        ]
    )
    _, text = parts(tmp_path / "last")
    assert "No questions were asked during training" in text and "guessing" not in text
    assert "supervised fine-tuning" in text and "after 2 updates" in text
    assert f"best model: {tmp_path / 'last'}" in capsys.readouterr().out


def test_a_run_on_positions_is_not_called_multiple_choice(short_run: ShortRun, tmp_path: Path) -> None:
    record = json.loads((short_run.folder / "run.json").read_text())
    record["data"]["letters"] = dict.fromkeys("ABCD", 0)
    (tmp_path / "run.json").write_text(json.dumps(record))
    write_card(tmp_path / "last", tmp_path, 5)
    front, text = parts(tmp_path / "last")
    assert front["tags"] == ["robot-r1"] and "multiple-choice" not in text and "0.25" not in text
    assert "on questions about the positions of a gripper in robot demonstrations" in text


def test_a_resumed_run_tells_what_was_changed(
    short_run: ShortRun, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(short_run.folder, tmp_path / "run", ignore=shutil.ignore_patterns("last", "checkpoint-3"))
    same = ["--output_dir", str(tmp_path / "run"), "--resume", "true", "--heldout_every", "1", "--logging_steps", "3"]

    def resume(*more: str) -> None:
        settings = read_settings(GRPOConfig, [*short_run.arguments, *same, *more])
        peft_config(settings.model)  # fills in its targets, as a run does before it begins its record
        settings.training.model_init_kwargs = model_init_kwargs(settings.model)
        settings.training.generation_kwargs = read_record(tmp_path / "run").settings["generation_kwargs"]
        begin_record("grpo", settings, CHECK)

    resume()
    assert [resumption.changed for resumption in read_record(tmp_path / "run").resumed] == [{}]
    write_card(tmp_path / "run" / "last", tmp_path / "run", 3)
    assert "Resumed" not in parts(tmp_path / "run" / "last")[1]
    assert "resumed with" not in capsys.readouterr().out
    resume("--learning_rate", "1e-4", "--rewards", "tests.support.rewards.vowel_reward", "--max_steps", "9")
    resume("--learning_rate", "1e-4", "--reward_weights", "1", "2", "--max_steps", "9")
    record = read_record(tmp_path / "run")
    both = ["tests.support.rewards.vowel_reward", "tests.support.rewards.place_reward"]
    assert record.resumed[1].changed == {
        "learning_rate": (0.001, 0.0001),
        "max_steps": (3, 9),
        "rewards": (both, both[:1]),
    }
    assert record.resumed[2].changed == {"reward_weights": ([1.0, 0.5], [1.0, 2.0]), "rewards": (both[:1], both)}
    assert record.settings["learning_rate"] == 0.001 and read_info(tmp_path / "run").algorithm == "grpo"
    assert "resumed with another learning_rate: 0.0001, until now 0.001" in capsys.readouterr().out
    write_card(tmp_path / "run" / "last", tmp_path / "run", 9)
    text = parts(tmp_path / "run" / "last")[1]
    assert "with other settings:\n\n- `learning_rate`: 0.001, now 0.0001\n" in text


def test_what_is_printed_at_the_end_can_be_run(short_run: ShortRun) -> None:
    """Although there are blanks in the folder's name."""
    folder = short_run.folder
    assert f"best model: {folder}/best\nlast model: {folder}/last\n" in short_run.printed
    assert f"next:       python -m train.report '{folder}'" in short_run.printed
    assert "merge:" not in short_run.printed
