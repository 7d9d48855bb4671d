"""Another processor, as near as one comes to it on this machine, and how like two pictures are.

On x86 the C library and OpenBLAS choose their routines by what the processor can do; a process whose environment hides
the newer instructions rounds as on a machine that lacks them. Elsewhere the environment changes nothing.
"""

import os

import numpy as np
from numpy.typing import NDArray

ENVIRONMENT = {
    **os.environ,
    "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX,-AVX2,-AVX512F,-FMA,-FMA4",
    "OPENBLAS_CORETYPE": "Nehalem",
    "NPY_DISABLE_CPU_FEATURES": "X86_V4 AVX512_ICL AVX512_SPR X86_V3",
}
"""For a process of its own: libraries look at the environment when they are loaded."""


def share_of_other_pixels(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> float:
    """Share of the pixels of two pictures (H, W, 3) of one size that differ by more than 2 of 255 levels."""
    differences = np.abs(one.astype(int) - other.astype(int)).max(axis=-1)
    return float((differences > 2).mean())
