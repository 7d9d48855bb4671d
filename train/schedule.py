"""How often is generated, learned and updated: the arithmetic behind `--dry_run` and the save points."""

from dataclasses import dataclass
from math import ceil

from trl import GRPOConfig, RLOOConfig


@dataclass(frozen=True)
class Schedule:
    """Counts of a reinforcement-learning run, over all processes together."""

    completions_per_generation: int
    prompts_per_generation: int
    completions_per_update: int
    updates_per_generation: int
    generations_per_update: int
    """1, unless gradients are accumulated over several generation batches."""
    generations_per_epoch: int
    updates: int

    @property
    def updates_per_epoch(self) -> int:
        """Optimiser steps in which every prompt is used once."""
        return ceil(self.generations_per_epoch * self.updates_per_generation / self.generations_per_update)

    @property
    def generations(self) -> int:
        """How often the policy is sampled in the whole run."""
        return ceil(self.updates / self.updates_per_generation) * self.generations_per_update

    def text(self) -> str:
        """A few lines for a person."""
        shared = f"{self.updates_per_generation} per generation"
        if self.generations_per_update > 1:
            shared = f"one from {self.generations_per_update} generations"
        return "\n".join(
            [
                f"generation: {self.prompts_per_generation} prompts, {self.completions_per_generation} completions",
                f"update: {self.completions_per_update} completions; {shared}",
                f"epoch: {self.generations_per_epoch} generations, {self.updates_per_epoch} updates",
                f"run: {self.generations} generations, {self.updates} updates, "
                f"{self.generations * self.completions_per_generation} completions",
            ]
        )


def schedule(training: GRPOConfig | RLOOConfig, prompts: int, processes: int) -> Schedule:
    """The schedule of a run over a number of prompts.

    A last generation batch that the prompts of an epoch do not fill is left out, as TRL's sampler does.
    """
    per_step = training.per_device_train_batch_size * processes
    generation = per_step * training.steps_per_generation
    per_generation = training.steps_per_generation * training.num_iterations
    accumulated = training.gradient_accumulation_steps
    in_generation = generation // training.num_generations
    generations_per_epoch = prompts // in_generation
    epoch = ceil(generations_per_epoch * per_generation / accumulated)
    return Schedule(
        completions_per_generation=generation,
        prompts_per_generation=in_generation,
        completions_per_update=per_step * accumulated,
        updates_per_generation=max(1, per_generation // accumulated),
        generations_per_update=max(1, accumulated // per_generation),
        generations_per_epoch=generations_per_epoch,
        updates=training.max_steps if training.max_steps > 0 else ceil(epoch * training.num_train_epochs),
    )
