"""The estimate of memory: exact counts, and activations against the peak of real models on the CPU."""

import weakref
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from typing import Any

import pytest
import torch
from peft import LoraConfig, inject_adapter_in_model
from torch.utils import _pytree as pytree
from torch.utils._python_dispatch import TorchDispatchMode
from transformers import AutoModelForImageTextToText, Qwen2_5_VLConfig
from transformers.integrations import HfDeepSpeedConfig, is_deepspeed_zero3_enabled
from trl.kernels.chunked_logprob import TOKEN_CHUNK_SIZE
from trl.trainer.utils import _CHUNKED_LOGPROB_CHUNK_SIZE

from train.memory.activations import HEAD_TOKENS, HEAD_VOCABULARY, activations
from train.memory.estimate import GIB, Estimate, estimate
from train.memory.published import published_config
from train.memory.settings import Generation, MemorySettings, Precision, Quantization
from train.memory.shape import ModelShape, model_shape
from train.shared_prefix.attention import NAME

ADAPTERS = LoraConfig(r=8, target_modules="all-linear", exclude_modules=r".*visual.*")
IMAGE_TOKEN = 7
PAPER = MemorySettings(
    device_bytes=80 * GIB,
    micro_batch=4,
    generation_batch=32,
    prompt_tokens=900,
    completion_tokens=2048,
    patches=1296,
)


SEVEN = published_config("Qwen/Qwen2.5-VL-7B-Instruct")
THREE = published_config("Qwen/Qwen2.5-VL-3B-Instruct")
assert SEVEN and THREE


def small(hidden: int = 192, layers: int = 4, intermediate: int = 512, vision: int = 96) -> Qwen2_5_VLConfig:
    """A model small enough to run, with all that the real one has."""
    return Qwen2_5_VLConfig(
        text_config={
            "vocab_size": 500,
            "hidden_size": hidden,
            "intermediate_size": intermediate,
            "num_hidden_layers": layers,
            "num_attention_heads": hidden // 48,
            "num_key_value_heads": 2,
            "rope_parameters": {"rope_type": "default", "rope_theta": 1e6, "mrope_section": [8, 8, 8]},
            "bos_token_id": 0,
            "eos_token_id": 1,
        },
        vision_config={
            "depth": 4,
            "hidden_size": vision,
            "intermediate_size": 3 * vision,
            "num_heads": 4,
            "out_hidden_size": hidden,
            "fullatt_block_indexes": [3],
            "window_size": 112,
        },
        image_token_id=IMAGE_TOKEN,
        video_token_id=8,
        vision_start_token_id=9,
        vision_end_token_id=10,
    )


class LiveBytes(TorchDispatchMode):  # type: ignore[misc]
    """Follows every storage that an operation makes until it is freed."""

    def __init__(self, known: list[torch.Tensor]) -> None:
        super().__init__()
        self.sizes = {tensor.untyped_storage()._cdata: 0 for tensor in known}
        self.now = 0
        self.peak = 0

    def __torch_dispatch__(self, function: Callable[..., Any], types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = function(*args, **(kwargs or {}))
        for tensor in pytree.tree_leaves(result):
            if isinstance(tensor, torch.Tensor):
                self.add(tensor.untyped_storage())
        return result

    def add(self, storage: torch.UntypedStorage) -> None:
        if storage._cdata not in self.sizes:
            self.sizes[storage._cdata] = storage.nbytes()
            self.now += storage.nbytes()
            self.peak = max(self.peak, self.now)
            weakref.finalize(storage, self.drop, storage._cdata)

    def drop(self, key: int) -> None:
        self.now -= self.sizes.pop(key)


def batch(size: int, length: int, grid: int) -> dict[str, Any]:
    """Token ids with one image each of grid x grid patches, the first one padded on the left."""
    ids = torch.full((size, length), 20)
    ids[:, 5] = 9
    ids[:, 6 : 6 + grid**2 // 4] = IMAGE_TOKEN
    mask = torch.ones_like(ids)
    mask[0, :4] = 0
    return {
        "input_ids": ids,
        "attention_mask": mask,
        "mm_token_type_ids": (ids == IMAGE_TOKEN).int(),
        "pixel_values": torch.rand(size * grid**2, 3 * 2 * 14 * 14),
        "image_grid_thw": torch.tensor([[1, grid, grid]] * size),
        "use_cache": False,
    }


def prepared(config: Qwen2_5_VLConfig, settings: MemorySettings, lora: LoraConfig | None) -> Any:
    model: Any = AutoModelForImageTextToText.from_config(config, attn_implementation="sdpa").train()
    if settings.precision == "bf16":
        model.to(torch.bfloat16)
    if lora is not None:
        inject_adapter_in_model(lora, model)
        for parameter in model.parameters():
            parameter.data = parameter.data.float() if parameter.requires_grad else parameter.data
    if settings.gradient_checkpointing:
        model.gradient_checkpointing_enable()
        if lora is not None:
            model.enable_input_require_grads()
    for parameter in model.parameters():
        if parameter.requires_grad:
            parameter.grad = torch.zeros_like(parameter)
    return model


def measured_peak(
    config: Qwen2_5_VLConfig, settings: MemorySettings, lora: LoraConfig | None, inputs: dict[str, Any]
) -> int:
    """Bytes at the peak of a forward and backward pass, without the weights, their gradients and the inputs."""
    model = prepared(config, settings, lora)
    if settings.sharing > 1:
        model.model.language_model.set_attn_implementation(NAME)
    known: list[torch.Tensor] = [*model.parameters(), *model.buffers()]
    known += [value for value in inputs.values() if isinstance(value, torch.Tensor)]
    known += [parameter.grad for parameter in model.parameters() if parameter.grad is not None]
    low = settings.precision != "fp32"
    with LiveBytes(known) as live:
        with torch.autocast("cpu", torch.bfloat16) if low else nullcontext():
            hidden = model.model(**inputs).last_hidden_state
        hidden.sum().backward()
    return int(live.peak)


BASE, ADAPTED = (small(), 2, 100, 8, None), (small(), 2, 100, 8, ADAPTERS)
WIDE = (small(hidden=288, layers=3, intermediate=1280, vision=64), 3, 120, 4, None)
LARGE_IMAGE = (small(layers=3, vision=128), 1, 160, 20, None)


@pytest.mark.filterwarnings("ignore:.gradient_checkpointing_enable. is deprecated")  # its new name came with 5.23
@pytest.mark.parametrize("checkpointing", [False, True], ids=["kept", "checkpointed"])
@pytest.mark.parametrize(
    ("precision", "config", "size", "length", "grid", "lora"),
    [
        pytest.param("fp32", *BASE, id="base-fp32"),
        pytest.param("mixed", *BASE, id="base-mixed"),
        pytest.param("bf16", *BASE, id="base-bf16"),
        pytest.param("fp32", *ADAPTED, id="adapters-fp32"),
        pytest.param("mixed", *ADAPTED, id="adapters-mixed"),
        pytest.param("bf16", *ADAPTED, id="adapters-bf16"),
        pytest.param("fp32", *WIDE, id="wide-fp32"),
        pytest.param("mixed", *WIDE, id="wide-mixed"),
        pytest.param("fp32", *LARGE_IMAGE, id="large image-fp32"),
        pytest.param("mixed", *LARGE_IMAGE, id="large image-mixed"),
    ],
)
def test_activations_agree_with_the_peak_of_a_real_model(
    precision: Precision,
    config: Qwen2_5_VLConfig,
    size: int,
    length: int,
    grid: int,
    lora: LoraConfig | None,
    checkpointing: bool,
) -> None:
    settings = replace(
        PAPER,
        micro_batch=size,
        prompt_tokens=length,
        completion_tokens=0,
        patches=grid**2,
        precision=precision,
        gradient_checkpointing=checkpointing,
    )
    # The output projection is left out on both sides: off a GPU, TRL computes it in another way.
    shape = replace(model_shape(config, lora, train_vision=True), head_trained=False)
    estimated = activations(shape, settings)
    assert estimated.kept + estimated.working == pytest.approx(
        measured_peak(config, settings, lora, batch(size, length, grid)), rel=0.15
    )


@pytest.mark.parametrize(("config", "parameters"), [(SEVEN, 8_292_166_656), (THREE, 3_754_622_976)])
def test_the_published_models_have_their_published_sizes(config: Qwen2_5_VLConfig, parameters: int) -> None:
    shape = model_shape(config, None, train_vision=True)
    assert shape.parameters == shape.trainable == parameters


def test_what_is_trained() -> None:
    whole = model_shape(SEVEN, None, train_vision=True)
    frozen = model_shape(SEVEN, None, train_vision=False)
    assert whole.trainable - frozen.trainable == 676_550_144
    assert (whole.vision.trained, frozen.vision.trained) == (True, False)
    adapted = model_shape(SEVEN, LoraConfig(r=16, target_modules=["q_proj", "v_proj"]), train_vision=True)
    assert adapted.trainable == 28 * 16 * ((3584 + 3584) + (3584 + 512))
    assert adapted.parameters == whole.parameters
    assert (adapted.head_trained, adapted.trainable_embedding) == (False, 0)


def test_the_tied_head_is_counted_once() -> None:
    shape = model_shape(THREE, None, train_vision=True)
    assert (shape.head, shape.embedding) == (0, 151936 * 2048)


def part(result: Estimate, name: str) -> int:
    return next(part.bytes for part in result.parts if part.name == name)


@pytest.mark.parametrize("lora", [None, ADAPTERS], ids=["full", "lora"])
def test_a_model_is_counted_whole_while_deepspeed_would_divide_it(lora: LoraConfig | None) -> None:
    """transformers cannot even build it then without weights, and every launch with ZeRO-3 ended here."""
    pytest.importorskip("deepspeed", reason="deepspeed is not installed: pip install -e '.[deepspeed]'")
    alone = model_shape(small(), lora, True)
    divided = HfDeepSpeedConfig({"zero_optimization": {"stage": 3}, "train_batch_size": 1})  # on while it is held
    assert is_deepspeed_zero3_enabled()
    assert model_shape(small(), lora, True) == alone
    assert is_deepspeed_zero3_enabled()
    del divided
    assert not is_deepspeed_zero3_enabled()


@pytest.fixture(scope="module")
def seven() -> ModelShape:
    return model_shape(SEVEN, None, train_vision=True)


@pytest.mark.parametrize(
    ("changes", "bytes_a_parameter"),
    [
        ({"precision": "fp32"}, 16),
        ({"precision": "mixed"}, 16),
        ({"precision": "bf16"}, 8),
        ({"processes": 4}, 20),
        ({"sharding": "zero3", "processes": 4}, 4),
        ({"sharding": "fsdp2", "processes": 4}, 4),
        ({"sharding": "zero2", "processes": 4}, 2 + 14 / 4),
        ({"sharding": "zero3", "processes": 4, "offload_optimizer": True}, 1),
        ({"optimizer": "paged_adamw_8bit"}, 8),
        ({"optimizer": "stateless"}, 8),
        ({"sharding": "zero3", "processes": 4, "offload_optimizer": True, "offload_weights": True}, 0.5),
    ],
)
def test_bytes_of_weights_gradients_and_optimizer(
    seven: ModelShape, changes: dict[str, Any], bytes_a_parameter: float
) -> None:
    result = estimate(seven, replace(PAPER, **changes))
    held = sum(part(result, name) for name in ("weights", "gradients", "optimizer"))
    assert held / seven.parameters == pytest.approx(bytes_a_parameter, rel=1e-6)


def test_8bit_moments_leave_those_of_the_embedding_in_32_bits(seven: ModelShape) -> None:
    held = part(estimate(seven, replace(PAPER, optimizer="adamw_8bit")), "optimizer")
    assert held == 2 * seven.parameters + 6 * seven.embedding


@pytest.mark.parametrize(("quantization", "saved"), [("8bit", 1), ("4bit", 2 - 0.5625)])
def test_quantization_leaves_all_but_the_layers_as_it_is(quantization: Quantization, saved: float) -> None:
    adapted = model_shape(SEVEN, ADAPTERS, train_vision=True)
    settings = replace(PAPER, precision="bf16")
    whole, quantized = (
        part(estimate(adapted, replace(settings, quantization=kind)), "weights") for kind in ("none", quantization)
    )
    layers = 28 * adapted.text.layer_parameters + 32 * adapted.vision.layer_parameters
    assert whole - quantized == pytest.approx(layers * saved, abs=1)
    assert 7e9 < layers < adapted.parameters - adapted.embedding - adapted.head


def test_a_reference_is_a_second_model_unless_adapters_can_be_switched_off(seven: ModelShape) -> None:
    settings = replace(PAPER, reference_model=True)
    assert part(estimate(seven, settings), "reference model") == 4 * seven.parameters
    assert part(estimate(model_shape(SEVEN, ADAPTERS, True), settings), "reference model") == 0


def test_logits_are_never_whole(seven: ModelShape) -> None:
    settings = replace(PAPER, micro_batch=64, gradient_checkpointing=False)
    logits = 64 * 2048 * 152064 * 2
    working = part(estimate(seven, settings), "backward pass of a layer or the head")
    assert working < logits / 2


def test_the_tile_of_logits_is_that_of_trl() -> None:
    assert (HEAD_TOKENS, HEAD_VOCABULARY) == (TOKEN_CHUNK_SIZE, _CHUNKED_LOGPROB_CHUNK_SIZE)


@pytest.mark.parametrize("precision", ["mixed", "bf16", "fp32"])
def test_the_cache_of_generation(precision: Precision) -> None:
    config, settings = small(), replace(PAPER, precision=precision, gradient_checkpointing=False)
    model = prepared(config, settings, None).eval()
    inputs = batch(2, 120, 8) | {"use_cache": True}
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16) if precision != "fp32" else nullcontext():
        cache = model.model(**inputs).past_key_values
    held = sum(tensor.nbytes for layer in cache.layers for tensor in (layer.keys, layer.values))
    shape = model_shape(config, None, train_vision=True)
    assert held == 2 * 120 * shape.text.layers * 2 * shape.text.key_value_width * settings.weight_bytes


def test_generation_by_transformers_grows_with_its_batch(seven: ModelShape) -> None:
    small_batch, large_batch = (estimate(seven, replace(PAPER, generation_batch=n)) for n in (32, 640))
    assert large_batch.of("generating") > 15 * small_batch.of("generating")
    assert large_batch.of("generating") > 80 * GIB


def test_vllm_holds_its_share_unless_it_sleeps(seven: ModelShape) -> None:
    awake = estimate(seven, replace(PAPER, generation="vllm_colocate", vllm_memory=0.5))
    asleep = estimate(seven, replace(PAPER, generation="vllm_colocate", vllm_memory=0.5, vllm_sleeps=True))
    assert part(awake, "vLLM") == part(asleep, "vLLM") == 40 * GIB
    assert awake.total - asleep.total == min(40 * GIB, asleep.of("training"))
    # A share below what its weights take would not start.
    assert part(estimate(seven, replace(PAPER, generation="vllm_colocate", vllm_memory=0.1)), "vLLM") > 15 * GIB


def test_vllm_divides_its_weights_over_devices(seven: ModelShape) -> None:
    one, two = (
        part(estimate(seven, replace(PAPER, generation="vllm_colocate", vllm_memory=0.1, vllm_devices=n)), "vLLM")
        for n in (1, 2)
    )
    assert one - two == seven.parameters


@pytest.mark.parametrize("generation", ["none", "transformers"])
def test_held_out_answers_are_generated_by_transformers_without_vllm(
    seven: ModelShape, generation: Generation
) -> None:
    settings = replace(PAPER, generation=generation, generation_batch=16, heldout_batch=16)
    found = estimate(seven, settings)
    as_sampling = part(estimate(seven, replace(settings, generation="transformers")), "generation by transformers")
    assert part(found, "held-out answers") == as_sampling > 0
    assert part(estimate(seven, replace(settings, heldout_batch=0)), "held-out answers") == 0
    many = estimate(seven, replace(settings, heldout_batch=512))
    assert many.total == many.of("always") + many.of("evaluating") > found.total


def test_vllm_answers_held_out_questions_where_it_generates(seven: ModelShape) -> None:
    """In its own share of the device, so that nothing is added for them; a server has another device."""
    ways: tuple[Generation, ...] = ("transformers", "vllm_colocate", "vllm_server")
    needed = [estimate(seven, replace(PAPER, heldout_batch=16, generation=way)).of("evaluating") for way in ways]
    assert needed[0] > 0 and needed[1:] == [0, 0]


def test_held_out_answers_gather_the_whole_model_under_zero3(seven: ModelShape) -> None:
    settings = replace(PAPER, generation_batch=1, heldout_batch=1, processes=8, sharding="zero3")
    assert part(estimate(seven, settings), "held-out answers") > 2 * seven.parameters


def test_the_published_setups_fit_and_smaller_ones_do_not(seven: ModelShape) -> None:
    sharded = replace(PAPER, sharding="fsdp2", generation="vllm_colocate", vllm_sleeps=True, reference_model=True)
    assert estimate(seven, replace(sharded, processes=4)).fits  # Robot-R1: 4 x A100 80 GB
    assert not estimate(seven, replace(sharded, processes=1)).fits
    assert estimate(seven, replace(sharded, processes=8, device_bytes=40 * GIB)).fits  # full fine-tuning: 8 x 40 GB
    assert not estimate(seven, replace(sharded, processes=4, device_bytes=40 * GIB)).fits
    adapted = model_shape(SEVEN, ADAPTERS, train_vision=True)
    low = replace(PAPER, precision="bf16", micro_batch=1, generation="vllm_server", device_bytes=32 * GIB)
    assert estimate(adapted, low).fits  # LoRA: 2 x 32 GB
    assert not estimate(seven, low).fits


def test_the_table_says_every_part_and_the_peak(seven: ModelShape) -> None:
    lines = estimate(seven, PAPER).table().splitlines()
    assert lines[0].split() == ["weights", "always", "30.89", "GiB"]
    assert [line.split()[0] for line in lines[-2:]] == ["peak", "device"]
    assert not any("vLLM" in line for line in lines)
