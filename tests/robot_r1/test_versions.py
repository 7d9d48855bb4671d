from importlib.metadata import PackageNotFoundError, version

import pytest

from robot_r1 import versions


def test_a_checkout_that_is_not_installed_knows_its_version(monkeypatch: pytest.MonkeyPatch) -> None:
    installed = versions.versions_of(("robot-r1", "numpy", "no-such-package"))
    assert installed == {"robot-r1": version("robot-r1"), "numpy": version("numpy")}

    def absent(package: str) -> str:
        raise PackageNotFoundError(package)

    monkeypatch.setattr(versions, "version", absent)
    assert versions.versions_of(("robot-r1", "numpy")) == {"robot-r1": installed["robot-r1"]}
