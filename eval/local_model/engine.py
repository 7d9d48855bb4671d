"""A model in memory that answers batches of prompts, as training's greedy evaluation does."""

import hashlib
from collections.abc import Sequence
from importlib.metadata import version
from typing import Any

import torch
from safetensors import SafetensorError
from transformers import (
    AutoModelForImageTextToText,
    AutoProcessor,
    GenerationConfig,
    LogitsProcessorList,
    ProcessorMixin,
    StoppingCriteriaList,
    StopStringCriteria,
)

from eval.local_model.batches import Completion, Decoding, Request
from eval.local_model.checkpoint import Checkpoint
from eval.local_model.sampling import Abandoned, Drawn
from robot_r1.control_text import control_tokens, written
from robot_r1.errors import MissingPackageError, UserError
from robot_r1.seeding import generator


class Engine:
    """Weights and processor.

    Attributes:
        control: ids of the tokenizer's control tokens by their text; answers hold none but the one that ends them.

    Raises:
        UserError: they cannot be loaded, or do not fit into memory.
    """

    def __init__(self, checkpoint: Checkpoint, device: str | None) -> None:
        self._checkpoint = checkpoint
        self._device = device or ("cuda" if torch.cuda.is_available() else "cpu")
        self._dtype = torch.float32 if self._device == "cpu" else torch.bfloat16
        self._processor = _processor(checkpoint)
        self._model = self._load()
        self.control = control_tokens(self._processor.tokenizer)
        self._end = _end_tokens(self._model, self._processor)
        self._never = sorted(set(self.control.values()) - set(self._end))

    def _load(self) -> Any:
        base, adapter = self._checkpoint.base, self._checkpoint.adapter
        try:
            model = AutoModelForImageTextToText.from_pretrained(
                base, revision=self._checkpoint.base_revision or "main", dtype=self._dtype, device_map=self._device
            )
        except torch.OutOfMemoryError as error:
            raise UserError(f"{base} does not fit into the memory of {self._device}; give -M device=cpu") from error
        except (OSError, ValueError, RuntimeError, SafetensorError) as error:
            reason = str(error).strip().split("\n")[0]
            advice = "say where it is: -M base=FOLDER" if adapter else "give a Qwen2.5-VL model, or another -M device="
            raise UserError(f"the model {base} cannot be loaded ({reason}); {advice}") from error
        return (_with_adapter(model, str(adapter)) if adapter else model).eval()

    def facts(self) -> dict[str, Any]:
        """What shapes the answers beside the prompt, for the log."""
        template, size = self._processor.chat_template or "", self._processor.image_processor.size
        on_gpu = self._model.device.type == "cuda"
        return {
            "engine": "transformers",
            "torch": version("torch"),
            "transformers": version("transformers"),
            **({"peft": version("peft")} if self._checkpoint.adapter else {}),
            "device": torch.cuda.get_device_name(self._model.device) if on_gpu else str(self._model.device),
            "dtype": str(self._dtype).removeprefix("torch."),
            "attention": self._model.config._attn_implementation,
            "chat_template": hashlib.sha256(template.encode()).hexdigest()[:16],
            "processor_min_pixels": size["shortest_edge"],
            "processor_max_pixels": size["longest_edge"],
        }

    def answer(self, requests: Sequence[Request]) -> list[Completion]:
        """The answers to prompts that share their decoding, in order.

        Raises:
            UserError: there is not enough memory for a batch of so many.
        """
        inputs = self._inputs(requests)
        try:
            with torch.inference_mode():
                output = self._model.generate(**inputs, **self._generation(requests))
        except torch.OutOfMemoryError as error:
            torch.cuda.empty_cache()
            advice = f"-M batch_size={max(1, len(requests) // 2)}, or fewer --max-tokens, or -M max_pixels"
            raise UserError(f"out of memory with {len(requests)} prompts at once; give {advice}") from error
        width = inputs["input_ids"].size(1)
        sizes = inputs["attention_mask"].sum(dim=1).tolist()
        pictures = (inputs["input_ids"] == self._processor.image_token_id).sum(dim=1).tolist()
        stop = requests[0].decoding.stop
        return [
            self._completion(ids, stop, size, image_tokens)
            for ids, size, image_tokens in zip(output[:, width:].tolist(), sizes, pictures, strict=True)
        ]

    def _inputs(self, requests: Sequence[Request]) -> Any:
        pictures = [request.prompt.pictures for request in requests]
        return self._processor(
            text=[
                self._processor.apply_chat_template(
                    request.prompt.messages, add_generation_prompt=True, tokenize=False
                )
                for request in requests
            ],
            images=pictures if any(pictures) else None,
            padding=True,
            padding_side="left",
            return_tensors="pt",
        ).to(self._model.device)

    def _generation(self, requests: Sequence[Request]) -> dict[str, Any]:
        decoding, tokenizer = requests[0].decoding, self._processor.tokenizer
        settings = GenerationConfig(
            max_new_tokens=decoding.max_tokens,
            do_sample=False,
            repetition_penalty=1.0,  # else the model's own, made for chatting, which punishes repeated letters
            pad_token_id=tokenizer.pad_token_id,
            eos_token_id=self._end,
            suppress_tokens=self._never,
            disable_compile=True,
        )
        criteria: list[Any] = [Abandoned(requests)]
        if decoding.stop:
            criteria.append(StopStringCriteria(tokenizer, list(decoding.stop)))
        return {
            "generation_config": settings,
            "logits_processor": LogitsProcessorList(_draws(decoding, requests)),
            "stopping_criteria": StoppingCriteriaList(criteria),
        }

    def _completion(self, ids: list[int], stop: tuple[str, ...], size: int, image_tokens: int) -> Completion:
        place = next((place for place, token in enumerate(ids) if token in self._end), None)
        kept = ids if place is None else ids[: place + 1]
        text = written(self._processor.tokenizer, kept, self._end)
        stops = [at for at in (text.find(string) for string in stop) if at >= 0]
        ended = place is not None or bool(stops)
        return Completion(text[: min(stops)] if stops else text, ended, size, image_tokens, len(kept))


def _draws(decoding: Decoding, requests: Sequence[Request]) -> list[Drawn]:
    if not decoding.temperature:
        return []
    return [Drawn(decoding, [generator(*request.seed) for request in requests])]


def _processor(checkpoint: Checkpoint) -> ProcessorMixin:
    try:
        processor = AutoProcessor.from_pretrained(checkpoint.processor, trust_remote_code=False)
    except (OSError, ValueError) as error:
        reason = str(error).strip().split("\n")[0]
        raise UserError(f"no processor in {checkpoint.processor} ({reason}); give a Qwen2.5-VL model") from error
    if not isinstance(processor, ProcessorMixin):
        raise UserError(f"{checkpoint.processor} is a model without pictures; give a Qwen2.5-VL model")
    return processor


def _with_adapter(model: Any, adapter: str) -> Any:
    try:
        from peft import PeftModel
    except ModuleNotFoundError as error:
        raise MissingPackageError("peft", "train") from error
    try:
        return PeftModel.from_pretrained(model, adapter)
    except (OSError, ValueError, RuntimeError, SafetensorError) as error:
        reason = str(error).strip().split("\n")[0]
        raise UserError(f"the adapter {adapter} does not fit its base ({reason}); give -M base=FOLDER") from error


def _end_tokens(model: Any, processor: ProcessorMixin) -> list[int]:
    declared = model.generation_config.eos_token_id
    ends = [declared] if isinstance(declared, int) else list(declared or [])
    return sorted({*ends, processor.tokenizer.eos_token_id})
