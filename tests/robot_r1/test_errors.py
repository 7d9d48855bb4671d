import pickle

import pytest

from robot_r1.errors import BadDemoError, MissingPackageError, UserError


@pytest.mark.parametrize(
    "error", [UserError("do this"), MissingPackageError("mujoco", "sim"), BadDemoError("a/b.png", "is empty")]
)
def test_errors_survive_a_process_boundary(error: Exception) -> None:
    back = pickle.loads(pickle.dumps(error))
    assert type(back) is type(error)
    assert str(back) == str(error)


def test_a_missing_package_names_the_command() -> None:
    assert 'pip install -e ".[sim]"' in str(MissingPackageError("mujoco", "sim"))
