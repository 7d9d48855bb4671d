"""The few statistics that the page shows."""

import numpy as np
import numpy.typing as npt


def running_mean(values: npt.NDArray[np.float64], width: int) -> npt.NDArray[np.float64]:
    """Centred mean over up to `width` (odd) neighbours, (n,) to (n,); over those that exist at the ends."""
    kernel = np.ones(width)
    half = width // 2
    sums = np.convolve(values, kernel)[half : half + len(values)]
    counts = np.convolve(np.ones(len(values)), kernel)[half : half + len(values)]
    return sums / counts


def smoothing_width(count: int) -> int:
    """How many points a smoothed line averages: about a twentieth, odd; 1 where there are too few to smooth."""
    return 1 if count < 40 else 2 * (count // 40) + 1
