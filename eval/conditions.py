"""What makes two runs two measurements of one thing, and what makes their numbers not comparable."""

from collections.abc import Sequence
from dataclasses import dataclass

from eval.results import Run

DATA = "dataset_version"
_NO_MATTER = ("dataset", "base_url")
"""Where the data lies and who serves the model; the version of the data and the model's name say what they are."""
_OF_THE_MODEL = ("engine", "checkpoint", "local_model.", "versions.")
"""What another model may have otherwise without being measured otherwise."""


@dataclass(frozen=True, slots=True)
class Differing:
    """A condition that is not the same in all runs.

    Attributes:
        values: each value, `none` for logs that do not say, with the models that ran under it.
    """

    name: str
    values: tuple[tuple[str, tuple[str, ...]], ...]

    @property
    def same_questions(self) -> bool:
        """Whether runs have to agree in it to have asked the same."""
        return self.name == DATA

    def __str__(self) -> str:
        return f"{self.name}: " + ", ".join(f"{value} ({', '.join(models)})" for value, models in self.values)


def settings(run: Run, ignore_model: bool = False) -> tuple[tuple[str, str], ...]:
    """Everything that is the same in runs that differ in nothing but their seed, or in their model and seed."""
    without = (*_NO_MATTER, *_OF_THE_MODEL) if ignore_model else _NO_MATTER
    return tuple(sorted((name, value) for name, value in run.facts.items() if not _among(name, without)))


def differing(runs: Sequence[Run]) -> list[Differing]:
    """The conditions, besides the model itself, that are not the same in all runs."""
    names = sorted({name for run in runs for name in run.facts})
    found = []
    for name in names:
        if _among(name, (*_NO_MATTER, *_OF_THE_MODEL)):
            continue
        models: dict[str, dict[str, None]] = {}
        for run in runs:
            models.setdefault(run.facts.get(name, "none"), {})[run.model] = None
        if len(models) > 1:
            found.append(Differing(name, tuple((value, tuple(given)) for value, given in models.items())))
    return found


def _among(name: str, names: tuple[str, ...]) -> bool:
    """Whether a fact is one of these, or within one that ends in a dot."""
    return name in names or name.startswith(tuple(each for each in names if each.endswith(".")))
