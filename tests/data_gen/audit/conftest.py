"""Data sets made once for all tests of the audit."""

from pathlib import Path

import pytest

from data_gen.audit.report import Audit
from data_gen.audit.run import audit_dataset
from robot_r1.question import Question
from tests.data_gen.audit.synthetic import exchangeable, write


@pytest.fixture(scope="session")
def questions() -> list[Question]:
    """50 demos with 4 questions of each type, from which a poisoned data set is made."""
    return exchangeable(50)


@pytest.fixture(scope="session")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """So many questions that no rule is beyond its threshold by chance."""
    return write(tmp_path_factory.mktemp("clean"), exchangeable(300))


@pytest.fixture(scope="session")
def clean_audit(clean: Path) -> Audit:
    return audit_dataset(clean)
