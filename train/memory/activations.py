"""Bytes that a forward and backward pass through a Qwen2.5-VL keeps, derived from its modelling code in transformers.

Each term counts what autograd saves: inputs of products whose other factor is trained, inputs of non-linear functions,
and the queries, keys, values and result of an attention. tests/train/test_memory.py compares them with the peak of
real models.
"""

from dataclasses import dataclass

from train.memory.settings import MemorySettings
from train.memory.shape import ModelShape, Stack
from train.shared_prefix.attention import SPLIT_FROM

HEAD_TOKENS, HEAD_VOCABULARY = 4096, 32768
"""Tile of logits that TRL computes at a time; the logits as a whole are never in memory."""


@dataclass(frozen=True)
class Activations:
    """Bytes on one device."""

    kept: int
    """From the forward pass until the backward pass needs it."""
    working: int
    """At most, during the backward pass of one layer or of the output projection."""


def activations(shape: ModelShape, settings: MemorySettings) -> Activations:
    """Of one forward and backward pass over a micro-batch of prompts with their completions."""
    tokens = settings.prompts * settings.prompt_tokens + settings.micro_batch * settings.completion_tokens
    patches = settings.prompts * settings.patches if _keeps_vision(shape, settings) else 0
    text_layer = tokens * _text_layer(shape, settings) + _split_attention(shape, settings)
    vision_layer = patches * _vision_layer(shape, settings)
    text = tokens * _norm(shape, settings, shape.text.hidden)
    vision = patches * _merger(shape, settings)
    if not settings.gradient_checkpointing:
        text += shape.text.layers * text_layer + _copies(shape.text, settings, shape.text.layers)
        vision += shape.vision.layers * vision_layer
        vision += _copies(shape.vision, settings, shape.vision.layers) if patches else 0
        in_layer = _backward(shape, shape.text, settings, tokens)
        return Activations(kept=text + vision, working=max(in_layer, _head(shape, settings)))
    text += shape.text.layers * tokens * shape.text.hidden * settings.weight_bytes
    vision += shape.vision.layers * patches * shape.vision.hidden * settings.weight_bytes
    in_text = text_layer + _backward(shape, shape.text, settings, tokens) + _copies(shape.text, settings, 1)
    in_vision = vision_layer + _backward(shape, shape.vision, settings, patches) + _copies(shape.vision, settings, 1)
    forward = forward_pass(shape.text, settings, tokens) + _cached_copies(shape, settings)
    # The vision tower goes last through the backward pass: what the language model kept is free by then.
    working = max(in_text, in_vision - text, forward, _head(shape, settings))
    return Activations(kept=text + vision, working=working)


def forward_pass(stack: Stack, settings: MemorySettings, tokens: int) -> int:
    """Bytes that the widest layer of a pass without gradients holds at a time."""
    return tokens * (3 * settings.compute_bytes * stack.intermediate + 12 * stack.hidden)


def _keeps_vision(shape: ModelShape, settings: MemorySettings) -> bool:
    # With adapters and checkpointing, the inputs of the vision tower are made to require gradients as well.
    return shape.vision.trained or (shape.adapters and settings.gradient_checkpointing)


def _norm(shape: ModelShape, settings: MemorySettings, hidden: int) -> int:
    """Bytes per token of an RMSNorm: its input in float32 and, to train its weight, the normalised input."""
    return hidden * (4 + (0 if shape.adapters else settings.weight_bytes))


def _linear_inputs(stack: Stack, shape: ModelShape, settings: MemorySettings, norms: int) -> int:
    """Bytes per token of the inputs of a layer's matrices, other than the result of the attention.

    Args:
        norms: matrices that read a norm: autocast makes a copy for each.
    """
    b = settings.compute_bytes
    if shape.adapters and (b < 4 or shape.adapter_dropout):
        return (b + shape.adapter_dropout) * stack.adapter_inputs  # dropout keeps one byte of mask for each
    return b * (stack.intermediate + (norms if settings.casts_weights else 2) * stack.hidden)


def _text_layer(shape: ModelShape, settings: MemorySettings) -> int:
    """Bytes per token."""
    text, b = shape.text, settings.compute_bytes
    # PyTorch's own attention repeats keys and values for every head and turns the padding mask into numbers.
    attention = 2 * text.hidden + 2 * (text.key_value_width if settings.flash_attention else text.hidden)
    mask = 0 if settings.flash_attention or _splits(settings) else settings.group_tokens
    gates = 3 * text.intermediate
    return (
        2 * _norm(shape, settings, text.hidden)
        + _linear_inputs(text, shape, settings, norms=5)
        + b * (attention + mask + gates)
        + 4 * text.heads
    )


def _splits(settings: MemorySettings) -> bool:
    return settings.sharing > 1 and settings.group_tokens >= SPLIT_FROM


def _split_attention(shape: ModelShape, settings: MemorySettings) -> int:
    """Bytes of a layer: each completion has the prompt's keys and values before its own, a mask and a result."""
    if not _splits(settings):
        return 0
    length = settings.prompt_tokens + settings.completion_tokens
    copied = 2 * length * shape.text.hidden + settings.completion_tokens * (length + shape.text.hidden)
    return settings.compute_bytes * settings.micro_batch * copied


def _vision_layer(shape: ModelShape, settings: MemorySettings) -> int:
    """Bytes per patch."""
    vision, b = shape.vision, settings.compute_bytes
    # Values are a view of queries, keys and values in one tensor, which it keeps alive. Windows are joined in a copy.
    attention = (2 + 3 + 2) * vision.hidden
    gates = 3 * vision.intermediate
    frozen = shape.adapters and not vision.trained
    inputs = 0 if frozen else _linear_inputs(vision, shape, settings, norms=3)
    return 2 * _norm(shape, settings, vision.hidden) + inputs + b * (attention + gates) + 4 * vision.heads


def _merger(shape: ModelShape, settings: MemorySettings) -> int:
    """Bytes per patch of what joins four patches to a token, and of the pixels where they are cast."""
    wide = 3 * settings.compute_bytes * shape.vision.hidden
    pixels = 2 * shape.pixels_per_patch if settings.compute_bytes < 4 else 0
    return _norm(shape, settings, shape.vision.hidden) + wide + pixels


def _copies(stack: Stack, settings: MemorySettings, layers: int) -> int:
    """Bytes of the weights in bfloat16 that products keep for the backward pass."""
    return settings.compute_bytes * stack.layer_parameters * layers if settings.casts_weights else 0


def _cached_copies(shape: ModelShape, settings: MemorySettings) -> int:
    """Bytes of the weights in bfloat16 at the end of the forward pass: autocast caches those that are trained."""
    stacks = [] if shape.adapters else [stack for stack in (shape.text, shape.vision) if stack.trained]
    return sum(_copies(stack, settings, stack.layers) for stack in stacks)


def _backward(shape: ModelShape, stack: Stack, settings: MemorySettings, tokens: int) -> int:
    """Bytes of gradients within a layer while it is gone through backwards."""
    wide = settings.compute_bytes + (4 if shape.adapters and settings.compute_bytes < 4 else 0)  # float32 adapters
    weight = 0 if shape.adapters else stack.hidden * stack.intermediate * settings.weight_bytes
    return tokens * (wide * stack.intermediate + 8 * stack.hidden) + weight


def _head(shape: ModelShape, settings: MemorySettings) -> int:
    """Bytes of the output projection and its gradients, which TRL accumulates in float32."""
    tokens = settings.micro_batch * settings.completion_tokens
    tile = min(tokens, HEAD_TOKENS) * min(HEAD_VOCABULARY, shape.vocabulary)
    hidden = tokens * shape.text.hidden * (4 + settings.compute_bytes)
    gradient_bytes = 4 if settings.weight_bytes == 4 else 4 + settings.weight_bytes  # cast at the end
    weight = shape.vocabulary * shape.text.hidden * gradient_bytes if shape.head_trained else 0
    return settings.compute_bytes * tile + hidden + weight
