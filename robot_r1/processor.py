"""Which processor computes here: physics and pictures differ in their last digits from one to another."""

import platform
from functools import cache
from pathlib import Path

_CPUINFO = Path("/proc/cpuinfo")


@cache
def processor() -> str:
    """Architecture and model of this machine's processor, such as `x86_64 AMD EPYC 7763 64-Core Processor`.

    The model is left out where the system does not tell it.
    """
    names = [line.partition(":")[2] for line in _lines() if line.startswith("model name")]
    model = names[0] if names else platform.processor()
    return " ".join(f"{platform.machine()} {model}".split())


def _lines() -> list[str]:
    try:
        return _CPUINFO.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:  # other systems than Linux
        return []
