"""Whole builds of the formats for supervised training, as a user runs them."""

import subprocess
import sys
from pathlib import Path

import datasets
import pytest

from data_gen.formats import ROW_MODELS, Format, question_types
from data_gen.manifest import read_manifest
from robot_r1.question import SPLITS
from tests.data_gen.test_build import REPOSITORY, digest, refused, run
from tests.support.demos import write_archive

FORMATS: tuple[Format, ...] = ("open-ended", "sft-direct", "sft-cot", "sft-think")
FLAGS = ("--variations", "0", "--demos-per-task", "30")


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("archive")
    write_archive(root, ("push_button", "phone_on_base"), episodes=30)
    return root


def build(
    archive: Path, out: Path, *flags: str, tasks: str = "push_button,phone_on_base"
) -> subprocess.CompletedProcess[str]:
    places = ("--root", str(archive), "--out", str(out))
    return run([sys.executable, "-m", "data_gen.build", *places, *FLAGS, "--tasks", tasks, *flags])


@pytest.fixture(scope="module", params=FORMATS)
def built(
    request: pytest.FixtureRequest, archive: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Format, Path]:
    out = tmp_path_factory.mktemp(request.param) / "set"
    result = build(archive, out, "--format", request.param, "--workers", "1")
    assert result.returncode == 0, result.stderr
    return request.param, out


def test_datasets_reads_the_columns_of_the_model(built: tuple[Format, Path], tmp_path: Path) -> None:
    data_format, out = built
    manifest = read_manifest(out)
    assert manifest.config["format"] == data_format
    names = question_types(data_format)
    for name in (*names, "all"):
        loaded = datasets.load_dataset(str(out), name, cache_dir=str(tmp_path))
        for split in SPLITS:
            expected = manifest.rows(None if name == "all" else name, split)  # type: ignore[arg-type]
            assert loaded[split].num_rows == expected > 0
    rows = datasets.load_dataset(str(out), split="train", cache_dir=str(tmp_path))
    assert rows.column_names == list(ROW_MODELS[data_format].model_fields)
    assert set(rows["question_type"]) == set(names)
    assert rows[0]["images"][0].size == (64, 64) and rows[0]["completion"]


def test_card_and_manifest_say_what_the_rows_are(built: tuple[Format, Path]) -> None:
    data_format, out = built
    text = (out / "README.md").read_text()
    columns = [line.split("`")[1] for line in text.split("## Columns")[1].split("\n\n")[1].splitlines()]
    assert columns == list(ROW_MODELS[data_format].model_fields)
    assert f"- {'open-ended' if data_format == 'open-ended' else 'supervised-fine-tuning'}\n" in text
    assert ("Letters of the right answers" in text) == (data_format == "sft-think")
    assert ("movement" in text.split("## Counts")[1].split("##")[0]) == (data_format == "sft-think")
    dropped = read_manifest(out).dropped
    unaligned = [reason for reason in dropped if reason.endswith("keypoints do not match the script of steps")]
    assert bool(unaligned) == (data_format not in ("open-ended", "sft-direct"))
    assert all(f"{dropped[reason]} questions: {reason}" in text for reason in unaligned)


def test_same_bytes_with_two_workers(built: tuple[Format, Path], archive: Path, tmp_path: Path) -> None:
    data_format, out = built
    assert build(archive, tmp_path / "set", "--format", data_format, "--workers", "2").returncode == 0
    assert digest(tmp_path / "set") == digest(out)


def test_another_format_does_not_take_the_place(built: tuple[Format, Path], archive: Path) -> None:
    _, out = built
    refused(build(archive, out), "another configuration")


@pytest.fixture(scope="module")
def questions(archive: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("mcqa") / "set"
    assert build(archive, out).returncode == 0
    return out


def test_splits_are_those_of_the_questions(built: tuple[Format, Path], questions: Path) -> None:
    _, out = built
    splits = [{demo.id: demo.split for demo in read_manifest(folder).demos} for folder in (out, questions)]
    assert splits[0] == splits[1]


def test_dry_run_tells_the_format_and_writes_nothing(archive: Path, tmp_path: Path) -> None:
    result = build(archive, tmp_path / "set", "--format", "sft-cot", "--dry-run")
    assert result.returncode == 0 and "format: sft-cot" in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_the_configuration_of_mcqa_is_as_before_there_were_formats(archive: Path, tmp_path: Path) -> None:
    result = build(archive, tmp_path / "set", "--dry-run")
    assert result.returncode == 0 and "format" not in result.stderr


@pytest.mark.parametrize(
    ("data_format", "message"),
    [
        ("sft", "format is 'sft': Input should be 'mcqa', 'open-ended', 'sft-direct', 'sft-cot' or 'sft-think'"),
        ("sft-cot", "dropped, waypoint: keypoints do not match the script"),
    ],
)
def test_bad_input_is_one_line(archive: Path, tmp_path: Path, data_format: str, message: str) -> None:
    refused(build(archive, tmp_path / "set", "--format", data_format, tasks="phone_on_base"), message)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["sft_direct", "sft_cot", "cold_start"])
def test_shipped_configurations_build_their_format(archive: Path, tmp_path: Path, name: str) -> None:
    file = REPOSITORY / "configs" / "data" / f"{name}.yaml"
    result = build(archive, tmp_path / "set", "--config", str(file), "--dry-run")
    data_format = {"cold_start": "sft-think"}.get(name, name.replace("_", "-"))
    assert result.returncode == 0 and f"format: {data_format}\n" in result.stderr
