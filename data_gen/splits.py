"""Which demos train and which test: decided from the demo ids alone, before any demo is opened."""

from collections import defaultdict
from collections.abc import Sequence

from data_gen.config import SplitBy
from robot_r1.demo import DemoKey
from robot_r1.question import Split
from robot_r1.seeding import generator


def assign_splits(keys: Sequence[DemoKey], by: SplitBy, test_fraction: float, seed: int) -> dict[str, Split]:
    """The split of each demo id.

    Whole demos, variations or tasks are held out; demos and variations are held out of every task separately. Of n
    units `round(test_fraction * n)` go to test, but at least one where there are two or more
    and the fraction is not 0.
    """
    units: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for key in keys:
        task = f"{key.collection}/{key.task}"
        stratum = "" if by == "task" else task
        unit = {"demo": key.id, "variation": f"{task}/{key.variation}", "task": key.task}[by]
        units[stratum][unit].append(key.id)

    splits: dict[str, Split] = {key.id: "train" for key in keys}
    for stratum, members in units.items():
        names = sorted(members)
        count = round(test_fraction * len(names))
        if test_fraction > 0 and len(names) > 1:
            count = max(count, 1)
        order = generator(seed, "split", stratum).permutation(len(names))
        for i in order[:count]:
            for demo_id in members[names[i]]:
                splits[demo_id] = "test"
    return splits
