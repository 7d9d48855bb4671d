"""One data set and its page, shared by the tests that only read them."""

from pathlib import Path

import pytest

from data_gen.formats import Row
from data_gen.report.page import render
from tests.data_gen.report.made import hostile, make_rows_of, write_audit, write_dataset
from tests.support.browser import chromium as chromium


@pytest.fixture(scope="session")
def rows() -> list[Row]:
    return hostile(make_rows_of())


@pytest.fixture(scope="session")
def data(rows: list[Row], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = write_dataset(tmp_path_factory.mktemp("data") / "hostile-data", rows, test_demo=rows[-1].demo)
    write_audit(folder, len(rows))
    return folder


@pytest.fixture(scope="session")
def page(data: Path) -> str:
    return render(data)


@pytest.fixture(scope="session")
def address(page: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("page") / "report.html"
    path.write_text(page, encoding="utf-8")
    return path.as_uri()
