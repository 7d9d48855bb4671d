"""Reward functions by import path, so that users add their own without touching this package."""

import importlib
import inspect
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from robot_r1.errors import UserError
from train.arguments import REWARDS

Reward = Callable[..., Sequence[float | None]]
_GIVEN_BY_TRL = ("prompts", "completions", "completion_ids", "trainer_state", "log_extra", "log_metric")


def load_rewards(paths: Sequence[str]) -> list[Reward]:
    """The functions at paths such as `my_package.rewards.smoothness`; modules in the current folder are found too.

    Raises:
        UserError: a module or function is missing, is not callable, or two have the same name.
    """
    sys.path.append(str(Path.cwd()))  # as `python -m` does; a script's path starts with the script's own folder
    functions = [_load(path) for path in paths]
    names = [function.__name__ for function in functions]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise UserError(f"two rewards are called {twice[0]}; rename one, since each is logged by its name")
    if not functions:
        raise UserError("no rewards; give --rewards robot_r1.rewards.exact_match_reward, for example")
    return functions


def check_columns(rewards: Sequence[Reward], columns: Sequence[str]) -> None:
    """Make sure that every reward can be called with the columns of a data set.

    Raises:
        UserError: a reward needs a column that is not there, or does not take one that is.
    """
    given = dict.fromkeys({*columns, *_GIVEN_BY_TRL} - {"prompt", "completion"})
    for reward in rewards:
        try:
            inspect.signature(reward).bind(**given)
        except TypeError as error:
            raise UserError(
                f"reward {reward.__name__}: {error}; the data set has the columns {', '.join(columns)}, and a reward "
                "takes those that it does not read by **columns"
            ) from error


def _load(path: str) -> Reward:
    module_name, _, name = path.rpartition(".")
    if not all(part.isidentifier() for part in path.split(".")) or not module_name:
        raise UserError(f"reward {path} is no import path; give module.function, such as {REWARDS[0]}")
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        raise UserError(f"reward {path}: {error}; is its package installed, or is it in this folder?") from error
    function = getattr(module, name, None)
    if not callable(function) or not hasattr(function, "__name__"):  # TRL logs a reward by that name
        raise UserError(f"reward {path}: {module_name} has no function {name}")
    return function  # type: ignore[no-any-return]
