"""Runs a script as one of several processes that shard a model on a CPU, as they would on GPUs.

accelerate launch --config_file configs/accelerate/zero3.yaml -m tests.support.on_cpu train/grpo.py FLAGS
"""

import os
import runpy
import sys
from typing import Any

from accelerate import DistributedType, PartialState


def main(script: str) -> None:
    """Let accelerate shard where there is no GPU, which it refuses, and run the script."""
    stock = PartialState._prepare_backend
    sharded = "true" in (os.environ.get("ACCELERATE_USE_DEEPSPEED"), os.environ.get("ACCELERATE_USE_FSDP"))

    def prepare(self: PartialState, *arguments: Any, **named: Any) -> tuple[str | None, DistributedType]:
        backend, kind = stock(self, *arguments, **named)
        if backend is not None or "LOCAL_RANK" not in os.environ:
            return backend, kind
        return "gloo", DistributedType.MULTI_GPU if sharded else DistributedType.MULTI_CPU

    PartialState._prepare_backend = prepare
    if os.environ.get("ACCELERATE_USE_DEEPSPEED") == "true":
        import deepspeed.comm.torch

        deepspeed.comm.torch.build_shm_op = lambda: None  # it would be compiled, for a minute
    runpy.run_path(script, run_name="__main__")


if __name__ == "__main__":
    sys.argv = sys.argv[1:]
    main(sys.argv[0])
