"""How often 95 % intervals of accuracy hold the truth: the table in docs/evaluation.md.

python benchmarks/coverage.py [--trials 2000]

A demo has one question and a Poisson number of others, nine in the mean. Its own accuracy is drawn from a beta
distribution whose mean is the accuracy and whose spread makes two answers of a demo correlate as the column says.
"""

import argparse

import numpy as np

from robot_r1.intervals import clustered_interval
from robot_r1.seeding import generator

ACCURACIES = (0.02, 0.05, 0.25, 0.5, 0.8, 0.95, 0.98, 1.0)
DEMOS = (5, 10, 25, 50, 200)
CORRELATIONS = (0.0, 0.2, 0.6)
OTHERS = 8
"""Questions of a demo beyond the first, in the mean."""


def coverage(accuracy: float, demos: int, correlation: float, trials: int) -> tuple[float, float]:
    """The share of the intervals that hold the accuracy, and their mean width."""
    random = generator(0, "coverage", f"{accuracy} {demos} {correlation}")
    held, width = 0, 0.0
    for _ in range(trials):
        of_demo = np.full(demos, accuracy)
        if correlation > 0 and accuracy < 1:
            spread = (1 - correlation) / correlation
            of_demo = random.beta(accuracy * spread, (1 - accuracy) * spread, demos)
        demo = np.repeat(np.arange(demos), 1 + random.poisson(OTHERS, demos))
        right = (random.random(len(demo)) < of_demo[demo]).astype(np.float64)
        found = clustered_interval(right, demo)
        held += found.low <= accuracy <= found.high
        width += found.high - found.low
    return held / trials, width / trials


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=2000, help="simulated runs for each cell (default 2000)")
    trials = parser.parse_args().trials
    print(f"| demos | correlation | {' | '.join(map(str, ACCURACIES))} |\n|---|---|{'---|' * len(ACCURACIES)}")
    for demos in DEMOS:
        for correlation in CORRELATIONS:
            cells = [coverage(accuracy, demos, correlation, trials) for accuracy in ACCURACIES]
            written = " | ".join(f"{share:.3f} ({width:.2f})" for share, width in cells)
            print(f"| {demos} | {correlation} | {written} |", flush=True)


if __name__ == "__main__":
    main()
