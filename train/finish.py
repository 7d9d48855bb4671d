"""The end of a run: the last model, the cards, the upload, and what to do next."""

from pathlib import Path
from shlex import quote
from typing import Any

from transformers import Trainer

from train.arguments import Settings
from train.best import BEST
from train.card import write_card
from train.folders import restore, save_model
from train.hub import upload

LAST = "last"


def finish(settings: Settings[Any], trainer: Trainer, hub_id: str | None) -> None:
    """Save the last model, write a card beside each model, push the best one to `hub_id`, and say where things are.

    Raises:
        UserError: the Hub cannot be reached or refuses.
    """
    run = Path(settings.training.output_dir)
    save_model(trainer, run / LAST)
    leave_others(trainer)
    if not trainer.is_world_process_zero():
        return
    restore(run / BEST)
    best = run / BEST if (run / BEST).is_dir() else run / LAST
    for folder in {run / LAST, best}:
        write_card(folder, run, trainer.state.global_step)
    if hub_id:
        print(f"pushed to {upload(best, hub_id)}")
    print(f"best model: {best}\nlast model: {run / LAST}")
    if settings.model.use_peft:
        print(f"merge:      python -m train.merge {quote(str(best))} --out {quote(str(run / 'merged'))}")
    print(f"next:       python -m train.report {quote(str(run))}")


def leave_others(trainer: Trainer) -> None:
    """Part from the other processes; what comes after does without them.

    A process that ends while it is joined to others may be aborted: threads that talk to them still run then.
    """
    trainer.accelerator.end_training()
