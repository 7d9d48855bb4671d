"""A plan, read from an answer and laid beside the steps that are left."""

from dataclasses import dataclass

from eval.judge.rules.steps import PLACING, Event, Scene, is_aimless, is_gripper, read_events
from eval.judge.rules.verdict import Verdict
from eval.robot_r1_bench.question import Action, Plan, PlanStep

IMPLIED_BY: dict[Action, frozenset[Action]] = {
    "reach": frozenset({"grasp", "press", "pull", "push", "lift", "carry", "place", "release"}),
    "grasp": frozenset({"lift", "carry", "place", "release", "pull"}),
    "lift": frozenset({"carry", "place", "release"}),
    "carry": frozenset({"place", "release"}),
    "place": frozenset({"release"}),
    "release": frozenset({"place"}),
    "press": frozenset(),
    "pull": frozenset(),
    "push": frozenset(),
    "retreat": frozenset(),
}
"""What cannot be done without a step: who tells to lift a cup tells to grasp it as well."""
_FREE: frozenset[Action] = frozenset({"reach", "retreat"})
_ENOUGH = 0.75
"""Share of the steps from which one that is left out is a minor difference."""


@dataclass(frozen=True, slots=True)
class _Flaws:
    major: list[str]
    minor: list[str]


def score_plan(truth: Plan, answer: str) -> Verdict:
    """How the steps of an answer agree with those that are left.

    The steps are aligned in their order (longest common subsequence); optional ones are free, and a movement without
    where to is none. Minor differences are: a
    step that is only implied by a later one of the same thing, an addition after the last step or one that changes
    nothing, a place that is not named. Major ones are: a step that is missing or in the wrong order, an action in
    between that belongs to no step or is done to another thing.

    - 3: all steps, in their order.
    - 2: all steps with minor differences, no more of them implied than told; or a quarter of the steps or less is
      missing, not the last.
    - 1: at least half of the steps with major differences, no more of these than steps; or any decisive step, if
      others are missing and nothing else is wrong.
    - 0: less than that.
    """
    scene = Scene(truth.steps)
    events = _without_repetitions(read_events(answer, scene.things))
    aligned = {
        s: e
        for s, e in _align(truth.steps, events, scene).items()
        if not is_aimless(events[e], truth.steps[s], events)
    }
    required = [i for i, step in enumerate(truth.steps) if not step.optional] or list(range(len(truth.steps)))
    if not any(i in aligned for i in required):
        return Verdict(0, "none of the steps is told")
    implied = [i for i in required if i not in aligned and _implied(i, aligned, truth.steps, scene)]
    missing = [i for i in required if i not in aligned and i not in implied]
    told = [i for i in required if i in aligned]
    flaws = _flaws(truth.steps, events, aligned, scene)
    flaws.minor.extend(f"{_name(truth.steps[i])} is only implied" for i in implied)
    for i in missing:
        late = any(scene.fits(event, truth.steps[i]) for event in events)
        flaws.major.append(f"{_name(truth.steps[i])} is {'in the wrong order' if late else 'missing'}")
    share = 1 - len(missing) / len(required)
    only_missing = len(flaws.major) == len(missing)
    if flaws.major and not (only_missing and share >= _ENOUGH and required[-1] not in missing):
        half = len(told) * 2 >= len(required) and len(flaws.major) <= len(told)
        enough = half or (only_missing and any(truth.steps[i].action not in _FREE for i in told))
        return Verdict(int(enough), "; ".join(flaws.major))
    if len(implied) > len(told):
        return Verdict(1, "; ".join(flaws.minor))
    if flaws.major or flaws.minor:
        return Verdict(2, "; ".join(flaws.major + flaws.minor))
    return Verdict(3, "all steps are told in their order")


def _align(steps: tuple[PlanStep, ...], events: list[Event], scene: Scene) -> dict[int, int]:
    """By index of a step the index of its event: as many steps as keep their order, required ones first."""
    best = [[0.0] * (len(steps) + 1) for _ in range(len(events) + 1)]
    for e in reversed(range(len(events))):
        for s in reversed(range(len(steps))):
            best[e][s] = max(best[e + 1][s], best[e][s + 1])
            if scene.fits(events[e], steps[s]):
                best[e][s] = max(best[e][s], best[e + 1][s + 1] + _worth(steps[s], events[e]))
    aligned: dict[int, int] = {}
    e = s = 0
    while e < len(events) and s < len(steps):
        fits = scene.fits(events[e], steps[s])
        if fits and best[e][s] == best[e + 1][s + 1] + _worth(steps[s], events[e]):
            aligned[s] = e
            e, s = e + 1, s + 1
        elif best[e][s] == best[e + 1][s]:
            e += 1
        else:
            s += 1
    return aligned


def _worth(step: PlanStep, event: Event) -> float:
    return (0.25 if step.optional else 1.0) + (0.0 if event.aside else 0.03125) + (0.03125 if event.things else 0.0)


def _implied(i: int, aligned: dict[int, int], steps: tuple[PlanStep, ...], scene: Scene) -> bool:
    step = steps[i]
    if is_gripper(step.thing):
        return False
    return any(
        not is_gripper(steps[later].thing)
        and steps[later].action in IMPLIED_BY[step.action]
        and scene.same_thing(steps[later], step)
        for later in aligned
        if later > i or (step.action == "release" and later == i - 1)
    )


def _flaws(steps: tuple[PlanStep, ...], events: list[Event], aligned: dict[int, int], scene: Scene) -> _Flaws:
    used = set(aligned.values())
    placed = any(step.place for step in steps)
    flaws = _Flaws([], [])
    holding = not any(step.action == "grasp" and not is_gripper(step.thing) for step in steps)
    for e, event in enumerate(events):
        if e in used:
            holding = holding or "grasp" in event.actions
        elif not (event.aside or _repeats(e, events, aligned, steps, scene) or _prepares(event, holding, steps)):
            doing = "/".join(sorted(event.actions)) or "something else"
            if event.elsewhere and (not event.things or (placed and event.actions & PLACING)):
                flaws.major.append(f"{doing} is done to another thing or at another place")
            elif _changes_much(event, before_last=e < max(used)):
                flaws.major.append(f"{doing} is no step")
            elif e < max(used) or not event.actions & _FREE:
                flaws.minor.append(f"{doing} is added")
    for s in aligned:
        named = any(not scene.leaves_place_open(event, steps[s]) for event in events)
        if not steps[s].optional and not named:
            flaws.minor.append(f"the place of {_name(steps[s])} is not named")
    return flaws


def _changes_much(event: Event, before_last: bool) -> bool:
    """Whether an addition spoils a plan; to put a thing down after the last step does not."""
    harmless = _FREE | {"lift", "carry"} | (frozenset() if before_last else {"place", "release"})
    return not event.actions & harmless


def _repeats(e: int, events: list[Event], aligned: dict[int, int], steps: tuple[PlanStep, ...], scene: Scene) -> bool:
    """Whether an event says the step before or after it once more, in other words or in more detail."""
    if not events[e].things and events[e].actions & _FREE:
        return True
    low = max((s for s, other in aligned.items() if other < e), default=0)
    high = min((s for s, other in aligned.items() if other > e), default=len(steps) - 1)
    return any(scene.fits(events[e], step) for step in steps[low : high + 1])


def _prepares(event: Event, holding: bool, steps: tuple[PlanStep, ...]) -> bool:
    """Opening an empty gripper; closing one that is to press or push."""
    if event.things or event.elsewhere:
        return False
    pressing = any(step.action in {"press", "push"} for step in steps)
    return (event.actions == {"release"} and not holding) or (event.actions == {"grasp"} and pressing)


def _without_repetitions(events: tuple[Event, ...]) -> list[Event]:
    """Events without those that say again what the one before says."""
    kept: list[Event] = []
    for event in events:
        if (
            kept
            and event.actions == kept[-1].actions
            and event.things in ((), kept[-1].things)
            and not event.elsewhere
        ):
            continue
        kept.append(event)
    return kept


def _name(step: PlanStep) -> str:
    return f"{step.action} {step.thing[0]}"
