"""The page in a browser: that its script runs, without a message to the console, and that no text became markup."""

import re
from pathlib import Path

import pytest

from tests.support.browser import Browser, Page

SHOWN = "cards.filter((card) => !card.hidden).length"
UNFOLDED = "[...document.querySelectorAll('.completion:not([hidden]) pre')].map((pre) => pre.textContent)"


@pytest.fixture
def opened(page: str, chromium: Browser, tmp_path: Path) -> Page:
    (tmp_path / "page.html").write_text(page, encoding="utf-8")
    return chromium.open((tmp_path / "page.html").as_uri(), 500)


def test_filters_count_the_cards(opened: Page) -> None:
    labels = opened.evaluate("[...filters.type].map((each) => each.closest('label').innerText)")
    assert labels == ["all 15", "waypoint 5", "current state 5", "movement 5"]
    assert opened.evaluate("document.getElementById('found').textContent") == "15"


def test_filters_narrow(opened: Page, page: str) -> None:
    outcomes = re.findall(r'data-type="(\w+)" data-task="\w+" data-outcomes="(.*?)"', page)
    gained = [kind for kind, names in outcomes if "gained" in names]
    opened.evaluate("filters.querySelector('[name=outcome][value=gained]').click()")
    assert opened.evaluate(SHOWN) == len(gained) > 0
    left = opened.evaluate("filters.querySelector('[name=type][value=movement] + span b').textContent")
    assert left == str(gained.count("movement"))


@pytest.mark.parametrize("width", [1280, 500, 400])
def test_nothing_is_wider_than_the_page(page: str, chromium: Browser, tmp_path: Path, width: int) -> None:
    (tmp_path / "page.html").write_text(page, encoding="utf-8")
    opened = chromium.open((tmp_path / "page.html").as_uri(), width)
    assert opened.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


def test_nothing_is_written_to_the_console(opened: Page) -> None:
    assert opened.messages() == []


def test_the_policy_refuses_any_other_script(opened: Page) -> None:
    opened.evaluate(
        "document.body.append(Object.assign(document.createElement('script'), { textContent: 'owned = 1' }))"
    )
    assert opened.evaluate("window.owned") is None
    assert "Content Security Policy" in opened.messages()[0]


def test_hostile_text_is_shown_as_text(opened: Page) -> None:
    assert opened.evaluate("document.title") == "hostile-run · training run"
    assert opened.evaluate("document.scripts.length") == 1
    assert opened.evaluate("document.querySelectorAll('textarea').length") == 0
    text = opened.evaluate("document.body.textContent")
    assert 'Press <script>document.title = "owned"</script> </textarea>' in text


def test_keys_unfold_one_completion_at_a_time(opened: Page) -> None:
    for key in "jjjk":
        opened.press(key)
    assert opened.evaluate("cards.indexOf(document.activeElement)") == 1
    opened.press("o")
    (unfolded,) = opened.evaluate(UNFOLDED)
    assert "<think>" in unfolded
    opened.evaluate("cards[1].querySelector('.strip button').click()")
    assert len(opened.evaluate(UNFOLDED)) == 1


def test_the_tooltip_tells_the_nearest_step(opened: Page) -> None:
    told = opened.evaluate("""(() => {
        const svg = document.querySelector(".chart svg");
        svg.dispatchEvent(new PointerEvent("pointermove", { clientX: svg.getBoundingClientRect().right, clientY: 9 }));
        return [...tip.children].map((line) => line.textContent);
    })()""")
    assert told[0] == "step 40"
    assert re.fullmatch(r"all \d+\.\d % \[.* %, .* %\]", told[1])
