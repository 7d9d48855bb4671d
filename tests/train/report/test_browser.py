"""The page in a browser: that its script runs, without a message to the console, and that no text became markup."""

import html
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium in PATH")
FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--enable-logging=stderr", "--dump-dom",
    "--window-size=500,900",
]  # fmt: skip
USER = """
const shown = () => cards.filter((card) => !card.hidden).length;
const press = (key) => document.body.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
const result = { wide: document.documentElement.scrollWidth - innerWidth };
document.querySelector("[name=outcome][value=gained]").click();
result.gained = shown();
result.movementLeft = document.querySelector("[name=type][value=movement] + span b").textContent;
document.querySelector("[name=outcome][value='']").click();
press("j"); press("j"); press("j"); press("k");
result.focused = cards.indexOf(document.activeElement);
press("o");
result.unfolded = [...document.querySelectorAll(".completion:not([hidden]) pre")].map((pre) => pre.textContent);
cards[1].querySelector(".strip button").click();
result.open = document.querySelectorAll(".completion:not([hidden])").length;
const svg = document.querySelector(".chart svg");
svg.dispatchEvent(new PointerEvent("pointermove", { clientX: svg.getBoundingClientRect().right, clientY: 9 }));
result.tip = [...tip.children].map((line) => line.textContent);
document.body.innerHTML = "<pre id=result></pre>";
document.getElementById("result").textContent = JSON.stringify(result);
"""
"""A visitor: narrows to what was gained, goes down and up with the keys, unfolds, points at the first curve's end."""


@pytest.fixture(scope="module")
def browsed(page: str, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    return _browse(page, tmp_path_factory.mktemp("browser"))


def _browse(page: str, folder: Path) -> tuple[str, str]:
    """The document after its script ran, and what the browser wrote to stderr."""
    (folder / "page.html").write_text(page, encoding="utf-8")
    command = [str(CHROMIUM), *FLAGS, f"--user-data-dir={folder / 'profile'}", (folder / "page.html").as_uri()]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    return ended.stdout, ended.stderr


def _allow(script: str, page: str) -> str:
    """The page with a second script, which its own policy would refuse to run."""
    return re.sub(r"<meta http-equiv=.*?>", "", page).replace("</body>", f"<script>{script}</script></body>")


def test_filters_count_the_cards(browsed: tuple[str, str]) -> None:
    dom, _ = browsed
    counts = dict(re.findall(r'name="type" value="(\w*)".*?data-count="">(\d+)</b>', dom))
    assert counts == {"": "15", "waypoint": "5", "current_state": "5", "movement": "5"}
    assert '<output id="found">15</output>' in dom


def test_nothing_is_written_to_the_console(browsed: tuple[str, str]) -> None:
    _, messages = browsed
    assert "CONSOLE" not in messages


def test_the_policy_refuses_any_other_script(page: str, tmp_path: Path) -> None:
    dom, messages = _browse(page.replace("</body>", "<script>document.title = 1</script></body>"), tmp_path)
    assert "<title>hostile-run" in dom
    assert "Content Security Policy" in messages


def test_hostile_text_is_shown_as_text(browsed: tuple[str, str]) -> None:
    dom, _ = browsed
    assert "<title>hostile-run · training run</title>" in dom
    assert dom.count("<script") == 1
    assert "<textarea" not in dom
    assert 'Press <script>document.title = "owned"</script> </textarea>' in html.unescape(dom)


def test_filters_keys_and_tooltips(page: str, tmp_path: Path) -> None:
    dom, messages = _browse(_allow(USER, page), tmp_path)
    assert "CONSOLE" not in messages
    found = re.search(r'<pre id="result">(.*?)</pre>', dom, re.DOTALL)
    assert found
    result: dict[str, Any] = json.loads(html.unescape(found[1]))
    outcomes = re.findall(r'data-type="(\w+)" data-task="\w+" data-outcomes="(.*?)"', page)
    gained = [kind for kind, names in outcomes if "gained" in names]
    assert result["wide"] <= 0
    assert result["gained"] == len(gained) > 0
    assert result["movementLeft"] == str(gained.count("movement"))
    assert result["focused"] == 1
    assert len(result["unfolded"]) == 1
    assert "<think>" in result["unfolded"][0]
    assert result["open"] == 1
    assert result["tip"][0] == "step 40"
    assert re.fullmatch(r"all \d+\.\d % \[.* %, .* %\]", result["tip"][1])
