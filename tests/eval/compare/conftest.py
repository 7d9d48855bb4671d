"""Two runs that disagree, with hostile texts, and their page; shared by the tests that only read them."""

import pytest

from eval.compare.page import render
from eval.compare.pairing import Comparison, compare, one_run
from tests.support.browser import chromium as chromium
from tests.support.eval_logs import Said, write_log

HOSTILE = '</pre></details><script>document.title = "owned"</script><img src=x onerror=alert(1)>'
COMPLETIONS = (
    f"<think>{HOSTILE}</think><answer>[[A]]</answer>",
    "\u202eright to left\x00\x1b[31m",
    "x" * 1_000_000,
    "\ud800 half",
)


def answers(values: str, picture: bool = True, completion: int = 0) -> list[Said]:
    """Thirty questions of three groups on five demos."""
    return [
        Said(
            f"demo{i % 5}/question{i}",
            float(value),
            answer="A" if value == "1" else "B",
            demo=f"demo{i % 5}",
            task=("pick_up_cup", "push_button")[i % 2],
            group=("waypoint", "current_state", "movement")[i % 3],
            completion=COMPLETIONS[(i + completion) % 4],
            picture=picture,
            options=(HOSTILE, "[0.1, 0.2, 0.3]", "c", "d"),
            text=f"Where to? {HOSTILE}",
        )
        for i, value in enumerate(values)
    ]


FIRST, SECOND = "1" * 10 + "0" * 20, "01" + "1" * 14 + "0" * 14


@pytest.fixture(scope="session")
def compared(tmp_path_factory: pytest.TempPathFactory) -> Comparison:
    folder = tmp_path_factory.mktemp("compared")
    first = write_log(folder / "first.eval", answers(FIRST), model=f"openai/{HOSTILE}")
    second = write_log(folder / "second.eval", answers(SECOND, completion=1), model="openai/tuned", prompt="another")
    return compare(one_run(first), one_run(second))


@pytest.fixture(scope="session")
def page(compared: Comparison) -> str:
    return render(compared)
