"""The provider `robot-r1/PATH` of Inspect."""

import asyncio
import secrets
import zlib
from collections import Counter
from typing import Any

from inspect_ai.model import (
    ChatCompletionChoice,
    ChatMessage,
    ChatMessageAssistant,
    GenerateConfig,
    ModelAPI,
    ModelOutput,
    ModelUsage,
)
from inspect_ai.solver._task_state import sample_state  # nothing public tells a provider the epoch
from inspect_ai.tool import ToolChoice, ToolInfo

from eval.errors import told_by_inspect
from eval.local_model.batches import Batches, Completion, Decoding, Request
from eval.local_model.checkpoint import find_checkpoint, trained_pixels
from eval.local_model.pictures import PixelLimits
from eval.local_model.prompt import read_prompt
from robot_r1.errors import MissingPackageError, UserError

MAX_TOKENS = 1024
BATCH_SIZE = 16
_PACKAGES = ("torch", "torchvision", "transformers", "accelerate")
_ARGUMENTS = ("base", "device", "batch_size", "min_pixels", "max_pixels")
_UNSUPPORTED = ("frequency_penalty", "presence_penalty", "logit_bias", "logprobs", "response_schema")


class LocalModelAPI(ModelAPI):
    """A Qwen2.5-VL checkpoint or LoRA adapter on this machine, answering in batches.

    Greedy unless a temperature above 0 is asked for. With a seed, an answer depends on seed, epoch, prompt and how
    often this prompt was asked before, and not on which questions share its batch.

    Args:
        model_name: folder of a checkpoint or of a LoRA adapter, or a Hub id.
        base: base model of the adapter, where it has moved.
        device: such as `cuda:1` or `cpu`; else a GPU if there is one. GPUs compute in bfloat16, the CPU in float32.
        batch_size: prompts at once.
        min_pixels, max_pixels: limits of a picture's size, as in training; else those of the run that the
            checkpoint lies in, else none beside the processor's own.

    Raises:
        UserError: there is no such model, or it cannot be loaded; MissingPackageError without the extra `train`.
    """

    @told_by_inspect
    def __init__(
        self,
        model_name: str,
        base_url: str | None = None,
        api_key: str | None = None,
        config: GenerateConfig = GenerateConfig(),  # noqa: B008 - the interface of Inspect
        base: str | None = None,
        device: str | None = None,
        batch_size: int = BATCH_SIZE,
        min_pixels: int | None = None,
        max_pixels: int | None = None,
        **unknown: Any,
    ) -> None:
        super().__init__(model_name=model_name, base_url=base_url, api_key=api_key, config=config)
        if unknown:
            raise UserError(f"a local model has no -M {min(unknown)}; allowed are {', '.join(_ARGUMENTS)}")
        if not isinstance(batch_size, int) or batch_size < 1:
            raise UserError(f"batch_size is {batch_size!r}; give a number of 1 or more")
        least, most = trained_pixels(model_name)
        self._limits = PixelLimits(min_pixels or least, max_pixels or most)
        self._batch_size = batch_size
        self._asked: Counter[tuple[int, int]] = Counter()
        checkpoint = find_checkpoint(model_name, base)
        try:
            from eval.local_model.engine import Engine
        except ModuleNotFoundError as error:
            package = (error.name or "").split(".")[0]
            if package not in _PACKAGES:
                raise
            raise MissingPackageError(package, "train") from error
        engine = Engine(checkpoint, device)
        self._control = engine.control
        self._batches = Batches(engine.answer, batch_size)
        self._facts = {
            **engine.facts(),
            "checkpoint": model_name,
            "weights": checkpoint.weights,
            "base": checkpoint.base if checkpoint.adapter else None,
            "min_pixels": self._limits.least,
            "max_pixels": self._limits.most,
        }

    def facts(self) -> dict[str, Any]:
        """What shapes the answers beside the prompt: engine, versions, device, dtype, resolution, weights, template.

        `weights` changes when the files do, so that answers of an earlier training are not taken for this one's.
        """
        return dict(self._facts)

    async def generate(
        self, input: list[ChatMessage], tools: list[ToolInfo], tool_choice: ToolChoice, config: GenerateConfig
    ) -> ModelOutput:
        """The answer to a conversation of text and pictures.

        Raises:
            UserError: something is asked for that these models do not do, or memory is short.
        """
        if tools:
            raise UserError("a local model calls no tools; use a task without them")
        for name in _UNSUPPORTED:
            if getattr(config, name):
                raise UserError(f"a local model has no setting {name}; leave it out")
        decoding = Decoding(
            max_tokens=config.max_tokens or MAX_TOKENS,
            temperature=config.temperature or 0.0,
            top_p=1.0 if config.top_p is None else config.top_p,
            top_k=config.top_k or 0,
            stop=tuple(config.stop_seqs or ()),
        )
        request = Request(read_prompt(input, self._limits, self._control), decoding, self._seed(input, config.seed))
        self._batches.put(request)
        try:
            completion = await asyncio.wrap_future(request.future)
        finally:
            request.abandoned = True
        return self._output(completion)

    def _seed(self, messages: list[ChatMessage], seed: int | None) -> tuple[int, ...]:
        if seed is None:
            return (secrets.randbits(64),)
        state = sample_state()
        content = "\n".join(f"{message.role}: {message.model_dump_json(include={'content'})}" for message in messages)
        asked = (state.epoch if state else 1, zlib.crc32(content.encode()))
        self._asked[asked] += 1
        return (seed, *asked, self._asked[asked])

    def _output(self, completion: Completion) -> ModelOutput:
        message = ChatMessageAssistant(content=completion.text, model=self.model_name, source="generate")
        return ModelOutput(
            model=self.model_name,
            choices=[ChatCompletionChoice(message=message, stop_reason="stop" if completion.ended else "max_tokens")],
            usage=ModelUsage(
                input_tokens=completion.input_tokens,
                output_tokens=completion.output_tokens,
                total_tokens=completion.input_tokens + completion.output_tokens,
            ),
            metadata={**self._facts, "image_tokens": completion.image_tokens},
        )

    def close(self) -> None:
        """Let the worker thread end."""
        self._batches.close()

    def max_tokens(self) -> int:
        """Longest answer where the task sets no limit, in tokens."""
        return MAX_TOKENS

    def max_connections(self) -> int:
        """Twice the batch, so that the next one is there when a batch is answered."""
        return 2 * self._batch_size

    def connection_key(self) -> str:
        """One queue per model."""
        return self.model_name
