"""An estimate of the memory that a training run needs on each device, before anything is loaded.

    shape = model_shape(config, lora=None, train_vision=True)
    print(estimate(shape, settings).table())

Parameters are counted exactly; activations are derived from the modelling code and agree with the peak of real models
within 15 %. What libraries take for themselves (CUDA, NCCL, fragments) is a flat allowance.
"""

from dataclasses import dataclass
from typing import Literal

from train.memory.activations import activations, forward_pass
from train.memory.settings import MemorySettings
from train.memory.shape import ModelShape

GIB = 2**30
CONTEXT = 3 * GIB // 2
"""CUDA context, library workspaces and communication buffers: an allowance, not a measurement."""

Phase = Literal["always", "training", "generating", "evaluating"]


@dataclass(frozen=True)
class Part:
    """Memory of one kind, and when it is held."""

    name: str
    bytes: int
    phase: Phase


@dataclass(frozen=True)
class Estimate:
    """Memory on each device, by part. The phases take turns, so the largest of them counts."""

    parts: tuple[Part, ...]
    device_bytes: int

    def of(self, phase: Phase) -> int:
        """Bytes held in this phase alone."""
        return sum(part.bytes for part in self.parts if part.phase == phase)

    @property
    def total(self) -> int:
        """Bytes at the peak."""
        return self.of("always") + max(self.of("training"), self.of("generating"), self.of("evaluating"))

    @property
    def fits(self) -> bool:
        """Whether the device has that much memory."""
        return self.total <= self.device_bytes

    def table(self) -> str:
        """The parts, the peak and the device, one a line, in GiB."""
        rows: list[tuple[str, str, int]] = [(part.name, part.phase, part.bytes) for part in self.parts if part.bytes]
        rows += [("peak", "", self.total), ("device", "", self.device_bytes)]
        return "\n".join(f"{name:<38} {phase:<10} {size / GIB:>8.2f} GiB" for name, phase, size in rows)


def estimate(shape: ModelShape, settings: MemorySettings) -> Estimate:
    """Memory on each device."""
    active = activations(shape, settings)
    vllm_phase: Phase = "generating" if settings.vllm_sleeps else "always"
    by_transformers = settings.generation_batch if settings.generation == "transformers" else 0
    held_out = 0 if settings.generation.startswith("vllm") else settings.heldout_batch
    parts = (
        Part("weights", _weights(shape, settings), "always"),
        Part("gradients", _gradients(shape, settings), "always"),
        Part("optimizer", _optimizer(shape, settings), "always"),
        Part("reference model", _reference(shape, settings), "always"),
        Part("images", 4 * settings.pictures * settings.patches * shape.pixels_per_patch, "always"),
        Part("CUDA and communication (allowance)", CONTEXT, "always"),
        Part("activations", active.kept, "training"),
        Part("backward pass of a layer or the head", active.working, "training"),
        Part("gathered weights", _gathered(shape, settings), "training"),
        Part(
            "generation by transformers", _generation(shape, settings, by_transformers, settings.sharing), "generating"
        ),
        Part("vLLM", _vllm(shape, settings), vllm_phase),
        Part("held-out answers", _generation(shape, settings, held_out, 1), "evaluating"),
    )
    return Estimate(parts=parts, device_bytes=settings.device_bytes)


def _stored_bytes(settings: MemorySettings) -> int:
    """Bytes of a weight where it is stored. FSDP stores float32 and casts what it gathers."""
    return 4 if settings.sharding == "fsdp2" else settings.weight_bytes


def _adapter_bytes(settings: MemorySettings) -> int:
    return 2 if settings.sharding in ("zero2", "zero3") and settings.precision != "fp32" else 4


def _weights(shape: ModelShape, settings: MemorySettings) -> int:
    if settings.offload_weights and settings.sharding == "zero3":
        return 0
    adapters = shape.trainable * _adapter_bytes(settings) if shape.adapters else 0
    held = shape.parameters * _stored_bytes(settings) + adapters - _saved_by_quantization(shape, settings)
    return held // settings.processes if settings.shards_weights else held


def _saved_by_quantization(shape: ModelShape, settings: MemorySettings) -> int:
    if settings.quantization == "none":
        return 0
    # 4 bits and, for every 64 of them, a scale in float32.
    quantized = 1 if settings.quantization == "8bit" else 0.5 + 4 / 64
    layers = sum(stack.layers * stack.layer_parameters for stack in (shape.text, shape.vision))
    return int(layers * (_stored_bytes(settings) - quantized))


def _gradients(shape: ModelShape, settings: MemorySettings) -> int:
    held = shape.trainable * (_adapter_bytes(settings) if shape.adapters else _stored_bytes(settings))
    if settings.sharding != "none":
        return held // settings.processes
    return 2 * held if settings.processes > 1 else held  # DistributedDataParallel sends them from buffers of its own


def _optimizer(shape: ModelShape, settings: MemorySettings) -> int:
    """AdamW's two moments, if that is the optimizer, and DeepSpeed's float32 weights."""
    deepspeed = settings.sharding in ("zero2", "zero3") and settings.precision != "fp32"
    if settings.offload_optimizer:
        return 0
    stored = 4 if deepspeed or shape.adapters else _stored_bytes(settings)
    moments = 2 * stored * shape.trainable
    if settings.optimizer == "adamw_8bit":  # transformers keeps the moments of embeddings in 32 bits
        moments = 2 * (shape.trainable - shape.trainable_embedding) + 8 * shape.trainable_embedding
    if settings.optimizer in ("paged_adamw_8bit", "stateless"):
        moments = 0
    held = moments + (4 * shape.trainable if deepspeed else 0)
    return held if settings.sharding == "none" else held // settings.processes


def _reference(shape: ModelShape, settings: MemorySettings) -> int:
    if not settings.reference_model or shape.adapters:
        return 0
    held = shape.parameters * _stored_bytes(settings)
    return held // settings.processes if settings.shards_weights else held


def _gathered(shape: ModelShape, settings: MemorySettings) -> int:
    """The layer at work, the next one, and what lies outside the layers of the language model."""
    if not settings.shards_weights:
        return 0
    return settings.weight_bytes * (2 * shape.text.layer_parameters + shape.embedding + shape.head)


def _generation(shape: ModelShape, settings: MemorySettings, batch: int, sharing: int) -> int:
    """Keys and values of a whole batch, its prompts' pass through the widest layer, and one token's logits."""
    if batch == 0:
        return 0
    text = shape.text
    length = settings.prompt_tokens + settings.completion_tokens
    # Also under autocast the cache has the type of the weights, as the rotation of the keys has; a layer's is copied
    # as it grows.
    cache = batch * length * (text.layers + 1) * 2 * text.key_value_width * settings.weight_bytes
    computed = -(-batch // sharing)
    prompts = max(
        forward_pass(text, settings, computed * settings.prompt_tokens) + computed * settings.prompt_tokens**2,
        forward_pass(shape.vision, settings, computed * settings.patches),
    )
    logits = 3 * 4 * batch * shape.vocabulary  # as they come, divided by the temperature, and as probabilities
    # TRL gathers the whole model for generation under ZeRO-3; under FSDP each layer is gathered as it runs.
    whole = shape.parameters * settings.weight_bytes if settings.sharding == "zero3" else _gathered(shape, settings)
    return cache + prompts + logits + whole


def _vllm(shape: ModelShape, settings: MemorySettings) -> int:
    """The share of the device that vLLM takes, and never less than its part of the weights in bfloat16 needs."""
    if settings.generation != "vllm_colocate":
        return 0
    return max(
        int(settings.vllm_memory * settings.device_bytes), 2 * shape.parameters // settings.vllm_devices + CONTEXT
    )
