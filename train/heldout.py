"""Greedy answers to held-out questions: before, during and after training, always the same questions.

TRL's own evaluation samples at the training temperature, which measures something else (and is not repeatable).
Whoever generates in training answers here: vLLM where the run uses it, else transformers.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from accelerate.utils import gather_object
from datasets import Dataset
from transformers import BatchFeature, GenerationConfig, ProcessorMixin, Trainer
from trl.distributed import DistributedBackend
from trl.models.utils import unwrap_model_for_generation

from robot_r1.answer import Refusal, parse_answer
from robot_r1.control_text import written
from robot_r1.pictures import as_png, stored_pictures
from train.data import encoded, messages, rendered
from train.records import HeldOutAnswer, HeldOutQuestion
from train.trainers.vision import NEVER, as_vllm_takes, forbidden_tokens


@dataclass(frozen=True)
class HeldOut:
    """The questions, and how they are answered."""

    questions: Dataset
    processor: ProcessorMixin
    batch_size: int
    max_completion_length: int
    min_pixels: int | None = None
    max_pixels: int | None = None

    def records(self) -> list[HeldOutQuestion]:
        """The questions as they are kept beside the answers."""
        return [
            HeldOutQuestion(
                id=row["id"],
                question_type=row["question_type"],
                task=row.get("task") or "",
                demo=row.get("demo") or "",
                question=row["question"],
                options=tuple(row.get("options") or ()),
                answer=row["answer"],
                images=tuple(as_png(picture) for picture in stored_pictures(row["images"])),
            )
            for row in encoded(self.questions)
        ]

    def answers(self, trainer: Trainer) -> list[HeldOutAnswer]:
        """The policy's answers, in the order of the questions; every process has to call this.

        Each process answers its share. All of them run the same number of batches, since a sharded model can only
        generate where all processes do.
        """
        accelerator = trainer.accelerator
        share = math.ceil(len(self.questions) / accelerator.num_processes)
        first = accelerator.process_index * share
        mine = [min(first + i, len(self.questions) - 1) for i in range(share)]
        rows = rendered(self.questions, self.min_pixels, self.max_pixels)
        was_training = trainer.model.training
        trainer.model.eval()
        found: list[tuple[int, HeldOutAnswer]] = []
        by_vllm = getattr(trainer, "use_vllm", False)  # which makes batches itself
        at_once, ask = (share, self._by_vllm) if by_vllm else (self.batch_size, self._batch)
        for start in range(0, share, at_once):
            indices = mine[start : start + at_once]
            found += zip(indices, ask(trainer, rows.select(indices)), strict=True)
        trainer.model.train(was_training)
        by_index = dict(gather_object(found))
        return [by_index[index] for index in range(len(self.questions))]

    def _batch(self, trainer: Trainer, rows: Dataset) -> list[HeldOutAnswer]:
        batch = list(rows)
        inputs = self._prompts(batch, padding=True, padding_side="left", return_tensors="pt")
        inputs = inputs.to(trainer.accelerator.device)
        end = self._end_tokens(trainer)
        settings = {
            "max_new_tokens": self.max_completion_length,
            "do_sample": False,
            "repetition_penalty": 1.0,  # else the model's own, made for chatting, which punishes repeated letters
            "pad_token_id": self.processor.tokenizer.pad_token_id,
            "eos_token_id": end,
            "suppress_tokens": forbidden_tokens(self.processor, end),
        }
        backend = DistributedBackend(trainer.accelerator)
        with (
            unwrap_model_for_generation(
                trainer.model_wrapped,
                trainer.accelerator,
                gather_deepspeed3_params=getattr(trainer.args, "ds3_gather_for_generation", True),
                generation_kwargs=settings,
                gradient_checkpointing_kwargs=trainer.args.gradient_checkpointing_kwargs,
            ) as model,
            torch.no_grad(),
            backend.summon_full_params(trainer.model_wrapped, recurse=False),
        ):
            output = model.generate(**inputs, generation_config=GenerationConfig(**settings, disable_compile=True))
        completions = output[:, inputs["input_ids"].size(1) :].tolist()
        return self._judge_all(batch, completions, end)

    def _by_vllm(self, trainer: Any, rows: Dataset) -> list[HeldOutAnswer]:
        """The greedy answers of the vLLM that the trainer samples with, on the trainer's weights."""
        batch, end = list(rows), self._end_tokens(trainer)
        if trainer.state.global_step != trainer._last_loaded_step:  # as TRL does before it samples
            trainer.vllm_generation.sync_weights()
            trainer._last_loaded_step = trainer.state.global_step
        ids = self._prompts(batch)["input_ids"]
        greedy = {
            "temperature": 0.0,
            "top_p": 1.0,
            "top_k": 0,
            "min_p": 0.0,
            "repetition_penalty": 1.0,
            "max_completion_length": self.max_completion_length,
            "structured_outputs_regex": None,
            "generation_kwargs": {
                "stop_token_ids": end,
                "logit_bias": dict.fromkeys(forbidden_tokens(self.processor, end), NEVER),
            },
        }
        with _set(trainer.vllm_generation, greedy):
            _, completions, _, _ = trainer.vllm_generation.generate(
                prompts=as_vllm_takes(ids, trainer.vllm_mode, self.processor.image_token_id),
                images=[row["images"] for row in batch],
                num_generations=1,
            )
        return self._judge_all(batch, completions, end)

    def _judge_all(
        self, rows: Sequence[dict[str, Any]], completions: Sequence[list[int]], end: Sequence[int]
    ) -> list[HeldOutAnswer]:
        return [
            _judged(row, _until_end(ids, end), end, self.processor) for row, ids in zip(rows, completions, strict=True)
        ]

    def _prompts(self, rows: Sequence[dict[str, Any]], **settings: Any) -> BatchFeature:
        """The rows' questions as the processor gives them, image tokens expanded."""
        chats = [messages(row["question"]) for row in rows]
        texts = [
            self.processor.apply_chat_template(chat, add_generation_prompt=True, tokenize=False) for chat in chats
        ]
        return self.processor(text=texts, images=[row["images"] for row in rows], **settings)

    def _end_tokens(self, trainer: Trainer) -> list[int]:
        model = trainer.accelerator.unwrap_model(trainer.model)
        declared = model.generation_config.eos_token_id
        ends = [declared] if isinstance(declared, int) else list(declared or [])
        return sorted({*ends, self.processor.tokenizer.eos_token_id})


@contextmanager
def _set(target: object, values: Mapping[str, Any]) -> Iterator[None]:
    """Attributes with other values for a while."""
    before = {name: getattr(target, name) for name in values}
    for name, value in values.items():
        setattr(target, name, value)
    try:
        yield
    finally:
        for name, value in before.items():
            setattr(target, name, value)


def _until_end(ids: Sequence[int], end: Sequence[int]) -> list[int]:
    for place, token in enumerate(ids):
        if token in end:
            return list(ids[: place + 1])
    return list(ids)


def _judged(row: dict[str, str], ids: list[int], end: Sequence[int], processor: ProcessorMixin) -> HeldOutAnswer:
    text = written(processor.tokenizer, ids, end)
    parsed = parse_answer(text)
    letter = None if isinstance(parsed, Refusal) else parsed.letter
    return HeldOutAnswer(
        id=row["id"],
        completion=text,
        letter=letter,
        refusal=parsed.reason if isinstance(parsed, Refusal) else None,
        correct=letter == row["answer"],
        tokens=len(ids),
    )


def summary(questions: Sequence[str], answers: Sequence[HeldOutAnswer]) -> dict[str, float]:
    """Metrics of an evaluation.

    Args:
        questions: the type of each question.
        answers: in the same order.
    """

    def mean(values: list[float]) -> float:
        return sum(values) / len(values)

    metrics = {
        "heldout/accuracy": mean([float(answer.correct) for answer in answers]),
        "heldout/format": mean([float(answer.refusal in (None, "not_a_letter")) for answer in answers]),
        "heldout/mean_length": mean([float(answer.tokens) for answer in answers]),
        "heldout/n": float(len(answers)),
    }
    for name in sorted(set(questions)):
        of_type = [float(a.correct) for a, kind in zip(answers, questions, strict=True) if kind == name]
        metrics[f"heldout/accuracy/{name}"] = mean(of_type)
        metrics[f"heldout/n/{name}"] = float(len(of_type))
    return metrics
