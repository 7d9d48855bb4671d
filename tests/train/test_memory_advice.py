"""What is suggested where a run does not fit."""

from dataclasses import replace

from tests.train.test_memory import PAPER, SEVEN, THREE
from train.memory.advice import suggestions
from train.memory.estimate import GIB


def test_fewer_held_out_answers_at_once_are_suggested() -> None:
    settings = replace(PAPER, generation_batch=4, heldout_batch=640)
    found = [suggestion.flags[0] for suggestion in suggestions(THREE, settings)]
    assert any(flag.startswith("--heldout_batch_size ") for flag in found)


def test_suggestions_fit_and_begin_with_the_mildest() -> None:
    settings = replace(PAPER, micro_batch=8, gradient_checkpointing=False)
    found = suggestions(THREE, settings)
    assert found[0].flags == ("--gradient_checkpointing true",)
    assert all(suggestion.total <= settings.device_bytes for suggestion in found)
    names = [suggestion.flags[0].split()[0] for suggestion in found]
    assert len(set(names)) == len(names)


def test_a_7b_on_one_gpu_needs_shards_or_adapters() -> None:
    flags = [suggestion.flags[0] for suggestion in suggestions(SEVEN, PAPER)]
    assert "accelerate launch --config_file configs/accelerate/zero3.yaml --num_processes 4" in flags
    assert "--use_peft true" in flags


def test_what_fits_only_together_is_suggested_together() -> None:
    settings = replace(PAPER, device_bytes=24 * GIB, micro_batch=16, gradient_checkpointing=False)
    (found,) = suggestions(SEVEN, settings)
    assert len(found.flags) > 1
    assert found.total <= settings.device_bytes


def test_nothing_is_suggested_where_nothing_helps() -> None:
    assert suggestions(SEVEN, replace(PAPER, device_bytes=4 * GIB)) == []
