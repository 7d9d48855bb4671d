from data_gen.splits import assign_splits
from robot_r1.demo import DemoKey

KEYS = [DemoKey(task=t, variation=e % 3, episode=e) for t in ("a", "b", "c", "d") for e in range(20)]


def held_out(by: str, fraction: float = 0.1, seed: int = 0) -> list[DemoKey]:
    splits = assign_splits(KEYS, by, fraction, seed)  # type: ignore[arg-type]
    return [key for key in KEYS if splits[key.id] == "test"]


def test_by_demo_holds_out_of_every_task() -> None:
    assert [sum(key.task == task for key in held_out("demo")) for task in "abcd"] == [2, 2, 2, 2]


def test_by_variation_holds_out_whole_variations() -> None:
    test = held_out("variation")
    for task in "abcd":
        variations = {key.variation for key in test if key.task == task}
        assert len(variations) == 1
        assert sum(key.task == task for key in test) == sum(
            key.task == task and key.variation in variations for key in KEYS
        )


def test_by_task_holds_out_whole_tasks() -> None:
    assert len({key.task for key in held_out("task")}) == 1
    assert len(held_out("task")) == 20


def test_seed_decides_and_zero_holds_out_nothing() -> None:
    assert held_out("demo") == held_out("demo")
    assert held_out("demo") != held_out("demo", seed=1)
    assert held_out("demo", 0) == []


def test_order_of_demos_does_not_matter() -> None:
    assert assign_splits(KEYS, "demo", 0.1, 0) == assign_splits(KEYS[::-1], "demo", 0.1, 0)
