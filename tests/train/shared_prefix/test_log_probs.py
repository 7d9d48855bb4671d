from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from transformers import Qwen2_5_VLForConditionalGeneration
from trl.trainer.utils import add_fused_lm_head

from tests.support.prompts import Rows, make_rows
from train.shared_prefix import log_probs
from train.shared_prefix.attention import NAME, Lengths, Segments, register, segments
from train.shared_prefix.groups import equal_prompts
from train.shared_prefix.layout import Layout, lay_out
from train.shared_prefix.log_probs import Batch, Scored, pictures_by_row, shared_log_probs

SHAPES = {
    "several prompts": ([40, 23, 61], [(4, 8), (8, 4), (6, 6)], 5),
    "one prompt": ([33], [(4, 4)], 4),
    "equal prompts in length": ([30, 30], [(4, 6), (6, 4)], 3),
}


@pytest.fixture(scope="module")
def models(tiny_model: Path) -> tuple[Qwen2_5_VLForConditionalGeneration, Qwen2_5_VLForConditionalGeneration]:
    """The same weights twice: as the library has them, and with our attention."""
    register()
    loaded = [Qwen2_5_VLForConditionalGeneration.from_pretrained(tiny_model, dtype=torch.float32) for _ in range(2)]
    for model in loaded:
        for parameter in model.parameters():
            parameter.data *= 3  # random weights of the usual size hardly look at anything
        add_fused_lm_head(model, outputs=("log_probs", "entropy"))
    loaded[1].model.language_model.set_attn_implementation(NAME)
    return loaded[0], loaded[1]


def rows_of(model: Qwen2_5_VLForConditionalGeneration, shape: str) -> Rows:
    words, grids, generations = SHAPES[shape]
    lengths = [1 + (7 * number) % 23 for number in range(len(words) * generations)]
    return make_rows(model, words, grids, lengths, generations)


def stock(model: Qwen2_5_VLForConditionalGeneration, rows: Rows) -> Scored:
    labels = rows.model_inputs["input_ids"].masked_fill(rows.model_inputs["attention_mask"] == 0, -100)
    labels[:, : -rows.completion_width] = -100
    output = model(**rows.model_inputs, labels=labels, fused_lm_head=True)
    return Scored(output.log_probs[:, -rows.completion_width :], output.entropy[:, -rows.completion_width :])


def shared(model: Qwen2_5_VLForConditionalGeneration, rows: Rows, split_from: int = 10**6) -> Scored:
    ids, mask = rows.model_inputs["input_ids"], rows.model_inputs["attention_mask"]
    patches, grids = pictures_by_row(*(rows.fields[name] for name in ("pixel_values", "image_grid_thw", "num_images")))
    width = ids.shape[1] - rows.completion_width
    batch = Batch(ids, mask, rows.fields["mm_token_type_ids"], width, patches, grids)
    return shared_log_probs(model, model.model.get_rope_index, batch, equal_prompts(batch.prompts()), split_from)


def gradients(model: torch.nn.Module, log_probs: torch.Tensor) -> dict[str, torch.Tensor]:
    weights = torch.randn(log_probs.shape, generator=torch.Generator().manual_seed(1))
    model.zero_grad()
    (log_probs * weights).sum().backward()
    return {name: p.grad.clone() for name, p in model.named_parameters() if p.grad is not None}


def relative(ours: dict[str, torch.Tensor], theirs: dict[str, torch.Tensor]) -> float:
    assert ours.keys() == theirs.keys()
    difference = sum(float(((ours[name] - theirs[name]).double() ** 2).sum()) for name in ours)
    return float((difference / sum(float((value.double() ** 2).sum()) for value in theirs.values())) ** 0.5)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("checkpointing", [False, True], ids=["whole", "checkpointed"])
@pytest.mark.parametrize("split_from", [10**6, 100, 0], ids=["mask", "long ones split", "split"])
def test_log_probs_and_gradients_are_those_of_separate_rows(models, shape, checkpointing, split_from):
    for model in models:
        model.train()
        (model.gradient_checkpointing_enable if checkpointing else model.gradient_checkpointing_disable)()
    rows = rows_of(models[0], shape)
    theirs, ours = stock(models[0], rows), shared(models[1], rows, split_from)
    assert torch.allclose(ours.log_probs, theirs.log_probs, atol=1e-5, rtol=0)
    assert torch.allclose(ours.entropies, theirs.entropies, atol=1e-5, rtol=0)
    assert theirs.log_probs.std() > 0.5
    assert relative(gradients(models[1], ours.log_probs), gradients(models[0], theirs.log_probs)) < 1e-5


CONTROLS = {
    "a plain causal mask": ("segments", lambda groups, *_: _causal(groups)),
    "positions along the row": ("lay_out", lambda *given: _with_positions(lay_out(*given), in_row=True)),
    "branches one position late": ("lay_out", lambda *given: _with_positions(lay_out(*given), in_row=False)),
}


def _causal(groups: Sequence[Lengths]) -> Segments:
    return segments([(prompt + sum(branches), ()) for prompt, branches in groups], 10**6, torch.device("cpu"))


def _with_positions(layout: Layout, in_row: bool) -> Layout:
    row = torch.arange(layout.input_ids.shape[1]).expand_as(layout.position_ids)
    late = torch.tensor(
        [int(place >= prompt) for prompt, branches in layout.groups for place in range(prompt + sum(branches))]
    )
    return replace(layout, position_ids=row if in_row else layout.position_ids + late)


@pytest.mark.parametrize("control", CONTROLS)
def test_a_wrong_layout_is_noticed(models, control: str, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = rows_of(models[0], "several prompts")
    with torch.no_grad():
        theirs = stock(models[0], rows).log_probs
        name, wrong = CONTROLS[control]
        monkeypatch.setattr(log_probs, name, wrong)
        ours = shared(models[1], rows).log_probs
    assert (ours - theirs).abs().max() > 0.01


@pytest.mark.parametrize("split_from", [10**6, 0])
def test_completions_of_masked_or_single_tokens(models, split_from: int) -> None:
    rows = rows_of(models[0], "several prompts")
    rows.model_inputs["attention_mask"][2, -rows.completion_width :] = 0  # a truncated completion that TRL masks
    rows.model_inputs["attention_mask"][4, -rows.completion_width + 1 :] = 0
    theirs = stock(models[0], rows).log_probs
    ours = shared(models[1], rows, split_from=split_from).log_probs
    assert torch.allclose(ours, theirs, atol=1e-5, rtol=0)
    assert not ours[2].any() and ours[4].count_nonzero() == 1
    assert relative(gradients(models[1], ours), gradients(models[0], theirs)) < 1e-5


def test_a_batch_of_which_nothing_is_scored(models) -> None:
    """Where TRL masks every completion, as truncated."""
    rows = rows_of(models[0], "several prompts")
    rows.model_inputs["attention_mask"][:, -rows.completion_width :] = 0
    ours = shared(models[1], rows).log_probs
    assert not ours.any() and not any(value.any() for value in gradients(models[1], ours).values())


def test_each_prompt_and_picture_is_computed_once(models) -> None:
    rows = rows_of(models[0], "several prompts")
    tokens, patches = [], []
    hooks = [
        models[1].model.language_model.register_forward_pre_hook(
            lambda module, args, named: tokens.append(named["inputs_embeds"].shape[:2]), with_kwargs=True
        ),
        models[1].model.visual.register_forward_pre_hook(lambda module, args: patches.append(len(args[0]))),
    ]
    with torch.no_grad():
        shared(models[1], rows)
    for hook in hooks:
        hook.remove()
    assert patches == [4 * 8 + 8 * 4 + 6 * 6]
    real = rows.model_inputs["attention_mask"]
    prompts, completions = real[::5, : -rows.completion_width], real[:, -rows.completion_width :]
    assert tokens == [(1, int(prompts.sum()) - 3 + int(completions.sum()))]


@pytest.mark.parametrize("lengths", [[23] * 5 + [1] * 5, [60, 1, 60, 60, 1, 60, 1, 1, 1, 60]])
def test_nothing_is_padded_whatever_the_lengths(models, lengths: list[int]) -> None:
    """A long group beside a short one, and completions that a cut into rows of one length would not divide evenly."""
    rows = make_rows(models[0], [40, 23], [(4, 8), (8, 4)], lengths, 5)
    tokens = []
    hook = models[1].model.language_model.register_forward_pre_hook(
        lambda module, args, named: tokens.append(tuple(named["inputs_embeds"].shape[:2])), with_kwargs=True
    )
    with torch.no_grad():
        theirs, ours = stock(models[0], rows), shared(models[1], rows, split_from=100)
    hook.remove()
    assert torch.allclose(ours.log_probs, theirs.log_probs, atol=1e-5, rtol=0)
    prompts = [40 + 8 + 2, 23 + 8 + 2]
    assert tokens == [(1, sum(prompts) - 2 + sum(lengths))]
