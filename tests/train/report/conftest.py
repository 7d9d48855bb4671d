"""One made-up run and its page, shared by the tests that only read them."""

from pathlib import Path

import pytest

from tests.support.browser import chromium as chromium
from tests.support.runs import make_run
from train.report.page import render

HOSTILE = 'Press <script>document.title = "owned"</script> </textarea> <img src=x onerror=alert(1)> & "it"'


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs") / "hostile-run"
    return make_run(folder, steps=40, evaluate_every=10, questions=15, image_size=48, description=HOSTILE, words=20)


@pytest.fixture(scope="session")
def page(run: Path) -> str:
    return render(run, questions=15)
