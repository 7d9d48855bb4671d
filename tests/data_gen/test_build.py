"""The whole build on made-up demos, as a user runs it: in a process of its own."""

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import datasets
import pyarrow.parquet as pq
import pytest

from data_gen.config import BuildConfig
from data_gen.manifest import Manifest, read_manifest
from data_gen.outline import take_survey
from data_gen.pool import Workers
from data_gen.shard import Shard, build_shard
from data_gen.sources import ArchivedDemo, find
from data_gen.staging import Staging
from robot_r1.errors import UserError
from robot_r1.prompts import default_templates
from robot_r1.question import SPLITS
from tests.support import other_processor
from tests.support.demos import write_archive

REPOSITORY = Path(__file__).parents[2]
TASKS = ("pick_up_cup", "push_button", "phone_on_base")
FLAGS = ("--variations", "0", "--tasks", ",".join(TASKS), "--demos-per-task", "30")


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("archive")
    write_archive(root, TASKS, episodes=30)
    return root


def command(archive: Path, out: Path, *flags: str) -> list[str]:
    return [sys.executable, "-m", "data_gen.build", "--root", str(archive), "--out", str(out), *flags]


def run(arguments: list[str], **options: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(arguments, cwd=REPOSITORY, capture_output=True, text=True, check=False, **options)


def build(archive: Path, out: Path, *flags: str) -> subprocess.CompletedProcess[str]:
    return run(command(archive, out, *FLAGS, *flags))


def digest(folder: Path) -> dict[str, str]:
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def refused(result: subprocess.CompletedProcess[str], message: str) -> None:
    assert result.returncode == 2, result.stderr
    assert "Traceback" not in result.stderr
    last = result.stderr.strip().splitlines()[-1]
    assert last.startswith("error: ") and message in last, result.stderr


@pytest.fixture(scope="module")
def data_set(archive: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("data") / "set"
    result = build(archive, out)
    assert result.returncode == 0, result.stderr
    assert str(out) in result.stderr and "next:" in result.stderr
    return out


def test_datasets_reads_every_config_and_split(data_set: Path, tmp_path: Path) -> None:
    manifest = read_manifest(data_set)
    for name in ("waypoint", "current_state", "movement", "all"):
        loaded = datasets.load_dataset(str(data_set), name, cache_dir=str(tmp_path))
        for split in SPLITS:
            expected = manifest.rows(None if name == "all" else name, split)  # type: ignore[arg-type]
            assert loaded[split].num_rows == expected > 0
    default = datasets.load_dataset(str(data_set), split="train", cache_dir=str(tmp_path))
    row = default[0]
    assert row["images"][0].size == (64, 64)
    assert len(row["options"]) == 4 and row["answer"] in "ABCD" and len(row["state"]) == 3
    assert row["camera"]["width"] == 64 and len(row["camera"]["extrinsics"]) == 4


def test_a_data_set_built_anew_at_the_same_place_is_read_anew(archive: Path, tmp_path: Path) -> None:
    out, cache = tmp_path / "set", str(tmp_path / "cache")
    for demos in ("2", "3"):
        shutil.rmtree(out, ignore_errors=True)
        result = build(archive, out, "--demos-per-task", demos)
        assert result.returncode == 0
        few = "o questions of phone_on_base, pick_up_cup, push_button in the validation split: too few demos"
        assert (f"n{few}" in result.stderr) == (f"N{few}" in (out / "README.md").read_text()) == (demos == "2")
        read = datasets.load_dataset(str(out), "waypoint", cache_dir=cache)["train"]
        assert read.num_rows == read_manifest(out).rows("waypoint", "train")


def test_splits_hold_whole_demos_apart(data_set: Path) -> None:
    manifest = read_manifest(data_set)
    splits = {demo.id: demo.split for demo in manifest.demos}
    assert Counter(splits.values()) == {"train": 72, "validation": 9, "test": 9}
    for file in manifest.files:
        demos = pq.read_table(data_set / file.path, columns=["demo"])["demo"].to_pylist()
        assert {splits[demo] for demo in demos} == {file.split}


def test_manifest_checksums_and_card(data_set: Path) -> None:
    manifest = read_manifest(data_set)
    for file in manifest.files:
        assert hashlib.sha256((data_set / file.path).read_bytes()).hexdigest() == file.sha256
    text = (data_set / "README.md").read_text()
    assert f"| `all` | {' | '.join(str(manifest.rows(split=split)) for split in SPLITS)} |" in text
    assert "Demos: 72 train, 9 validation, 9 test." in text and "to hold apart" not in text
    assert (data_set / "contact_sheet.png").stat().st_size > 10_000
    assert not data_set.with_name("set.partial").exists()


@pytest.mark.parametrize(
    ("workers", "environment"),
    [("1", dict(os.environ)), ("2", other_processor.ENVIRONMENT)],
    ids=["one worker", "two workers on another processor"],
)
def test_same_bytes_with_any_number_of_workers_on_any_processor(
    archive: Path, data_set: Path, tmp_path: Path, workers: str, environment: dict[str, str]
) -> None:
    arguments = command(archive, tmp_path / "set", *FLAGS, "--workers", workers)
    assert run(arguments, env=environment).returncode == 0
    assert digest(tmp_path / "set") == digest(data_set)


@pytest.mark.parametrize("shards", [0, 1, 2])
def test_same_bytes_after_kill_and_resume(archive: Path, data_set: Path, tmp_path: Path, shards: int) -> None:
    out = tmp_path / "set"
    arguments = command(archive, out, *FLAGS, "--workers", "1")
    process = subprocess.Popen(arguments, cwd=REPOSITORY, stderr=subprocess.DEVNULL)
    reports = tmp_path / "set.partial" / "reports"
    while process.poll() is None and len(list(reports.glob("*.json"))) < shards:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    interrupted = not out.exists()
    if interrupted and list(reports.glob("*.json")):
        refused(
            build(archive, out, "--seed", "0", "--dead-zone", "0.02"), "interrupted build of another configuration"
        )
        refused(build(archive, out), "--resume")
    assert build(archive, out, "--resume").returncode == 0
    assert digest(out) == digest(data_set)


def test_interrupt_keeps_what_is_finished(archive: Path, tmp_path: Path) -> None:
    out = tmp_path / "set"
    process = subprocess.Popen(
        command(archive, out, *FLAGS), cwd=REPOSITORY, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    reports = tmp_path / "set.partial" / "reports"
    while process.poll() is None and not list(reports.glob("*.json")):
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGINT)
    _, stderr = process.communicate(timeout=60)
    if process.returncode != 0:  # else it was done before the signal came
        assert process.returncode == 130 and "--resume" in stderr and "Traceback" not in stderr
        assert list(reports.glob("*.json")) and not out.exists()


def test_a_finished_data_set_is_left_alone(archive: Path, data_set: Path) -> None:
    before = digest(data_set)
    result = build(archive, data_set)
    assert result.returncode == 0 and "nothing to build" in result.stderr
    refused(build(archive, data_set, "--seed", "1"), "another configuration")
    refused(build(archive, REPOSITORY / "docs"), "holds files already")
    refused(build(archive, REPOSITORY / "README.md"), "is a file")
    assert digest(data_set) == before


def test_dry_run_writes_nothing(archive: Path, tmp_path: Path) -> None:
    result = build(archive, tmp_path / "set", "--dry-run", "--limit", "7")
    assert result.returncode == 0 and "7 demos (0 to record" in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_demo_is_skipped_by_name_or_fatal(archive: Path, tmp_path: Path) -> None:
    root = tmp_path / "demos"
    write_archive(root, ("push_button",), episodes=3)
    damaged = root / "push_button" / "variation0" / "episode1.zip"
    damaged.write_bytes(damaged.read_bytes()[:2_000])
    flags = ("--tasks", "push_button", "--variations", "0", "--demos-per-task", "3")
    result = run(command(root, tmp_path / "set", *flags))
    assert result.returncode == 0
    assert "skipped push_button/variation0/episode1.zip" in result.stderr
    manifest = Manifest.model_validate(json.loads((tmp_path / "set" / "manifest.json").read_text()))
    assert [skipped.where for skipped in manifest.skipped] == ["push_button/variation0/episode1.zip"]
    assert len(manifest.demos) == 2
    refused(run(command(root, tmp_path / "strict", *flags, "--strict")), "episode1.zip")
    assert not (tmp_path / "strict").exists()
    assert run(command(root, tmp_path / "strict", *flags, "--resume")).returncode == 0
    for episode in (0, 2):
        damaged.with_name(f"episode{episode}.zip").write_bytes(b"")
    refused(run(command(root, tmp_path / "none", *flags)), "no demo gave a question (3 of them damaged")
    assert not list(tmp_path.glob("none*"))


@pytest.mark.parametrize("damaged_before", [False, True])
def test_a_demo_that_changes_while_the_build_is_interrupted_is_noticed(tmp_path: Path, damaged_before: bool) -> None:
    root, demos, shard = small_shard(tmp_path)
    if damaged_before:
        demos[1].path.write_bytes(b"")
    survey(shard)
    assert len(build_shard(shard).demos) == 2 - damaged_before
    write_archive(root, ("phone_on_base", "push_button"), episodes=2)  # other waypoints for the second task
    with pytest.raises(UserError, match=r"episode\d has changed since this build began; delete .*set\.partial"):
        build_shard(shard)


def test_a_copy_under_another_name_is_skipped(tmp_path: Path) -> None:
    _, (first, second), shard = small_shard(tmp_path)
    shutil.copy(first.path, second.path)
    survey(shard)
    report = build_shard(shard)
    assert [demo.id for demo in report.demos] == [first.key.id]
    assert [(skipped.where, skipped.reason) for skipped in report.skipped] == [
        (f"{second.key.id}.zip", f"holds {first.key.id}")
    ]


def small_shard(folder: Path) -> tuple[Path, list[ArchivedDemo], Shard]:
    """An archive of two demos, these, and a shard of both."""
    root = folder / "demos"
    write_archive(root, ("push_button",), episodes=2)
    config = BuildConfig(root=root, tasks=("push_button",), variations=(0,), demos_per_task=2, workers=1)
    demos = [demo for demo in find(config).demos if isinstance(demo, ArchivedDemo)]
    return root, demos, Shard("train", 0, tuple(demos), config, default_templates(), Staging(folder / "set"), {})


def survey(shard: Shard) -> None:
    with Workers(1) as workers:
        take_survey([(demo, "train") for demo in shard.demos], shard.config, workers).save(shard.staging.survey)


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (("--tasks", "fly_away"), "unknown task fly_away"),
        (("--variations", "99"), "variations 0 to"),
        (("--source", "rlbench"), "not supported yet"),
        (("--source", "rlbench-disk", "--root", "/nowhere"), "/nowhere"),
        (("--image-size", "128"), "recorded with image_size 64, not 128"),
        (("--renderer", "gl"), "recorded with renderer rays, not gl"),
        (("--frame-interval", "5"), "recorded with frame_interval 10, not 5"),
        (("--push-to-hub", "me/mine"), "needs HF_TOKEN"),
        (("--prompts", "/nowhere"), "prompt folder /nowhere does not exist"),
        (("--out", "/proc/nowhere/set"), "/proc/nowhere"),
        (("--out", "/dev/null/set"), "/dev/null"),
        (("--config", "none.yaml"), "configuration none.yaml is missing"),
    ],
)
def test_bad_input_is_one_line(archive: Path, tmp_path: Path, flags: tuple[str, ...], message: str) -> None:
    environment = {key: value for key, value in os.environ.items() if key != "HF_TOKEN"}
    refused(run(command(archive, tmp_path / "set", *flags), env=environment), message)
    assert not (tmp_path / "set").exists()
    assert not list(tmp_path.rglob("*.parquet"))


def test_no_write_permission(archive: Path, tmp_path: Path) -> None:
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o555)
    if os.geteuid() == 0:
        if subprocess.run(["test", "-r", sys.executable], user=65534, check=False).returncode != 0:
            pytest.skip("root may write anywhere, and another user cannot run this interpreter")
        tmp_path.chmod(0o755)
    user = 65534 if os.geteuid() == 0 else None
    refused(run(command(archive, locked / "set", *FLAGS), user=user), "Permission denied")


def test_a_full_disk_leaves_no_data_set_and_can_be_resumed(archive: Path, data_set: Path, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(disk)], capture_output=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip("a small tmpfs cannot be mounted here; that needs root")
    try:
        refused(build(archive, disk / "set"), "No space left on device")
        assert not (disk / "set").exists()
        subprocess.run(["mount", "-o", "remount,size=64m", str(disk)], check=True)
        assert build(archive, disk / "set", "--resume").returncode == 0
        assert digest(disk / "set") == digest(data_set)
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_what_a_killed_build_of_another_configuration_left_is_not_used(
    archive: Path, data_set: Path, tmp_path: Path
) -> None:
    out = tmp_path / "set"
    other = command(archive, out, *FLAGS, "--keypoints.method", "random")
    process = subprocess.Popen(other, cwd=REPOSITORY, stderr=subprocess.DEVNULL)
    survey = tmp_path / "set.partial" / "survey.npz"
    while process.poll() is None and not survey.is_file():
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not out.exists()
    for report in (tmp_path / "set.partial" / "reports").glob("*.json"):
        report.unlink()  # had it been killed a moment earlier
    assert build(archive, out).returncode == 0
    assert digest(out) == digest(data_set)


def test_exclude_leaves_out_what_a_list_names_and_tells_of_ids_that_name_nothing(
    archive: Path, data_set: Path, tmp_path: Path
) -> None:
    ids = [
        f"{read_manifest(data_set).demos[0].id}/frame10/{kind}" for kind in ("waypoint", "current_state", "movement")
    ]
    listed = tmp_path / "exclude.txt"
    listed.write_text("\n".join([*ids, "push_button/variation0/episode999/frame0/waypoint"]) + "\n")
    result = build(archive, tmp_path / "set", "--exclude", str(listed))
    assert result.returncode == 0, result.stderr
    assert "1 ids of --exclude name no question" in result.stderr
    before, after = (
        {row["id"]: row for file in folder.rglob("train-*.parquet") for row in pq.read_table(file).to_pylist()}
        for folder in (data_set, tmp_path / "set")
    )
    assert set(before) - set(after) == set(ids) & set(before) != set()
    assert all(before[name] == row for name, row in after.items())
