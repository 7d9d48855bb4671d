"""The page in a browser, at the width of a desk and of a phone."""

import json
from collections import Counter
from pathlib import Path
from urllib.parse import quote

import pytest

from data_gen.formats import Row
from data_gen.report.page import render
from robot_r1.question import QUESTION_TYPES, Question
from robot_r1.sft_example import SftExample
from tests.data_gen.report.made import HOSTILE, ODD_ID, make_rows_of, write_dataset
from tests.support.browser import Browser, Page

WIDTHS = (1280, 400)
SHOWN = "cards.filter((card) => !card.hidden).length"
NO_STORAGE = "Object.defineProperty(window, 'localStorage', { get() { throw new DOMException('refused'); } });"
LOOKS = """(() => {
  const card = cards.find((each) => each.dataset.type === "%s");
  const styles = ["color", "fill", "backgroundColor", "fontWeight"];
  const seen = (part) => styles.map((name) => getComputedStyle(part)[name]).join();
  const hidden = (part) => getComputedStyle(part).visibility === "hidden";
  return {
    options: [...card.querySelectorAll(".options li, .disc circle")].map(seen),
    truth: [...card.querySelectorAll(".truth")].map(hidden),
    ring: hidden(card.querySelector(".gripper circle")),
    cross: hidden(card.querySelector(".keypoint path")),
    text: card.innerText,
  };
})()"""


@pytest.fixture(params=WIDTHS)
def opened(request: pytest.FixtureRequest, chromium: Browser, address: str) -> Page:
    page = chromium.open(address, request.param)
    page.evaluate("byId('unflag').click()")  # the browser remembers what an earlier test has flagged
    return page


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_is_wider_than_the_page(chromium: Browser, address: str, width: int, dark: bool) -> None:
    page = chromium.open(address, width, dark=dark)
    wide = "document.documentElement.scrollWidth - innerWidth"
    assert page.evaluate(wide) <= 0
    page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; }); flag(cards[0])")
    assert page.evaluate(wide) <= 0
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert background == ("rgb(19, 20, 22)" if dark else "rgb(251, 251, 249)")


def test_it_asks_for_nothing_and_says_nothing_to_the_console(opened: Page, address: str) -> None:
    opened.evaluate(
        "Promise.all([...document.images].map((image) => { image.loading = 'eager'; return image.decode(); }))"
    )
    assert {a for a in opened.requests() if not a.startswith("data:image/jpeg;")} == {address}
    assert opened.messages() == []


def test_its_policy_lets_no_other_script_and_no_request_through(opened: Page) -> None:
    opened.evaluate("""
        document.body.append(Object.assign(document.createElement("script"), { textContent: "window.owned = 1" }));
        new Image().src = "http://127.0.0.1:9/x.png";
        fetch("http://127.0.0.1:9/x").then(() => 1, () => 0)
    """)
    assert opened.evaluate("window.owned") is None
    assert sum("Content Security Policy" in message for message in opened.messages()) >= 3


def test_hostile_text_stays_text(opened: Page) -> None:
    assert opened.evaluate("document.title") == "hostile-data · data set"
    assert opened.evaluate("document.scripts.length") == 1
    assert opened.evaluate("document.querySelectorAll('img[src=x], bdi *, .id b, .findings script').length") == 0
    assert HOSTILE in opened.evaluate("[...document.querySelectorAll('bdi')].map((each) => each.textContent)")
    assert ODD_ID in opened.evaluate("[...document.querySelectorAll('.id')].map((each) => each.textContent)")
    assert HOSTILE in opened.evaluate("document.querySelector('.findings').textContent")


def test_filters_narrow_and_count(opened: Page, rows: list[Row]) -> None:
    of_type = Counter(row.question_type for row in rows)
    labels = opened.evaluate("[...filters.type].map((each) => each.closest('label').innerText)")
    assert labels == [f"all {len(rows)}", *(f"{name.replace('_', ' ')} {of_type[name]}" for name in QUESTION_TYPES)]
    opened.evaluate("filters.querySelector('[name=type][value=movement]').click()")
    assert opened.evaluate(SHOWN) == of_type["movement"]
    opened.evaluate("filters.querySelector('[name=split][value=test]').click()")
    left = [row for row in rows if row.question_type == "movement" and row.demo == rows[-1].demo]
    assert opened.evaluate(SHOWN) == len(left) > 0
    opened.evaluate("filters.querySelector('[name=letter][value=B]').click()")
    assert opened.evaluate(SHOWN) == sum(isinstance(row, Question) and row.answer == "B" for row in left)
    opened.evaluate("byId('reset').click()")
    strategy = opened.evaluate("[...filters.strategy].at(-1).value")
    opened.evaluate("[...filters.strategy].at(-1).click()")
    made = sum(isinstance(row, Question) and strategy in row.distractors for row in rows)
    assert opened.evaluate(SHOWN) == made == int(opened.evaluate("byId('found').textContent"))


def test_search(opened: Page, rows: list[Row]) -> None:
    opened.evaluate("byId('search').value = 'CUP  frame10/'; filters.dispatchEvent(new Event('input'))")
    assert opened.evaluate(SHOWN) == sum("frame10/" in row.id and row.task == "pick_up_cup" for row in rows) > 0


def test_keys(opened: Page) -> None:
    def place() -> int:
        return int(opened.evaluate("cards.indexOf(document.activeElement)"))

    for key, at in (("j", 0), ("j", 1), ("ArrowRight", 2), ("k", 1), ("ArrowLeft", 0), ("k", 0)):
        opened.press(key)
        assert place() == at
    for key, folded in (("o", False), ("Enter", True)):
        opened.press(key)
        assert opened.evaluate("cards[0].querySelector('.answer').open") is not folded
    opened.press("f")
    assert opened.evaluate("cards[0].classList.contains('flagged')")
    opened.evaluate("byId('search').focus()")
    opened.press("f")
    assert opened.evaluate("cards[0].classList.contains('flagged')")
    assert opened.evaluate("byId('search').value") == "f"


@pytest.mark.parametrize("kind", ["waypoint", "current_state"])
def test_the_answer_shows_only_when_unfolded(opened: Page, kind: str) -> None:
    folded = opened.evaluate(LOOKS % kind)
    half = len(folded["options"]) // 2
    assert len(set(folded["options"][:half])) == len(set(folded["options"][half:])) == 1
    assert all(folded["truth"])
    assert folded["cross"]
    assert folded["ring"] == (kind == "current_state")
    assert "right" not in folded["text"]
    opened.evaluate(f"cards.find((each) => each.dataset.type === '{kind}').querySelector('.answer summary').click()")
    unfolded = opened.evaluate(LOOKS % kind)
    assert len(set(unfolded["options"][:half])) == len(set(unfolded["options"][half:])) == 2
    assert not any(unfolded["truth"])
    assert not unfolded["ring"]
    assert not unfolded["cross"]
    assert "✓ right" in unfolded["text"]
    assert "0.001 m" in unfolded["text"] or "0.000 m" in unfolded["text"]


def test_marks_can_be_taken_off(opened: Page) -> None:
    opened.evaluate("byId('marks').click()")
    assert opened.evaluate("getComputedStyle(cards[0].querySelector('.marks')).display") == "none"


def test_flags_become_a_list_to_exclude(opened: Page, rows: list[Row]) -> None:
    opened.evaluate("""
        globalThis.made = [];
        URL.createObjectURL = (blob) => { made.push(blob); return "#"; };
        cards[2].querySelector(".flag").click();
        cards.find((card) => card.dataset.id.includes("<b>")).querySelector(".flag").click();
        byId("download").click()
    """)
    second = opened.evaluate("cards[2].dataset.id")
    text = opened.evaluate("made[0].text()")
    assert text == "".join(f"{id}\n" for id in sorted([second, ODD_ID]))
    assert set(text.splitlines()) <= {row.id for row in rows}
    assert opened.evaluate("byId('flag-count').textContent") == "2"
    assert opened.evaluate("byId('excluded').value") == text
    opened.evaluate("filters.querySelector('[value=flagged]').click()")
    assert opened.evaluate(SHOWN) == 2
    opened.evaluate("cards[2].querySelector('.flag').click()")
    assert opened.evaluate(SHOWN) == 1


def test_flags_are_still_there_when_the_page_is_opened_again(chromium: Browser, address: str) -> None:
    chromium.open(address, 1280).evaluate("flags = new Set(['kept']); showFlags()")
    again = chromium.open(address, 1280)
    assert again.evaluate("excludeText()") == "kept\n"
    again.evaluate("byId('unflag').click()")
    assert chromium.open(address, 1280).evaluate("excludeText()") == ""


def test_a_browser_that_keeps_nothing_still_collects(chromium: Browser, address: str) -> None:
    page = chromium.open(address, 1280, before=NO_STORAGE)
    page.evaluate("flag(cards[0])")
    assert page.evaluate("byId('flag-count').textContent") == "1"
    assert page.messages() == []


def test_a_link_opens_its_question(chromium: Browser, address: str, rows: list[Row]) -> None:
    for id in (ODD_ID, rows[-1].id):
        page = chromium.open(f"{address}#{quote(id, safe='/')}", 1280)
        assert page.evaluate("document.activeElement.dataset.id") == id
        top = page.evaluate("document.activeElement.getBoundingClientRect().top")
        assert 0 <= top < 900
        own = page.evaluate("document.activeElement.querySelector('.id a').href")
        assert own == f"{address}#{quote(id, safe='/')}"


def test_a_link_shows_even_a_question_that_the_filters_hide(opened: Page, rows: list[Row]) -> None:
    id = next(row.id for row in rows if row.question_type == "current_state")
    opened.evaluate("filters.querySelector('[name=type][value=movement]').click()")
    opened.evaluate(f"new Promise((done) => {{ onhashchange = done; location.hash = {json.dumps('#' + id)}; }})")
    assert opened.evaluate("document.activeElement.dataset.id") == id
    assert opened.evaluate("document.activeElement.hidden") is False


@pytest.mark.parametrize(("fragment", "told"), [("#gone", True), ("#%zz", True), ("#page-audit", False), ("", False)])
def test_a_link_to_nothing_says_so(chromium: Browser, address: str, fragment: str, told: bool) -> None:
    page = chromium.open(address + fragment, 400)
    assert page.evaluate("byId('missing').hidden") is not told
    assert page.messages() == []


@pytest.mark.parametrize("width", WIDTHS)
def test_rows_without_options(chromium: Browser, tmp_path: Path, width: int) -> None:
    rows = make_rows_of(SftExample, demos=1)
    (tmp_path / "page.html").write_text(render(write_dataset(tmp_path, rows)), encoding="utf-8")
    page = chromium.open((tmp_path / "page.html").as_uri(), width)
    assert page.evaluate(SHOWN) == len(rows)
    assert rows[0].question.splitlines()[0] in page.evaluate("cards[0].innerText")
    completion = "cards[0].querySelector('.answer pre').checkVisibility()"
    assert not page.evaluate(completion)
    page.evaluate("unfold(cards[0])")
    assert page.evaluate(completion)
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    assert page.messages() == []
