"""Whole builds from recorded demos: what folder they lie in, and what their folders are called, says nothing."""

import os
import re
import shutil
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import yaml

from data_gen.build import main
from data_gen.manifest import Manifest, read_manifest
from robot_r1.errors import UserError
from robot_r1.question import QUESTION_TYPES
from tests.support.rlbench_layout import Recording, write_peract, write_upstream

SMALL = Recording(frames=30, size=32)
SECRET = "home-of-alice"


def build(root: Path, out: Path, *flags: str) -> Manifest:
    main(["--source", "rlbench-disk", "--root", str(root), "--out", str(out), "--workers", "1", *flags])
    return read_manifest(out)


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def demos(tmp_path: Path) -> Path:
    """Five demos, of which one is damaged, one is there twice, and one lies in another collection."""
    root = tmp_path / SECRET / "demos"
    for episode in range(4):
        write_peract(root / "all", SMALL, episode=episode, descriptions=(f"open drawer {episode}",))
    write_upstream(root / "all", SMALL, task="open_drawer", variation=0, episode=2)
    write_peract(root / "more", SMALL)
    (root / "all/open_drawer/all_variations/episodes/episode1/low_dim_obs.pkl").write_bytes(b"")
    return root


def test_the_same_demos_in_another_folder_give_the_same_bytes(demos: Path, tmp_path: Path) -> None:
    manifest = build(demos, tmp_path / SECRET / "first" / "set")
    assert {skipped.where for skipped in manifest.skipped} == {
        "all/open_drawer/all_variations/episodes/episode1/low_dim_obs.pkl",
        "all/open_drawer/variation0/episodes/episode2",
    }
    other = tmp_path / "elsewhere"
    shutil.copytree(demos, other)
    build(other, tmp_path / "second" / "set")
    first = files(tmp_path / SECRET / "first" / "set")
    assert first == files(tmp_path / "second" / "set")
    assert not any(SECRET.encode() in data or str(tmp_path).encode() in data for data in first.values())


def test_other_demos_are_another_input(demos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "set"
    build(demos, out)
    build(demos, out)
    assert "holds this data set already" in capsys.readouterr().err
    write_peract(demos / "all", Recording(frames=31, size=32), task="close_drawer")
    with pytest.raises(UserError, match="holds a data set of other demos; give another --out"):
        build(demos, out)
    shutil.rmtree(demos)  # a data set may be pushed after its demos have gone
    build(demos, out)


def test_an_interrupted_build_of_another_folder_is_not_gone_on_with(demos: Path, tmp_path: Path) -> None:
    out, partial = tmp_path / "set", tmp_path / "set.partial"
    other = tmp_path / "elsewhere"
    shutil.copytree(demos, other)
    (partial / "reports").mkdir(parents=True)
    (partial / "reports" / "train-00000.json").write_text("{}")
    (partial / "plan.json").write_text("{}")
    with pytest.raises(UserError, match="interrupted build of another configuration or input"):
        build(other, out, "--resume")


def test_own_prompts_are_told_by_their_texts(demos: Path, tmp_path: Path) -> None:
    prompts = tmp_path / SECRET / "prompts"
    prompts.mkdir()
    (prompts / "scene.txt").write_text("<image> Task: $description\n")
    manifest = build(demos, tmp_path / "set", "--prompts", str(prompts))
    assert re.fullmatch(r"sha256:[0-9a-f]{64}", manifest.config["prompts"])
    config = yaml.safe_load((tmp_path / "set" / "config.yaml").read_text())
    assert not {"root", "prompts"} & set(config)
    card = (tmp_path / "set" / "README.md").read_text()
    assert "--config config.yaml --root DEMOS --prompts FOLDER --out OUT" in card
    (prompts / "scene.txt").write_text("<image> The task is: $description\n")
    with pytest.raises(UserError, match="another configuration"):
        build(demos, tmp_path / "set", "--prompts", str(prompts))


def test_pictures_of_keyframes_alone_give_their_questions(tmp_path: Path) -> None:
    """60 frames with pictures of four: the questions that start at those, and how many do not."""
    recording = Recording(frames=60, size=32)
    for episode in range(4):
        folder = write_peract(tmp_path / "demos", recording, episode=episode) / "front_rgb"
        for picture in folder.iterdir():
            if int(picture.stem) not in (0, 36, 42, 59):
                picture.unlink()
    manifest = build(tmp_path / "demos", tmp_path / "set", "--split.test-fraction", "0")
    rows = [row for file in manifest.files for row in pq.read_table(tmp_path / "set" / file.path).to_pylist()]
    assert {row["frame"] for row in rows} == {0, 36, 42}
    for row in rows:
        picture = tmp_path / "demos" / "open_drawer/all_variations/episodes" / f"episode{row['episode']}" / "front_rgb"
        assert row["images"][0]["bytes"] == (picture / f"{row['frame']}.png").read_bytes()
        assert row["keypoint_frame"] > row["frame"]
    left_out = {reason: count for reason, count in manifest.dropped.items() if "no picture of these frames" in reason}
    assert set(left_out) == {f"{name}: the demo has no picture of these frames" for name in QUESTION_TYPES}
    assert set(left_out.values()) == {4 * 3}  # of 0, 10, ... 50 the three of 10, 20 and 50
    assert "no picture of these frames" in (tmp_path / "set" / "README.md").read_text()


def test_a_folder_whose_name_is_not_utf_8_is_named(tmp_path: Path) -> None:
    write_peract(tmp_path / "demos", SMALL)
    write_peract(tmp_path / "demos", SMALL, task="result")
    (tmp_path / "demos" / "result").rename(os.fsdecode(os.fsencode(tmp_path) + b"/demos/r\xe9sultat"))
    manifest = build(tmp_path / "demos", tmp_path / "set")
    assert [(skipped.where, skipped.reason) for skipped in manifest.skipped] == [
        ("r\\udce9sultat", "is not taken for its name: is not UTF-8; rename the folder")
    ]


def test_hostile_names_stay_text_in_the_card(tmp_path: Path) -> None:
    hostile = "<img src=x onerror=alert(1)>| a [link](x) `x` \u202egnp"
    write_peract(tmp_path / "demos", SMALL, task=hostile)
    write_peract(tmp_path / "demos", SMALL, task=hostile, episode=1)
    write_peract(tmp_path / "demos", SMALL, task="two\nlines")
    (tmp_path / "demos" / hostile / "all_variations/episodes/episode1/low_dim_obs.pkl").write_bytes(b"")
    out = tmp_path / "set: <b>"
    manifest = build(tmp_path / "demos", out)
    assert any(
        skipped.where.endswith("\\u202egnp/all_variations/episodes/episode1/low_dim_obs.pkl")
        for skipped in manifest.skipped
    )
    assert manifest.demos[0].id.startswith(hostile)
    assert [s.reason for s in manifest.skipped if s.where == "two\\nlines"] == [
        "is not taken for its name: a name may hold neither line ends nor control characters; rename the folder"
    ]
    card = (out / "README.md").read_text()
    _, front, text = card.split("---\n", 2)
    assert yaml.safe_load(front)["pretty_name"] == "set: <b>"
    assert "<img" not in text and "<b>" not in text and "\u202e" not in text and "[link]" not in text
    (row,) = [line for line in text.splitlines() if line.startswith("| &#60;img src=x onerror=alert(1)&#62;&#124; a")]
    assert row.count("|") == 3
