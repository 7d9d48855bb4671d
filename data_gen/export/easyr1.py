"""EasyR1: one parquet file per split with problem, answer and the path of the picture.

Rules, from https://github.com/hiyouga/EasyR1/blob/b44b311/verl/utils/dataset.py (`RLHFDataset`, `process_image`): the
prompt is split at each `<image>`, and the processor fails unless there are as many pictures. A picture is a path,
joined to `data.image_dir`, or bytes. Paths are written: the questions of a frame share a file, and the batches that go
through Ray carry no pixels. `data.format_prompt` would wrap the prompt, which has its own output format, so it has to
be off.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from data_gen.export.framework import Framework
from data_gen.export.rows import Example, Training
from robot_r1.question import Split

REWARD = "robot_r1_reward.py"
_ROW_GROUP = 500
_SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in ("id", "question_type", "task", "problem", "answer")),
        ("images", pa.list_(pa.string())),
    ]
)


def write_parquet(path: Path, examples: Iterable[Example]) -> None:
    """Write the examples, some hundred at a time."""
    with pq.ParquetWriter(path, _SCHEMA, compression="zstd") as writer:
        rows: list[dict[str, str | list[str]]] = []
        for example in examples:
            rows.append(_row(example))
            if len(rows) == _ROW_GROUP:
                writer.write_table(pa.Table.from_pylist(rows, _SCHEMA))
                rows.clear()
        if rows:
            writer.write_table(pa.Table.from_pylist(rows, _SCHEMA))


def _row(example: Example) -> dict[str, str | list[str]]:
    return {
        "id": example.id,
        "question_type": example.question_type,
        "task": example.task,
        "problem": example.prompt,
        "answer": example.answer,
        "images": [example.image],
    }


def _files(training: Training, splits: Sequence[Split]) -> Mapping[str, str]:
    return {REWARD: Path(__file__).with_name("easyr1_reward.py").read_text(encoding="utf-8")}


def _command(training: Training, splits: Sequence[Split], data: str) -> str:
    held_out = (
        f"data.val_files={data}/validation.parquet"
        if "validation" in splits
        else f"data.val_files={data}/{splits[0]}.parquet trainer.val_freq=-1 trainer.val_before_train=false"
    )  # EasyR1 asks for a file even where nothing is validated
    return " \\\n    ".join(
        (
            "python3 -m verl.trainer.main config=examples/config.yaml",
            f"data.train_files={data}/{splits[0]}.parquet {held_out}",
            "data.prompt_key=problem data.answer_key=answer data.image_key=images",
            f"data.image_dir={data} data.format_prompt=null",
            f"worker.reward.reward_function={data}/{REWARD}:compute_score",
            "worker.actor.model.model_path=Qwen/Qwen2.5-VL-7B-Instruct",
        )
    )


EASYR1 = Framework(
    name="EasyR1",
    trainings=("RL",),
    refusal="EasyR1 trains by RL alone; build the data set with --format mcqa or open-ended, or export it "
    "--to ms-swift or llava-json",
    suffix=".parquet",
    write=write_parquet,
    files=_files,
    command=_command,
    notes="""\
Run the command in a clone of <https://github.com/hiyouga/EasyR1> (read: commit b44b311, `verl/utils/dataset.py`).

- Columns: `problem` (the prompt, `<image>` once), `answer` (EasyR1's `ground_truth`), `images` (one path, joined to
  `data.image_dir`), and `id`, `question_type`, `task`.
- `data.format_prompt=null` is needed: the prompts say themselves how to answer, and `examples/config.yaml` would add
  another format.
- `data.min_pixels` is 262144 by default, which enlarges frames below 512 x 512.
- Prompts above `data.max_prompt_length` are dropped without an error, and `data.rollout_batch_size` (512) must not
  exceed the rows of train.
- What follows an `@` in a path is taken for the name of a split: keep it out of this folder's path.
""",
)
