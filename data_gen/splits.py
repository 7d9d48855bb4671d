"""Which demos train, validate and test: decided from the demo ids alone, before any demo is opened."""

from collections import defaultdict
from collections.abc import Sequence

from data_gen.config import SplitConfig
from data_gen.manifest import Manifest
from robot_r1.demo import DemoKey
from robot_r1.question import Split
from robot_r1.seeding import generator


def assign_splits(keys: Sequence[DemoKey], config: SplitConfig, seed: int) -> dict[str, Split]:
    """The split of each demo id.

    Whole demos, variations or tasks are held out; demos and variations are held out of every task separately. Of n
    units `round(fraction * n)` go to test, and as many by its own fraction to validation, but at least one to each
    whose fraction is not 0. Where there are too few for all three, one stays in training first, then one goes to test.
    """
    units: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for key in keys:
        task = f"{key.collection}/{key.task}"
        stratum = "" if config.by == "task" else task
        unit = {"demo": key.id, "variation": f"{task}/{key.variation}", "task": key.task}[config.by]
        units[stratum][unit].append(key.id)

    splits: dict[str, Split] = {key.id: "train" for key in keys}
    for stratum, members in units.items():
        names = sorted(members)
        test = _count(config.test_fraction, len(names), len(names) - 1)
        validation = _count(config.validation_fraction, len(names), len(names) - 1 - test)
        order = generator(seed, "split", stratum).permutation(len(names)).tolist()
        held_out: tuple[tuple[Split, list[int]], ...] = (
            ("test", order[:test]),
            ("validation", order[test : test + validation]),
        )
        for split, chosen in held_out:
            splits |= {demo_id: split for i in chosen for demo_id in members[names[i]]}
    return splits


def _count(fraction: float, units: int, most: int) -> int:
    return min(max(round(fraction * units), 1), most) if fraction > 0 else 0


def lacking(manifest: Manifest) -> list[str]:
    """A line for each split that was asked for and lacks some tasks, or all: too few demos to hold any apart."""
    config = SplitConfig.model_validate(manifest.config["split"])
    tasks = {task for file in manifest.files for task in file.tasks}
    fractions: dict[Split, float] = {"validation": config.validation_fraction, "test": config.test_fraction}
    lines = []
    for split, fraction in fractions.items():
        there = {task for file in manifest.files if file.split == split for task in file.tasks}
        missing = sorted(tasks - there) if config.by != "task" or not there else []
        if fraction > 0 and missing:
            named = ", ".join(missing)
            lines.append(f"no questions of {named} in the {split} split: too few {config.by}s to hold apart")
    return lines
