"""Shared prompts in TRL's trainers: mixed in before GRPOTrainer or RLOOTrainer.

`train/shared_prefix/releases.py` lists what of TRL is overridden here.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch
from accelerate import Accelerator
from accelerate.utils import is_peft_model
from torch.distributed.fsdp import register_fsdp_forward_method
from transformers import PreTrainedModel, ProcessorMixin

from robot_r1.errors import UserError
from train.shared_prefix.attention import NAME, register
from train.shared_prefix.generation import generate_from_shared_prompts, prompts_to_answer
from train.shared_prefix.groups import Group, equal_prompts, most_prompts, shuffle_groups
from train.shared_prefix.log_probs import Batch, shared_log_probs
from train.trainers.pictures import PICTURES, PictureTrainer, in_trl

_FIELDS = (*PICTURES, "mm_token_type_ids")
_METRIC = "shared_prefix/completions_per_prompt"
_ALONE = "shared_prefix/not_shared"

LogProbs = tuple[torch.Tensor, torch.Tensor | None, torch.Tensor | None]


def without_adapter(model: torch.nn.Module) -> Any:
    """The `Qwen2_5_VLForConditionalGeneration` inside an adapter, if there is one; the adapter stays at work in it."""
    return model.get_base_model() if is_peft_model(model) else model


def core_of(model: torch.nn.Module) -> Any:
    """The `Qwen2_5_VLModel` inside a model and its adapter."""
    return without_adapter(model).model


class SharedPrefixTrainer(PictureTrainer):
    """Mixed in before a trainer of TRL that generates; changes nothing until `share_prefixes` is called."""

    accelerator: Accelerator
    model: PreTrainedModel
    ref_model: PreTrainedModel | None
    processing_class: ProcessorMixin
    num_generations: int
    num_generations_eval: int
    shares: bool = False
    """Whether each prompt is computed once for its completions."""

    def share_prefixes(self) -> None:
        """From now on compute each prompt once for its completions."""
        register()
        for model in (self.model, self.ref_model):
            if model is not None:
                core_of(self.accelerator.unwrap_model(model)).language_model.set_attn_implementation(NAME)
        self.shares = True

    def _prepare_inputs(self, generation_batch: Any) -> Any:
        if not self.shares or not self.model.training:
            return super()._prepare_inputs(generation_batch)
        before = self.accelerator.process_index * self._generated
        shuffle = partial(shuffle_groups, group_of=lambda row: (before + row) // self.num_generations)
        with in_trl(shuffle_sequence_dict=shuffle):
            return super()._prepare_inputs(generation_batch)

    def _get_per_token_logps_and_entropies(
        self,
        model: torch.nn.Module,
        input_ids: torch.Tensor,
        attention_mask: torch.Tensor,
        logits_to_keep: int,
        batch_size: int | None = None,
        compute_entropy: bool = False,
        **fields: Any,
    ) -> LogProbs:
        if not self.shares:
            fields["pixel_values"] = torch.cat(self._patches(*(fields[name] for name in PICTURES)))
            stock: LogProbs = super()._get_per_token_logps_and_entropies(  # type: ignore[misc]
                model, input_ids, attention_mask, logits_to_keep, batch_size, compute_entropy, **fields
            )
            return stock
        _refuse_unknown(fields)
        patches = self._patches(*(fields[name] for name in PICTURES))
        grids = torch.split(fields["image_grid_thw"], list(fields["num_images"]))
        width = input_ids.shape[1] - logits_to_keep
        batch = Batch(input_ids, attention_mask, fields["mm_token_type_ids"], width, patches, grids)
        positions_of = core_of(self.accelerator.unwrap_model(model)).get_rope_index
        parts = []
        for rows in _parts(len(input_ids), batch_size or len(input_ids), self._group_size):
            part = batch[rows]
            groups = equal_prompts(part.prompts())
            self._count(groups)
            with self.accelerator.autocast():
                parts.append(shared_log_probs(model, positions_of, part, groups))
        log_probs = torch.cat([part.log_probs for part in parts])
        entropies = [part.entropies for part in parts if part.entropies is not None] if compute_entropy else []
        return log_probs, torch.cat(entropies) if entropies else None, None

    def _generate_single_turn(self, prompt_ids: Any, images: Any, fields: Any, *rest: Any, **named: Any) -> Any:
        generate = super()._generate_single_turn  # type: ignore[misc]
        if self.use_vllm:  # type: ignore[attr-defined]
            return generate(prompt_ids, images, fields, *rest, **named)
        if not self.shares:
            fields = {**fields, "pixel_values": torch.cat(self._rows(fields))}
            return generate(prompt_ids, images, fields, *rest, **named)
        with self._prompts_prefilled_once():
            return generate(prompt_ids, images, fields, *rest, **named)

    @contextmanager
    def _prompts_prefilled_once(self) -> Iterator[None]:
        """Put our way to generate in the place of the model's, which TRL calls inside its own preparations."""
        model: Any = self.accelerator.unwrap_model(self.model_wrapped)  # type: ignore[attr-defined]
        stock = model.generate

        def generate(generation_config: Any, **inputs: Any) -> torch.Tensor:
            inputs["pixel_values"] = self._rows(inputs)
            groups = prompts_to_answer(inputs)
            self._refuse_separate(groups, whole=self._generated % self._group_size == 0, aligned=True)
            # An adapter's generate calls the forward pass of the model inside, which is not under autocast.
            return generate_from_shared_prompts(stock, without_adapter(model), inputs, groups, generation_config)

        of_model = vars(model).get("generate")  # transformers puts one there that FSDP gathers the weights for
        model.generate = generate
        register_fsdp_forward_method(model, "generate")
        try:
            yield
        finally:
            if of_model is None:
                del model.generate
            else:
                model.generate = of_model

    def _rows(self, fields: dict[str, Any]) -> list[torch.Tensor]:
        """The patches of each prompt that is generated for; a prompt has one picture."""
        grids = fields["image_grid_thw"]
        return self._patches(fields["pixel_values"], grids, [1] * len(grids))

    @property
    def _group_size(self) -> int:
        return self.num_generations if self.model.training else self.num_generations_eval

    @property
    def _scored(self) -> int:
        """Completions in a forward pass."""
        arguments: Any = self.args  # type: ignore[attr-defined]
        rows: int = (
            arguments.per_device_train_batch_size if self.model.training else arguments.per_device_eval_batch_size
        )
        return rows

    @property
    def _generated(self) -> int:
        """Completions that this process generates at once."""
        arguments: Any = self.args  # type: ignore[attr-defined]
        return self._scored * (arguments.steps_per_generation if self.model.training else 1)

    def _count(self, groups: Sequence[Group]) -> None:
        """Tell how many completions share a prompt, and refuse to go on where they should and do not."""
        training, size = self.model.training, self._group_size
        aligned = not training or self._generated % size == 0
        self._refuse_separate(groups, whole=self._scored % size == 0, aligned=aligned)
        rows = sum(group.count for group in groups)
        metrics: Any = self._metrics["train" if training else "eval"]  # type: ignore[attr-defined]
        metrics[_METRIC].append(rows / len(groups))
        metrics[_ALONE].append(sum(group.count == 1 for group in groups) / rows)

    def _refuse_separate(self, groups: Sequence[Group], whole: bool, aligned: bool) -> None:
        """Refuse more prompts than so many completions can have.

        Args:
            whole, aligned: as in `most_prompts`.

        Raises:
            RuntimeError: completions of one prompt came without the others, or with other prompts or pictures.
        """
        rows = sum(group.count for group in groups)
        most = most_prompts(rows, self._group_size, whole, aligned)
        if len(groups) > most:
            raise RuntimeError(
                f"{rows} completions in groups of {self._group_size} have {len(groups)} different prompts, not "
                f"{most}: this TRL release lays its batches out otherwise; give --no_shared_prefix and report it"
            )


def _refuse_unknown(fields: dict[str, Any]) -> None:
    unknown = [
        name for name, value in fields.items() if name not in _FIELDS and value is not None and value is not False
    ]
    missing = [name for name in _FIELDS if fields.get(name) is None]
    if unknown or missing:
        raise UserError(
            f"prompts cannot be shared in a batch {f'with {unknown}' if unknown else f'without {missing}'}; give "
            "--no_shared_prefix"
        )


def _parts(rows: int, at_once: int, group_size: int) -> Iterator[slice]:
    """The rows that go to the model together: `at_once`, rounded up to whole groups.

    They follow from numbers that all processes have in common, not from the groups found: a sharded model waits
    forever where one process calls it more often than another.
    """
    step = -(-at_once // group_size) * group_size
    for start in range(0, rows, step):
        yield slice(start, start + step)
