"""What a training run's memory depends on beside the model."""

from dataclasses import dataclass
from typing import Literal

from train.shared_prefix.groups import most_prompts

Precision = Literal["fp32", "mixed", "bf16"]
"""fp32: everything in float32. mixed: float32 weights, computed in bfloat16 (TRL's default). bf16: both bfloat16."""

Optimizer = Literal["adamw", "adamw_8bit", "paged_adamw_8bit", "stateless"]
"""stateless: next to nothing is held for a parameter, as with Adafactor and with SGD without momentum."""
Quantization = Literal["none", "8bit", "4bit"]
Sharding = Literal["none", "zero2", "zero3", "fsdp2"]
Generation = Literal["none", "transformers", "vllm_colocate", "vllm_server"]


@dataclass(frozen=True, kw_only=True)
class MemorySettings:
    """One process of a run: counts per device, lengths in tokens of the longest prompt and completion."""

    device_bytes: int
    """Memory of the device."""
    micro_batch: int
    """Completions in one forward pass: `per_device_train_batch_size`."""
    generation_batch: int
    """Completions generated at once: `per_device_train_batch_size` x `steps_per_generation`."""
    prompt_tokens: int
    """Tokens of a prompt, those of its image included."""
    completion_tokens: int
    patches: int
    """Patches of 14 x 14 pixels of a prompt's image: four times its tokens."""
    sharing: int = 1
    """Completions for which a prompt is computed once: `num_generations` where prompts are shared."""
    heldout_batch: int = 0
    """Held-out questions that transformers answers at once; 0: none are asked. vLLM answers where it generates."""
    precision: Precision = "mixed"
    quantization: Quantization = "none"
    """Of the frozen matrices in the layers of the language model and of the vision tower, by bitsandbytes."""
    optimizer: Optimizer = "adamw"
    sharding: Sharding = "none"
    processes: int = 1
    offload_optimizer: bool = False
    """Whether DeepSpeed keeps what the optimizer holds in the memory of the host."""
    offload_weights: bool = False
    """Whether ZeRO-3 keeps its shards of the weights there."""
    gradient_checkpointing: bool = True
    flash_attention: bool = False
    reference_model: bool = False
    """Whether the run has a penalty for the distance to a reference. With adapters that is the model without them."""
    generation: Generation = "transformers"
    vllm_memory: float = 0.3
    """`vllm_gpu_memory_utilization`: share of the device that a colocated vLLM takes."""
    vllm_devices: int = 1
    """`vllm_tensor_parallel_size`: devices over which a colocated vLLM divides its weights."""
    vllm_sleeps: bool = False
    """`vllm_enable_sleep_mode`: vLLM gives its share back while the model is trained."""

    @property
    def prompts(self) -> int:
        """Prompts that are computed in one forward pass, at most: a group may have begun in the batch before."""
        whole, aligned = self.micro_batch % self.sharing == 0, self.generation_batch % self.sharing == 0
        return most_prompts(self.micro_batch, self.sharing, whole, aligned)

    @property
    def pictures(self) -> int:
        """Pictures of a generation batch that are held until it is learned from: TRL holds one for each completion."""
        whole = self.generation_batch % self.sharing == 0
        return most_prompts(self.generation_batch, self.sharing, whole, aligned=True)

    @property
    def group_tokens(self) -> int:
        """Tokens of a prompt with the completions that share it, at most."""
        return self.prompt_tokens + min(self.sharing, self.micro_batch) * self.completion_tokens

    @property
    def weight_bytes(self) -> int:
        """Bytes of a weight in the forward pass. DeepSpeed and FSDP keep float32 weights beside it, in shards."""
        return 2 if self.precision == "bf16" or (self.sharding != "none" and self.precision == "mixed") else 4

    @property
    def compute_bytes(self) -> int:
        """Bytes of a number in the matrix products."""
        return 4 if self.precision == "fp32" else 2

    @property
    def shards_weights(self) -> bool:
        """Whether each process holds a part of the weights and gathers the rest when it needs them."""
        return self.sharding in ("zero3", "fsdp2")

    @property
    def casts_weights(self) -> bool:
        """Whether autocast keeps a copy of each weight in bfloat16 until the backward pass."""
        return self.compute_bytes < self.weight_bytes
