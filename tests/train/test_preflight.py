"""Settings that contradict each other end in one line, before a model is loaded."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from trl import GRPOConfig

from robot_r1.errors import UserError
from tests.conftest import CPU, ShortRun
from train import grpo, preflight, rloo, sft
from train.arguments import read_settings
from train.preflight import check_settings

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def unloadable(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model whose weights cannot be read, so that whoever loads it fails otherwise than with a `UserError`."""
    folder = tmp_path_factory.mktemp("unloadable") / "model"
    shutil.copytree(tiny_model, folder)
    (folder / "model.safetensors").write_bytes(b"these are no weights")
    return folder


def arguments(model: Path, data: Path, out: Path, *more: str) -> list[str]:
    return [
        *["--model_name_or_path", str(model), "--dataset", str(data), "--output_dir", str(out), *CPU],
        *["--num_generations", "4", "--per_device_train_batch_size", "8", "--heldout_questions", "6", *more],
    ]


CONTRADICTIONS = [
    (["--dataset", ""], "no data set; give --dataset FOLDER or a Hub id"),
    (["--model_name_or_path", ""], "no model; give --model_name_or_path FOLDER"),
    (["--remove_unused_columns", "true"], "remove_unused_columns takes away what the rewards read"),
    (["--load_in_4bit", "true"], "quantised weights cannot be trained; add --use_peft true"),
    (["--freeze_vision_tower", "true", "--use_peft", "true"], "LoRA leaves the vision tower alone already"),
    (["--hub_token", "hf_secret"], "set HF_TOKEN"),
    (["--eval_strategy", "steps", "--eval_steps", "5"], "given no evaluation set"),
    (["--heldout_questions", "-1"], "heldout_questions is -1; give 0 or more"),
    (["--samples", "-3"], "samples is -3"),
    (["--zero_variance_patience", "-1"], "zero_variance_patience is -1"),
    (["--heldout_batch_size", "0"], "heldout_batch_size is 0; give 1 or more"),
    (["--train_limit", "0"], "train_limit is 0; give 1 or more"),
    (["--processes", "0"], "processes is 0"),
    (["--max_zero_variance", "98"], "max_zero_variance is 98; give a share"),
    (["--sharding", "zero9"], "sharding zero9 is unknown; allowed are none, zero2, zero3, fsdp2"),
    (["--resume_from_checkpoint", "x"], "give --resume, which takes the newest complete checkpoint"),
    (["--reward_weights", "1"], "1 reward_weights for 2 rewards"),
    (["--steps_per_generation", "3", "--gradient_accumulation_steps", "2"], "straddle generation batches of 3"),
    (
        ["--save_steps", "3", "--steps_per_generation", "2"],
        "save_steps 3 falls inside a generation batch of 2 updates",
    ),
    (["--per_device_train_batch_size", "9"], "must be divisible by num_generations"),
    (["--num_generations", "1"], "at least 2 generations per prompt"),
    (["--generation_batch_size", "8", "--steps_per_generation", "1"], "can not be both configured"),
    (["--load_best_model_at_end", "true"], "requires the save and eval strategy to match"),
    (["--train_limit", "1"], "1 questions do not fill one generation batch of 2; lower --generation_batch_size"),
    (["--question_types", "grasp"], "question type grasp is unknown"),
    (["--rewards", "robot_r1.rewards.none"], "robot_r1.rewards has no function none"),
    (["--heldout_split", "valid"], 'Unknown split "valid"'),
    (["--heldout_dataset", "nowhere"], "data set nowhere is neither a folder nor a Hub id"),
    (["--max_prompt_tokens", "10"], "no question of the data set can be used: 40 the prompt has more than 10"),
]


@pytest.mark.parametrize(
    ("more", "message"), CONTRADICTIONS, ids=[more[0][2:] + more[1] for more, _ in CONTRADICTIONS]
)
def test_contradictions(unloadable: Path, mixed_blocks: Path, tmp_path: Path, more: list[str], message: str) -> None:
    run = tmp_path / "run"
    with pytest.raises(UserError, match=message) as raised:
        grpo.main(arguments(unloadable, mixed_blocks, run, *more))
    assert len(" ".join(str(raised.value).split())) < 600
    assert not run.exists()


def test_the_model_would_have_been_loaded_next(unloadable: Path, mixed_blocks: Path, tmp_path: Path) -> None:
    """What the tests above rest upon."""
    with pytest.raises(Exception, match=r"(?i)header|safetensor") as raised:
        grpo.main(arguments(unloadable, mixed_blocks, tmp_path))
    assert not isinstance(raised.value, UserError)


def test_a_model_without_weights(tiny_model: Path, mixed_blocks: Path, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(tiny_model, folder, ignore=shutil.ignore_patterns("*.safetensors"))
    with pytest.raises(UserError, match=r"holds no weights .model.safetensors.; give the folder of a whole model"):
        grpo.main(arguments(folder, mixed_blocks, tmp_path / "run"))
    grpo.main(arguments(folder, mixed_blocks, tmp_path / "run", "--dry_run", "true"))
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--max_length", "512"], "max_length 512 would cut image tokens"),
        (["--packing", "true"], "packing and padding_free do not work with pictures"),
        (["--remove_unused_columns", "true"], "leave it false"),
    ],
)
def test_contradictions_of_supervised_training(
    unloadable: Path, mixed_blocks: Path, tmp_path: Path, more: list[str], message: str
) -> None:
    with pytest.raises(UserError, match=message):
        sft.main(["--model_name_or_path", str(unloadable), "--dataset", str(mixed_blocks), *CPU, *more])


def test_rloo_is_checked_too(unloadable: Path, mixed_blocks: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="3 reward_weights for 2 rewards"):
        rloo.main(arguments(unloadable, mixed_blocks, tmp_path, "--reward_weights", "1", "2", "3"))


def test_packages_that_are_missing(
    unloadable: Path, mixed_blocks: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preflight, "find_spec", lambda name: None)
    with pytest.raises(UserError, match=r"vllm is not installed; run, .* pip install -e"):
        grpo.main(arguments(unloadable, mixed_blocks, tmp_path, "--use_vllm", "true"))
    with pytest.raises(UserError, match="--report_to wandb needs the package wandb; run: pip install wandb"):
        grpo.main(arguments(unloadable, mixed_blocks, tmp_path, "--report_to", "wandb"))


def test_vllm_has_to_hold_prompt_and_completion(
    unloadable: Path, mixed_blocks: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preflight, "find_spec", lambda name: True)
    more = ["--use_vllm", "true", "--vllm_max_model_length", "2000", "--max_completion_length", "1000"]
    with pytest.raises(UserError, match=r"2000 is less than max_prompt_tokens \+ max_completion_length = 3048"):
        grpo.main(arguments(unloadable, mixed_blocks, tmp_path, *more))


def test_a_folder_that_holds_a_run(short_run: ShortRun, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="holds a run, newest checkpoint checkpoint-3; give --resume to go on with it"):
        grpo.main([*short_run.arguments, "--output_dir", str(short_run.folder)])
    run = tmp_path / "run"
    run.mkdir()
    (run / "run.json").write_text("{}")
    with pytest.raises(UserError, match="holds a run, without a complete checkpoint"):
        grpo.main([*short_run.arguments, "--output_dir", str(run)])


def test_a_folder_that_cannot_be_written(tiny_model: Path, mixed_blocks: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(UserError, match=r"cannot write to .*file: File exists; give a folder you may write to"):
        grpo.main(arguments(tiny_model, mixed_blocks, tmp_path / "file"))


def test_nothing_to_resume_begins_anew(short_run: ShortRun, tmp_path: Path) -> None:
    more = ["--resume", "true", "--heldout_questions", "0", "--max_steps", "1"]
    grpo.main([*short_run.arguments, "--output_dir", str(tmp_path / "new"), *more])
    assert (tmp_path / "new" / "last").is_dir()


def test_processes_count_in_a_dry_run_alone(
    tiny_model: Path, mixed_blocks: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    grpo.main(arguments(tiny_model, mixed_blocks, tmp_path, "--processes", "3", "--dry_run", "true"))
    assert "generation: 6 prompts, 24 completions" in capsys.readouterr().out
    settings = read_settings(GRPOConfig, arguments(tiny_model, mixed_blocks, tmp_path, "--processes", "3"))
    from train.run import _processes

    assert _processes(settings) == 1


def test_the_script_ends_in_one_line_and_exit_code_2(mixed_blocks: Path, tmp_path: Path) -> None:
    script = [sys.executable, "train/grpo.py", *arguments(tmp_path, mixed_blocks, tmp_path, "--heldout_every", "-4")]
    done = subprocess.run(script, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines()[-1] == "error: heldout_every is -4; give 0 or more"
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (["--use_peft", "true"], True),  # TRL's default is 0.05
        (["--use_peft", "true", "--lora_dropout", "0.1"], True),
        (["--use_peft", "true", "--lora_dropout", "0"], False),
        (["--use_peft", "true", "--disable_dropout", "true"], False),
        ([], False),
    ],
)
def test_dropout_in_adapters_is_told(
    tiny_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], more: list[str], told: bool
) -> None:
    check_settings(read_settings(GRPOConfig, arguments(tiny_model, tmp_path, tmp_path / "run", *more)))
    assert ("give --lora_dropout 0" in capsys.readouterr().out) == told


def test_supervised_training_may_drop_inputs(
    tiny_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    flags = ["--model_name_or_path", str(tiny_model), "--dataset", "x", "--output_dir", str(tmp_path), *CPU]
    check_settings(read_settings(sft.RobotSFTConfig, [*flags, "--use_peft", "true"]))
    assert "lora_dropout" not in capsys.readouterr().out
