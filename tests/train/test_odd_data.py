"""What the check takes trains: odd pictures and hostile texts in every kind of run."""

from pathlib import Path

import pyarrow.parquet as pq
from datasets import Dataset, Features, Image, List, Value

from robot_r1.control_text import IMAGE_MARK, SPELLED
from robot_r1.pictures import PATHS, UNREADABLE, decode
from robot_r1.question import LETTERS
from tests.conftest import BARE, CPU
from tests.support.control_text import CONTROL
from tests.support.pictures import bad_pictures, odd_pictures
from train import grpo, sft
from train.run_record import read_record


def write_odd(folder: Path) -> Path:
    """A row for each odd picture and for each control token in a question; and rows that cannot be used."""
    completion = "<think>left</think><answer>[[A]]</answer>"
    pictures = [*odd_pictures().values()]
    texts = [*(f"{token} Where to? {token}" for token in CONTROL if token != IMAGE_MARK)]
    rows = [
        {
            "id": f"row/{number}",
            "question_type": "waypoint",
            "question": f"{IMAGE_MARK}{text}",
            "completion": completion,
            "answer": LETTERS[number % 4],
            "images": [{"bytes": pictures[number % len(pictures)], "path": None}],
        }
        for number, text in enumerate(texts)
    ]
    rows += [{**rows[0], "id": "ended", "completion": f"{completion}<|im_end|>"}]
    rows += [{**rows[0], "id": "bomb", "images": [{"bytes": bad_pictures()["text bomb"], "path": None}]}]
    rows += [{**rows[0], "id": "path", "images": [{"bytes": None, "path": "/etc/hostname"}]}]
    features = Features({name: Value("string") for name in rows[0] if name != "images"} | {"images": List(Image())})
    for split in ("train", "validation"):
        Dataset.from_list(rows, features=features).to_parquet(folder / f"{split}-00000.parquet")
    return folder


def test_sft_then_lora_then_resumed(tiny_model: Path, tmp_path: Path) -> None:
    data = write_odd(tmp_path / "data")
    shared = ["--dataset", str(data), *CPU, "--disable_tqdm", "true", "--max_prompt_tokens", "400"]
    tuned, learned = tmp_path / "sft", tmp_path / "lora"
    flags = ["--per_device_train_batch_size", "17", "--max_steps", "2", "--save_strategy", "no"]
    sft.main(["--model_name_or_path", str(tiny_model), "--output_dir", str(tuned), *shared, *BARE[2:], *flags])
    assert read_record(tuned).data.dropped == {SPELLED: 1, UNREADABLE: 1, PATHS: 1}

    flags = ["--use_peft", "true", "--num_generations", "4", "--per_device_train_batch_size", "136"]
    flags += ["--max_completion_length", "4", "--save_steps", "1", "--sample_every", "1", "--samples", "136"]
    flags += ["--heldout_questions", "8", "--heldout_every", "1"]
    for steps, resume in (("1", "false"), ("2", "true")):
        arguments = ["--model_name_or_path", str(tuned / "last"), "--output_dir", str(learned), *shared, *flags]
        grpo.main([*arguments, "--max_steps", steps, "--resume", resume])
    for step in (1, 2):
        samples = pq.read_table(learned / "samples" / f"step-{step:06d}.parquet").to_pylist()
        assert len({sample["id"] for sample in samples}) == 34
        assert all(decode(picture["bytes"]).mode == "RGB" for sample in samples for picture in sample["images"])
    assert pq.read_table(learned / "evaluations" / "step-000002.parquet").num_rows == 8
