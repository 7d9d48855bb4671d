"""Pictures processed, kept and gathered once: the values are those of TRL's own trainers, the work is not."""

import io
from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow.parquet as pq
import pytest
import torch
from PIL import Image
from trl import GRPOConfig, GRPOTrainer, RLOOConfig, RLOOTrainer
from trl.trainer import grpo_trainer

from tests.conftest import ShortRun
from tests.support.rewards import vowel_reward
from train.arguments import ModelArguments
from train.data import QUESTION_COLUMNS, Renderer, read_split, rendered
from train.model import read_processor
from train.trainers import RobotGRPOTrainer, RobotRLOOTrainer, pictures
from train.trainers.vision import VisionTrainer, generation_kwargs

PROMPTS, EACH = 3, 4
ROWS = PROMPTS * EACH


def trainer_of(kind: Any, model: Path, data: Path, out: Path, shared: bool, **more: Any) -> Any:
    processor = read_processor(ModelArguments(model_name_or_path=str(model)))
    config = GRPOConfig if issubclass(kind, GRPOTrainer) else RLOOConfig
    settings = config(
        str(out),
        use_cpu=True,
        bf16=False,
        gradient_checkpointing=False,
        report_to="none",
        per_device_train_batch_size=ROWS // 2,
        steps_per_generation=2,
        num_generations=EACH,
        max_completion_length=5,
        generation_kwargs=generation_kwargs(processor, None, use_vllm=False),
        **more,
    )
    questions = rendered(read_split(str(data), "train", QUESTION_COLUMNS), None, None)
    trainer = kind(str(model), [vowel_reward], settings, train_dataset=questions, processing_class=processor)
    if shared:
        trainer.share_prefixes()
    trainer.model.train()
    return trainer


def rows_of(trainer: Any) -> list[dict[str, Any]]:
    """A generation batch as the trainer's loader reads it: pictures of three sizes."""
    rows: list[dict[str, Any]] = trainer.train_dataset.__getitems__([row // EACH for row in range(ROWS)])
    return rows


def scored_by(trainer: Any) -> dict[str, Any]:
    torch.manual_seed(5)
    scored: dict[str, Any] = trainer._generate_and_score_completions(rows_of(trainer))
    return scored


FAMILIES = [(GRPOTrainer, RobotGRPOTrainer), (RLOOTrainer, RobotRLOOTrainer)]


@pytest.mark.parametrize("shared", [False, True], ids=["separate", "shared"])
@pytest.mark.parametrize(("theirs", "ours"), FAMILIES, ids=["grpo", "rloo"])
def test_what_the_model_sees_is_what_trl_shows_it(
    theirs: Any, ours: Any, shared: bool, tiny_model: Path, mixed_blocks: Path, tmp_path: Path
) -> None:
    stock, mine = (
        scored_by(trainer_of(kind, tiny_model, mixed_blocks, tmp_path, way))
        for kind, way in ((theirs, False), (ours, shared))
    )
    assert torch.equal(torch.cat(mine["pixel_values"]), stock["pixel_values"])
    for name in ("prompt_ids", "completion_ids", "image_grid_thw", "mm_token_type_ids"):
        assert torch.equal(mine[name], stock[name]), name
    assert mine["num_images"] == stock["num_images"]
    assert len({tuple(grid) for grid in stock["image_grid_thw"].tolist()}) == PROMPTS


def test_pictures_in_wrong_places_are_noticed(
    tiny_model: Path, mixed_blocks: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the test above would say of a fault: two questions have changed their pictures."""
    right = scored_by(trainer_of(RobotGRPOTrainer, tiny_model, mixed_blocks, tmp_path, False))
    by_row = pictures.by_row

    def exchanged(pixels: torch.Tensor, *rest: Any) -> list[torch.Tensor]:
        rows = by_row(pixels, *rest)
        return rows[:EACH] + rows[2 * EACH :] + rows[EACH : 2 * EACH]

    trainer = trainer_of(RobotGRPOTrainer, tiny_model, mixed_blocks, tmp_path, True)
    monkeypatch.setattr(pictures, "by_row", exchanged)
    with pytest.raises((ValueError, RuntimeError)):
        wrong = scored_by(trainer)
        assert torch.equal(torch.cat(wrong["pixel_values"]), torch.cat(right["pixel_values"]))


@pytest.mark.parametrize(("theirs", "ours"), FAMILIES, ids=["grpo", "rloo"])
def test_each_picture_is_processed_once(
    theirs: Any, ours: Any, tiny_model: Path, mixed_blocks: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    processed: list[int] = []
    kind_of_processor = type(read_processor(ModelArguments(model_name_or_path=str(tiny_model))).image_processor)
    preprocess = kind_of_processor.preprocess

    def counted(self: Any, images: Any, *rest: Any, **named: Any) -> Any:
        processed[-1] += len(pictures.make_flat_list_of_images(images))
        return preprocess(self, images, *rest, **named)

    monkeypatch.setattr(kind_of_processor, "preprocess", counted)
    for kind in (theirs, ours):
        processed.append(0)
        trainer = trainer_of(kind, tiny_model, mixed_blocks, tmp_path, False)
        scored_by(trainer)
        assert type(trainer.processing_class.image_processor) is kind_of_processor
    assert processed == [2 * ROWS, PROMPTS]


@pytest.mark.parametrize("shared", [False, True], ids=["separate", "shared"])
def test_patches_are_kept_once_for_a_prompt(
    shared: bool, tiny_model: Path, mixed_blocks: Path, tmp_path: Path
) -> None:
    trainer = trainer_of(RobotGRPOTrainer, tiny_model, mixed_blocks, tmp_path, shared)
    trainer._prepare_inputs(rows_of(trainer))
    kept = [patches for batch in trainer._buffered_inputs for patches in batch["pixel_values"]]
    assert len(kept) == ROWS and len({patches.untyped_storage()._cdata for patches in kept}) == 1
    different = {patches.data_ptr(): patches.numel() for patches in kept}
    assert len(different) == PROMPTS
    assert kept[0].untyped_storage().nbytes() == 4 * sum(different.values())
    for batch in trainer._buffered_inputs:
        assert [len(own) for own in batch["pixel_values"]] == batch["image_grid_thw"].prod(-1).tolist()


@pytest.mark.parametrize(("theirs", "ours"), FAMILIES, ids=["grpo", "rloo"])
def test_the_loss_is_that_of_trl(theirs: Any, ours: Any, tiny_model: Path, mixed_blocks: Path, tmp_path: Path) -> None:
    """With prompts computed separately, bit for bit: the very same micro-batches go to the model."""
    losses = []
    for kind in (theirs, ours):
        trainer = trainer_of(kind, tiny_model, mixed_blocks, tmp_path, False)
        torch.manual_seed(5)
        trainer.current_gradient_accumulation_steps = 1
        batches = [trainer._prepare_inputs(rows_of(trainer)), trainer._buffered_inputs[1]]
        losses.append([float(trainer._compute_loss(trainer.model, batch)) for batch in batches])
    assert losses[0] == losses[1] and any(losses[0])


@pytest.mark.parametrize("kind", [GRPOTrainer, RobotGRPOTrainer])
@pytest.mark.parametrize("log_multimodal", [False, True])
def test_prompts_are_gathered_without_pictures(
    kind: Any, log_multimodal: bool, tiny_model: Path, mixed_blocks: Path, tmp_path: Path, monkeypatch: Any
) -> None:
    """TRL's gathers them, for no one; those that --log_multimodal asks for are still there."""
    gathered: list[Any] = []
    gather = grpo_trainer.gather_object
    for module in (grpo_trainer, pictures):
        monkeypatch.setattr(module, "gather_object", lambda values: (gathered.append(values), gather(values))[1])
    trainer = trainer_of(kind, tiny_model, mixed_blocks, tmp_path, False, log_multimodal=log_multimodal)
    scored_by(trainer)
    prompts = [turn for values in gathered for talk in values for turn in talk if isinstance(turn, dict)]
    parts = [part for turn in prompts if turn["role"] == "user" for part in turn["content"]]
    assert Counter(part["type"] for part in parts)["image"] == ROWS
    assert sum("image" in part for part in parts) == (ROWS if kind is GRPOTrainer else 0)
    assert len(trainer._logs["images"]) == (ROWS if log_multimodal else 0)
    assert [talk[0]["role"] for talk in trainer._logs["prompt"]] == ["user"] * ROWS


def test_equal_pictures_are_one_object_decoded_once(mixed_blocks: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from train import data

    decoded: list[bytes] = []
    decode = data.decode
    monkeypatch.setattr(data, "decode", lambda stored: (decoded.append(stored), decode(stored))[1])
    questions = rendered(read_split(str(mixed_blocks), "train", QUESTION_COLUMNS), 56 * 56, 56 * 56)
    rows = questions.__getitems__([4, 4, 4, 7, 7, 4])
    assert [
        len({id(rows[a]["images"][0]), id(rows[b]["images"][0])}) for a, b in ((0, 1), (1, 2), (2, 3), (3, 4))
    ] == [
        1,
        1,
        2,
        1,
    ]
    assert len(decoded) == 3
    for row, index in zip(rows, (4, 4, 4, 7, 7, 4), strict=True):
        (alone,) = questions.__getitems__([index])
        assert row["images"] == alone["images"] and row["question"] == alone["question"]
        assert row["images"] is not alone["images"]
    assert rows[0]["images"] is not rows[1]["images"]  # a list that someone may change


def test_other_pictures_of_equal_words_stay_apart() -> None:
    one, other = Image.new("RGB", (28, 28), "red"), Image.new("RGB", (28, 28), "blue")

    def png(image: Image.Image) -> dict[str, Any]:
        buffer = io.BytesIO()
        image.save(buffer, "PNG")
        return {"bytes": buffer.getvalue(), "path": None}

    batch = {"question": ["<image>?"] * 3, "images": [[png(one)], [png(other)], [png(other)]]}
    found = Renderer()(batch)["images"]
    assert [images[0].getpixel((0, 0)) for images in found] == [(255, 0, 0), (0, 0, 255), (0, 0, 255)]


def test_sampled_completions_have_their_questions_pictures(short_run: ShortRun, mixed_blocks: Path) -> None:
    asked = pq.read_table(mixed_blocks / "train-00000.parquet").to_pylist()
    pixels = {row["id"]: Image.open(io.BytesIO(row["images"][0]["bytes"])).convert("RGB").tobytes() for row in asked}
    rows = pq.read_table(short_run.folder / "samples" / "step-000002.parquet").to_pylist()
    assert len({row["id"] for row in rows}) > 1
    for row in rows:
        assert Image.open(io.BytesIO(row["images"][0]["bytes"])).tobytes() == pixels[row["id"]]


class _Sent:
    """What lies under the mixin in TRL's trainers: remembers the pictures that it is given."""

    def _generate_single_turn(self, prompt_ids: list[list[int]], images: Any, *rest: Any) -> Any:
        return images


class _Server(VisionTrainer, _Sent):
    use_vllm, vllm_mode, num_generations, num_generations_eval = True, "server", 4, 1
    model, processing_class = SimpleNamespace(training=True), SimpleNamespace(image_token_id=9)


@pytest.mark.parametrize(("process", "sent"), [(0, "0...4."), (1, "..8...")])
def test_a_server_is_sent_one_picture_of_a_prompt(process: int, sent: str) -> None:
    """TRL's picks the first of each prompt among those of all processes, so no others need to be gathered."""
    trainer = _Server()
    trainer.accelerator = SimpleNamespace(process_index=process)
    pictures_of_rows = [[str(6 * process + row)] for row in range(6)]
    given = trainer._generate_single_turn([[1]] * 6, pictures_of_rows, {})
    assert "".join(own[0] if own else "." for own in given) == sent
    trainer.model = SimpleNamespace(training=False)
    assert trainer._generate_single_turn([[1]] * 6, pictures_of_rows, {}) == pictures_of_rows
