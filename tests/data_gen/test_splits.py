from collections import Counter

import pytest
from pydantic import ValidationError

from data_gen.config import SplitConfig
from data_gen.manifest import DataFile, Manifest
from data_gen.splits import assign_splits, lacking
from robot_r1.demo import DemoKey
from robot_r1.question import SPLITS

KEYS = [DemoKey(task=t, variation=e % 3, episode=e) for t in ("a", "b", "c", "d") for e in range(20)]


def demos(count: int) -> list[DemoKey]:
    return [DemoKey(task="a", variation=0, episode=e) for e in range(count)]


def held_out(split: str, by: str = "demo", seed: int = 0, keys: list[DemoKey] = KEYS) -> list[DemoKey]:
    splits = assign_splits(keys, SplitConfig.model_validate({"by": by}), seed)
    return [key for key in keys if splits[key.id] == split]


@pytest.mark.parametrize("split", ["validation", "test"])
def test_by_demo_holds_out_of_every_task(split: str) -> None:
    assert [sum(key.task == task for key in held_out(split)) for task in "abcd"] == [2, 2, 2, 2]


@pytest.mark.parametrize("split", SPLITS)
def test_by_variation_holds_out_whole_variations(split: str) -> None:
    chosen = held_out(split, "variation")
    for task in "abcd":
        variations = {key.variation for key in chosen if key.task == task}
        assert len(variations) == 1
        assert sum(key.task == task for key in chosen) == sum(
            key.task == task and key.variation in variations for key in KEYS
        )


def test_by_task_holds_out_whole_tasks() -> None:
    tasks = [{key.task for key in held_out(split, "task")} for split in SPLITS]
    assert [len(each) for each in tasks] == [2, 1, 1]
    assert set.union(*tasks) == set("abcd")


@pytest.mark.parametrize(
    ("count", "expected"),
    [(1, (1, 0, 0)), (2, (1, 0, 1)), (3, (1, 1, 1)), (5, (3, 1, 1)), (8, (6, 1, 1)), (50, (40, 5, 5))],
)
def test_few_demos_train_first_then_test_then_validate(count: int, expected: tuple[int, int, int]) -> None:
    assert tuple(len(held_out(split, keys=demos(count))) for split in SPLITS) == expected


@pytest.mark.parametrize(("validation", "test"), [(0.5, 0.4), (0.0, 0.99), (0.99, 0.0), (0.05, 0.9)])
@pytest.mark.parametrize("count", [1, 2, 3, 7])
def test_something_is_left_to_train_on(validation: float, test: float, count: int) -> None:
    config = SplitConfig(validation_fraction=validation, test_fraction=test)
    assert "train" in assign_splits(demos(count), config, 0).values()


def test_fractions_that_leave_nothing_to_train_on_are_refused() -> None:
    with pytest.raises(ValidationError, match=r"validation_fraction 0\.6 and split\.test_fraction 0\.4 leave nothing"):
        SplitConfig(validation_fraction=0.6, test_fraction=0.4)


def test_seed_decides_and_zero_holds_out_nothing() -> None:
    for split in ("validation", "test"):
        assert held_out(split) == held_out(split)
        assert held_out(split) != held_out(split, seed=1)
    none = assign_splits(KEYS, SplitConfig(validation_fraction=0, test_fraction=0), 0)
    assert Counter(none.values()) == {"train": len(KEYS)}


def test_the_test_demos_do_not_depend_on_the_validation_share() -> None:
    """So that numbers on them stay comparable."""
    splits = [assign_splits(KEYS, SplitConfig(validation_fraction=share), 0) for share in (0, 0.1, 0.3)]
    chosen = [{key for key, split in each.items() if split == "test"} for each in splits]
    assert chosen[0] == chosen[1] == chosen[2]


def test_order_of_demos_does_not_matter() -> None:
    assert assign_splits(KEYS, SplitConfig(), 0) == assign_splits(KEYS[::-1], SplitConfig(), 0)


def manifest(by: str, tasks: dict[str, dict[str, int]]) -> Manifest:
    files = [
        DataFile.model_validate(
            {"path": "x", "question_type": "waypoint", "split": split, "rows": 1, "bytes": 1, "sha256": ""}
            | {"answers": {}, "tasks": counts}
        )
        for split, counts in tasks.items()
    ]
    config = {"split": SplitConfig.model_validate({"by": by}).model_dump()}
    return Manifest(config=config, versions={}, renderers=(), demos=(), skipped=(), dropped={}, files=tuple(files))


def test_a_split_without_some_tasks_is_told() -> None:
    few = {"train": {"a": 1, "b": 1, "c": 1}, "validation": {"b": 1}, "test": {"a": 1, "b": 1, "c": 1}}
    assert lacking(manifest("demo", few)) == [
        "no questions of a, c in the validation split: too few demos to hold apart"
    ]
    assert lacking(manifest("variation", {"train": {"a": 1}})) == [
        "no questions of a in the validation split: too few variations to hold apart",
        "no questions of a in the test split: too few variations to hold apart",
    ]


def test_whole_tasks_held_apart_are_no_fault() -> None:
    assert not lacking(manifest("task", {"train": {"a": 1}, "validation": {"b": 1}, "test": {"c": 1}}))
    assert lacking(manifest("task", {"train": {"a": 1}, "test": {"c": 1}})) == [
        "no questions of a, c in the validation split: too few tasks to hold apart"
    ]
