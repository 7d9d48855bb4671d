"""The command: refusals in one line, nothing left behind, the same bytes each time."""

import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from data_gen.export.__main__ import main
from data_gen.export.frames import FrameStore
from data_gen.export.framework import TARGETS, Target
from data_gen.formats import Format
from robot_r1.errors import UserError
from tests.data_gen.export.conftest import Built, Exported
from tests.data_gen.test_build import digest, refused, run
from tests.support.demos import noise_png

EXPORTS: tuple[tuple[Format, Target], ...] = (("mcqa", "easyr1"), ("mcqa", "ms-swift"), ("sft-think", "llava-json"))


def export(*arguments: object) -> Any:
    return run([sys.executable, "-m", "data_gen.export", *map(str, arguments)])


@pytest.mark.parametrize(("data_format", "target"), EXPORTS)
def test_each_frame_is_written_once(exported: Exported, data_format: Format, target: Target) -> None:
    made = exported(data_format, target)
    rows = [row for split in made.rows.values() for row in split.values()]
    pictures = list((made.folder / "images").rglob("*.png"))
    assert len(pictures) == len({(row["demo"], row["frame"]) for row in rows}) < len(rows)
    assert {path.read_bytes() for path in pictures} == {row["images"][0]["bytes"] for row in rows}
    counts = (made.folder / "README.md").read_text()
    assert f"{len(made.rows['train'])} rows" in counts and f"{len(pictures)} PNG files" in counts


@pytest.mark.parametrize(("data_format", "target"), EXPORTS)
def test_says_where_it_is_and_gives_the_same_bytes(
    built: Built, exported: Exported, data_format: Format, target: Target, tmp_path: Path
) -> None:
    source = tmp_path / "set"
    shutil.copytree(built(data_format), source)
    result = export(source, "--to", target)
    assert result.returncode == 0, result.stderr
    out = tmp_path / f"set-{target}"
    assert str(out) in result.stderr and "next:" in result.stderr
    assert digest(out) == digest(exported(data_format, target).folder)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["set", out.name]
    refused(export(source, "--to", target), "holds files already")


def test_unknown_targets_end_with_exit_code_2(built: Built) -> None:
    result = export(built("mcqa"), "--to", "trl")
    assert result.returncode == 2 and "Traceback" not in result.stderr
    assert all(target in result.stderr for target in TARGETS)


@pytest.mark.parametrize(
    ("data_format", "target", "message"),
    [
        ("mcqa", "llava-json", "--format sft-think"),
        ("open-ended", "llava-json", "--format sft-think"),
        ("sft-direct", "easyr1", "--format mcqa or open-ended"),
        ("sft-think", "easyr1", "--format mcqa or open-ended"),
    ],
)
def test_formats_that_a_trainer_cannot_use_are_refused(
    built: Built, tmp_path: Path, data_format: Format, target: Target, message: str
) -> None:
    with pytest.raises(UserError, match=f"format {data_format}: .*{message}"):
        main([str(built(data_format)), "--to", target, "--out", str(tmp_path / "out")])
    assert not any(tmp_path.iterdir())


def test_out_may_not_be_a_file_or_lie_in_the_data_set(built: Built, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="is a file"):
        main([str(built("mcqa")), "--to", "easyr1", "--out", str(tmp_path / "file")])
    with pytest.raises(UserError, match="lies in the data set"):
        main([str(built("mcqa")), "--to", "easyr1", "--out", str(built("mcqa") / "export")])
    with pytest.raises(UserError, match="cannot write to"):
        main([str(built("mcqa")), "--to", "easyr1", "--out", str(tmp_path / "file" / "export")])
    (tmp_path / "empty").mkdir()
    main([str(built("mcqa")), "--to", "easyr1", "--out", str(tmp_path / "empty")])
    assert (tmp_path / "empty" / "train.parquet").is_file()


@pytest.mark.parametrize("name", ["missing", "nothing"])
def test_folders_without_a_data_set_are_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "nothing").mkdir()
    refused(export(tmp_path / name, "--to", "easyr1"), "give the folder of a data set")


def test_formats_are_told_without_a_manifest_where_columns_tell_them(built: Built, tmp_path: Path) -> None:
    formats: tuple[tuple[Format, Target], ...] = (("mcqa", "easyr1"), ("sft-think", "llava-json"))
    for data_format, target in formats:
        shutil.copytree(built(data_format), tmp_path / data_format)
        (tmp_path / data_format / "manifest.json").unlink()
        main([str(tmp_path / data_format), "--to", target])
        assert f"format `{data_format}`" in (tmp_path / f"{data_format}-{target}" / "README.md").read_text()
    shutil.copytree(built("sft-direct"), tmp_path / "direct")
    (tmp_path / "direct" / "manifest.json").unlink()
    with pytest.raises(UserError, match=r"has no manifest\.json"):
        main([str(tmp_path / "direct"), "--to", "ms-swift"])


Change = Callable[[list[dict[str, Any]]], object]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda rows: rows[1].update(question="which?"), "<image> has to stand once"),
        (lambda rows: rows[1].update(question="<image> <image> which?"), "<image> has to stand once"),
        (lambda rows: rows[1].update(images=rows[1]["images"] * 2), "images: "),
        (lambda rows: rows[1].update(images=[]), "images: "),
        (lambda rows: rows[1].update(images=[{"bytes": None, "path": "a.png"}]), "given as paths, which are not read"),
        (lambda rows: rows[1].update(images=[{"bytes": b"GIF89a", "path": "a.png"}]), "the picture cannot be read"),
        (lambda rows: rows[1].update(id=rows[0]["id"]), "is there twice"),
        (lambda rows: rows[1].update(answer="E"), "answer: "),
        (lambda rows: rows[1].update(answer=None), "answer must not be empty"),
        (lambda rows: [row.pop("demo") for row in rows], "lacks the column demo"),
    ],
)
def test_damaged_rows_are_refused_and_leave_nothing(
    built: Built, tmp_path: Path, change: Change, message: str
) -> None:
    rows = pq.read_table(next((built("mcqa") / "waypoint").glob("train-*.parquet"))).to_pylist()[:3]
    change(rows)
    source = tmp_path / "source"
    source.mkdir()
    pq.write_table(pa.Table.from_pylist(rows), source / "train-00000.parquet")
    with pytest.raises(UserError) as refusal:
        main([str(source), "--to", "easyr1", "--out", str(tmp_path / "out")])
    assert message in str(refusal.value) and "\n" not in str(refusal.value)
    assert list(tmp_path.iterdir()) == [source]


def test_no_rows_are_refused(built: Built, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    rows = pq.read_table(next((built("mcqa") / "waypoint").glob("train-*.parquet")))
    pq.write_table(rows.slice(0, 0), source / "train-00000.parquet")
    with pytest.raises(UserError, match="holds no rows"):
        main([str(source), "--to", "easyr1"])
    assert list(tmp_path.iterdir()) == [source]


VALIDATION: dict[Target, str] = {
    "easyr1": 'data.val_files="$DATA"/validation.parquet',
    "ms-swift": '--val_dataset "$DATA"/validation.jsonl',
    "llava-json": "eval_dataset=robot_r1_validation",
}


@pytest.mark.parametrize("target", TARGETS)
def test_training_validates_on_the_validation_split_alone(built: Built, tmp_path: Path, target: Target) -> None:
    """Test questions are never shown to a trainer, also where a data set has no others held out."""
    whole = built("sft-think" if target == "llava-json" else "mcqa")
    older = tmp_path / "older"
    shutil.copytree(whole, older, ignore=shutil.ignore_patterns("validation-*"))
    for source, validated in ((whole, True), (older, False)):
        out = tmp_path / f"out-{validated}"
        main([str(source), "--to", target, "--out", str(out)])
        command = (out / "README.md").read_text().split("```")[1]
        assert (VALIDATION[target] in command) == validated and "test" not in command
        assert list(out.glob("test.*")) and bool(list(out.glob("validation.*"))) == validated
        assert (target, validated) != ("easyr1", False) or "trainer.val_freq=-1" in command


def test_frames_stay_in_the_folder_and_apart(tmp_path: Path) -> None:
    store = FrameStore(tmp_path / "export")
    first = store.add("../../push_button/0", 3, noise_png(1))
    assert first == store.add("../../push_button/0", 3, noise_png(1)) == "images/-push_button-0/frame0003.png"
    other = store.add("../../push_button/0", 3, noise_png(2))  # another camera
    assert other == store.add("../../push_button/0", 3, noise_png(2)) != first
    assert store.count == 2 and [path.name for path in tmp_path.iterdir()] == ["export"]
    assert (tmp_path / "export" / other).read_bytes() == noise_png(2)
