"""The step that comes next, read from an answer."""

from eval.judge.rules.plan import IMPLIED_BY
from eval.judge.rules.steps import Event, Scene, is_aimless, is_gripper, read_events
from eval.judge.rules.verdict import Verdict
from eval.robot_r1_bench.question import Action, Subtask

_ALIKE: dict[Action, Action] = {"reach": "grasp", "place": "release"}


def score_subtask(truth: Subtask, answer: str) -> Verdict:
    """Whether an answer names the next step.

    - 3: it does, and nothing else. What is told as a purpose (`to grasp it`) does not count as something else, nor
      does the grasp in `pick up` where the thing is to be lifted.
    - 2: it names the step first and then one more, be it two in one verb (`pick up`); or as a purpose only; or leaves
      open to where a thing is brought; or names only what the step leads straight on to, where the truth does not
      list that among the other steps.
    - 1: it names the step, but another one before it, or a whole plan or something done to another thing after it; or
      a movement without where to; or a neighbour of the step, done to the same thing.
    - 0: anything else.
    """
    scene = Scene((truth.step, *truth.others))
    events = read_events(answer, scene.things)
    if not events:
        return Verdict(0, "no action is told")
    told = [event for event in events if not event.aside] or list(events)
    name = f"{truth.step.action} {truth.step.thing[0]}"
    right = [i for i, event in enumerate(told) if scene.fits(event, truth.step)]
    if not right:
        if any(scene.fits(event, truth.step) for event in events if event.aside):
            return Verdict(2, f"{name} is told as a purpose only")
        if _alike(told[0], truth, scene):
            whole = sum(not event.leads for event in told) > 1
            return Verdict(
                1 if whole else 2, f"what {name} leads straight on to is told{' with more' if whole else ''}"
            )
        if any(_is_neighbour(event, truth, scene) for event in told[:1]):
            return Verdict(1, f"a neighbour of {name} is told")
        return Verdict(0, f"{name} is not told")
    if before := [event for event in told[: right[0]] if not (event.leads or _prepares(event))]:
        return Verdict(1, f"{name} is told after {len(before)} other actions")
    more = [event for event in told[right[0] + 1 :] if not scene.fits(event, truth.step) and not _repositions(event)]
    if is_aimless(told[right[0]], truth.step, events):
        return Verdict(1, f"to where something moves is not told: {name}")
    if any(event.elsewhere or not event.actions for event in more):
        return Verdict(1, f"{name} is told, and then something with another thing")
    if sum(not event.leads for event in more) > 1:
        return Verdict(1, f"{name} is told, and then a whole plan")
    if more:
        return Verdict(2, f"{name} is told, and more with it")
    if scene.leaves_place_open(told[right[0]], truth.step):
        return Verdict(2, f"the place of {name} is not named")
    return Verdict(3, f"{name} is told, and nothing else")


def _alike(event: Event, truth: Subtask, scene: Scene) -> bool:
    """Whether it is what a step leads straight on to, and the truth does not list that among the wrong ones."""
    action = _ALIKE.get(truth.step.action)
    if action is None or any(other.action == action and other.thing == truth.step.thing for other in truth.others):
        return False
    return scene.fits(event, truth.step.model_copy(update={"action": action}))


def _is_neighbour(event: Event, truth: Subtask, scene: Scene) -> bool:
    """Whether it is done to the same thing, and one of the two cannot be done without the other."""
    for other in truth.others:
        linked = other.action in IMPLIED_BY[truth.step.action] or truth.step.action in IMPLIED_BY[other.action]
        if (
            linked
            and event.things
            and not is_gripper(other.thing)
            and scene.same_thing(other, truth.step)
            and scene.fits(event, other)
        ):
            return True
    return False


def _prepares(event: Event) -> bool:
    """Opening or closing the fingers, with no thing named."""
    return not event.things and not event.elsewhere and event.actions in ({"release"}, {"grasp"})


def _repositions(event: Event) -> bool:
    return not event.things and not event.elsewhere and "reach" in event.actions
