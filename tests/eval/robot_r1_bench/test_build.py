import subprocess
import sys
from pathlib import Path

import pytest

from eval.robot_r1_bench import build
from eval.robot_r1_bench.loading import COMMITTED, load_bench
from eval.robot_r1_bench.make import Page
from robot_r1.errors import UserError
from robot_r1.lock import beside, only_one


@pytest.fixture(scope="module")
def pages() -> list[Page]:
    """The first of the committed bench."""
    bench = load_bench()
    picked = [question for question in bench.questions if question.image == "images/lamp_on-1.png"]
    return [Page(bench.picture(picked[0]).read_bytes(), tuple(reversed(picked)))]


def test_a_bench_appears_whole_and_takes_the_place_of_an_older_one(tmp_path: Path, pages: list[Page]) -> None:
    folder = tmp_path / "made" / "v1"
    for _ in range(2):
        build.write_bench(folder, pages)
    ids = [question.id for question in load_bench(folder).questions]
    assert ids == sorted(ids)
    assert {path.name for path in folder.iterdir()} == {"README.md", "bench.jsonl", "images"}
    assert [path.name for path in folder.parent.iterdir()] == ["v1"]


def test_a_build_that_fails_leaves_what_was_there(tmp_path: Path, pages: list[Page]) -> None:
    folder = tmp_path / "v1"
    build.write_bench(folder, pages)
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}

    def failing() -> list[Page]:
        raise RuntimeError("the simulator stopped")

    with pytest.raises(RuntimeError):
        build.write_bench(folder, (page for _ in range(1) for page in failing()))
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before
    assert [path.name for path in tmp_path.iterdir()] == ["v1"]


def test_nothing_but_a_bench_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine", encoding="utf-8")
    for taken, reason in ((tmp_path, "holds files already"), (tmp_path / "notes.txt", "is a file")):
        with pytest.raises(UserError, match=reason):
            build.main(["--out", str(taken)])


def test_two_builds_do_not_write_one_bench(tmp_path: Path) -> None:
    with only_one(beside(tmp_path / "v1"), ""), pytest.raises(UserError, match="another process is writing"):
        build.main(["--out", str(tmp_path / "v1")])


def test_a_page_shows_pictures_questions_and_references(tmp_path: Path) -> None:
    page = tmp_path / "sheet.html"
    build.main(["--out", str(COMMITTED), "--sheet", str(page)])
    text = page.read_text(encoding="utf-8")
    assert text.count("<article") == 50
    assert text.count("<dd>") == 215
    with pytest.raises(UserError, match=r"bench .* is missing"):
        build.main(["--out", str(tmp_path / "absent"), "--sheet", str(page)])


def test_without_the_simulator_the_package_to_install_is_named(tmp_path: Path) -> None:
    blocked = "import sys; sys.modules['mujoco'] = None; import importlib.util as u; find = u.find_spec; "
    blocked += "u.find_spec = lambda name, *rest: None if name == 'mujoco' else find(name, *rest); "
    run = f"import runpy; sys.argv = ['build', '--out', r'{tmp_path / 'new'}']; "
    run += "runpy.run_module('eval.robot_r1_bench.build', run_name='__main__')"
    result = subprocess.run([sys.executable, "-c", blocked + run], capture_output=True, text=True, check=False)
    assert result.returncode == 2
    assert result.stderr.strip().endswith(
        'mujoco is not installed; run, in the folder of robot-r1: pip install -e ".[sim]"'
    )
