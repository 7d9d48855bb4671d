"""The page in a browser: that its script runs, without a message to the console, and that no text became markup."""

from pathlib import Path

import pytest

from tests.eval.compare.conftest import HOSTILE
from tests.support.browser import Browser, Page

SHOWN = "cards.filter((card) => !card.hidden).length"


@pytest.fixture
def opened(page: str, chromium: Browser, tmp_path: Path) -> Page:
    (tmp_path / "page.html").write_text(page, encoding="utf-8")
    return chromium.open((tmp_path / "page.html").as_uri(), 500)


def test_filters_count_and_narrow(opened: Page) -> None:
    labels = opened.evaluate("[...filters.direction].map((each) => each.closest('label').innerText)")
    assert labels == ["all 7", "gained 6", "lost 1"]
    opened.evaluate("filters.querySelector('[value=lost]').click()")
    assert opened.evaluate(SHOWN) == 1
    assert opened.evaluate("document.getElementById('found').textContent") == "1"
    task = opened.evaluate("cards.find((card) => !card.hidden).dataset.task")
    opened.evaluate("filters.querySelector('[value=gained]').click()")
    opened.evaluate(f"filters.task.value = '{task}'; filters.dispatchEvent(new Event('change'))")
    assert 0 < opened.evaluate(SHOWN) < 6


@pytest.mark.parametrize("width", [1280, 400])
def test_nothing_is_wider_than_the_page(page: str, chromium: Browser, tmp_path: Path, width: int) -> None:
    (tmp_path / "page.html").write_text(page, encoding="utf-8")
    opened = chromium.open((tmp_path / "page.html").as_uri(), width)
    opened.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
    assert opened.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


def test_it_is_quiet_and_asks_for_nothing(opened: Page) -> None:
    assert opened.messages() == []
    assert [address[:5] for address in opened.requests() if not address.startswith("data:")] == ["file:"]


def test_hostile_text_is_shown_as_text(opened: Page) -> None:
    assert opened.evaluate("document.scripts.length") == 1
    assert opened.evaluate("document.title") == f"openai/{HOSTILE} and openai/tuned · mcqa"
    assert opened.evaluate("[...document.images].every((image) => image.src.startsWith('data:'))")
    assert opened.evaluate(f"cards[0].textContent.includes({HOSTILE!r})")


def test_keys_go_from_card_to_card_and_unfold(opened: Page) -> None:
    for key in "jjo":
        opened.press(key)
    assert opened.evaluate("cards.indexOf(document.activeElement)") == 1
    assert opened.evaluate("[...cards[1].querySelectorAll('.given details')].every((each) => each.open)")
    assert not opened.evaluate("cards[0].querySelector('.given details').open")
