"""The model with the best held-out accuracy of a run, in RUN/best."""

import json
from pathlib import Path

from transformers import Trainer

from train.folders import remove, save_model, standing

BEST, SCORE = "best", "heldout.json"


class BestModel:
    """Keeps the best model so far; a resumed run goes on from what is there."""

    def __init__(self, run: Path) -> None:
        self._folder = run / BEST
        self._accuracy = best_score(run)[0]

    def offer(self, trainer: Trainer, accuracy: float, step: int) -> None:
        """Save the model if it is better than all before; every process has to call this with the same accuracy."""
        if accuracy <= self._accuracy:
            return
        self._accuracy = accuracy
        save_model(trainer, self._folder, {SCORE: json.dumps({"accuracy": accuracy, "step": step}) + "\n"})


def forget_best(run: Path) -> None:
    """Take away the best model of a run that begins anew."""
    if (standing(run / BEST) / SCORE).is_file():
        remove(run / BEST)


def best_score(run: Path) -> tuple[float, int]:
    """Held-out accuracy and step of the run's best model; (-1, 0) if it has none yet."""
    try:
        score = json.loads((standing(run / BEST) / SCORE).read_text(encoding="utf-8"))
    except OSError:
        return -1.0, 0
    return float(score["accuracy"]), int(score["step"])
