"""The few statistics that the page shows."""

import numpy as np
import numpy.typing as npt

Z95 = 1.959964
"""Standard normal quantile of a two-sided 95 % interval."""


def wilson(share: float, count: int) -> tuple[float, float]:
    """Wilson's 95 % score interval for a share of `count` independent trials (Wilson, 1927)."""
    if count <= 0:
        return 0.0, 1.0
    spread = Z95**2 / count
    centre = (share + spread / 2) / (1 + spread)
    half = Z95 * np.sqrt(share * (1 - share) / count + spread / (4 * count)) / (1 + spread)
    return max(0.0, float(centre - half)), min(1.0, float(centre + half))


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
