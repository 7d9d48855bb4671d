"""Logs of others: refused in one line before they take seconds or gigabytes, or tell what they should not."""

import io
import json
import os
import resource
import subprocess
import sys
import time
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard

from eval.log_file import MAX_DEPTH, MAX_MEMBER, check_log
from eval.logs import read_log
from robot_r1.errors import UserError
from tests.support.eval_logs import Said, write_log

SAID = [Said(f"q{i}", float(i % 2), demo=f"demo{i}") for i in range(4)]
MEMBER = "samples/q0_epoch_1.json"


def members(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def rewritten(path: Path, changes: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> Path:
    """The log with other contents of some members."""
    kept = members(path) | changes
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, data in kept.items():
            archive.writestr(name, data)
    return path


def deep(levels: int) -> bytes:
    return b'{"id": "q0", "metadata": {"x": ' + b"[" * levels + b"]" * levels + b"}}"


def _nested(path: Path) -> None:
    rewritten(path, {MEMBER: deep(200_000)})


def _many_values(path: Path) -> None:
    rewritten(path, {MEMBER: b'{"x": [' + b"[]," * 3_000_000 + b"[]]}"})


def _inflated(path: Path) -> None:
    rewritten(path, {MEMBER: b'"' + b" " * (2 * MAX_MEMBER) + b'"'})


def _many_inflated(path: Path) -> None:
    rewritten(path, {f"samples/{i}_epoch_1.json": b'"' + b" " * (MAX_MEMBER - 9) + b'"' for i in range(8)})


def _lzma(path: Path) -> None:
    rewritten(path, {}, zipfile.ZIP_LZMA)


def _method(number: int) -> Callable[[Path], None]:
    def change(path: Path) -> None:
        data = bytearray(path.read_bytes())
        place = data.index(b"PK\x01\x02")
        data[place + 10 : place + 12] = number.to_bytes(2, "little")
        path.write_bytes(data)

    return change


def _encrypted(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[data.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(data)


def _before_the_archive(path: Path) -> None:
    path.write_bytes(b"PK\x03\x04" + b"x" * 50 + path.read_bytes())


def _plain(text: bytes) -> Callable[[Path], None]:
    return lambda path: path.write_bytes(text) and None


def _json_log(path: Path) -> None:
    path.write_bytes(deep(100_000))


def _endless(path: Path) -> None:
    path.unlink()
    path.symlink_to("/dev/zero")


def _pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def _no_numbers(path: Path) -> None:
    header = json.loads(members(path)["header.json"])
    header["results"] = 7
    header["stats"] = []
    rewritten(path, {"header.json": json.dumps(header).encode()})


HOSTILE = {
    change.__name__.strip("_"): change
    for change in (_nested, _many_values, _inflated, _many_inflated, _lzma, _encrypted, _endless, _pipe, _no_numbers)
} | {
    "before": _before_the_archive,
    "deflate64": _method(9),
    "ppmd": _method(98),
    "aes": _method(99),
    "nul": _plain(b"\0" * 10_000),
    "utf16": _plain('{"version": 2}'.encode("utf-16")),
    "unclosed": _plain(b'"\\"' * 2_000_000),
    "cut": lambda path: path.write_bytes(path.read_bytes()[:500]) and None,
    "plain": _json_log,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_log_is_refused_in_one_line(tmp_path: Path, name: str) -> None:
    path = write_log(tmp_path / "a.eval", SAID)
    HOSTILE[name](path)
    started = time.process_time()
    with pytest.raises(UserError) as caught:
        read_log(path, set())
    assert time.process_time() - started < 5
    assert str(path) in str(caught.value) and "\n" not in str(caught.value)


def test_no_command_takes_seconds_or_gigabytes_for_a_small_log(tmp_path: Path) -> None:
    """In a process of its own, whose peak of memory is that of all commands.

    It tells the peak itself: what the system tells of children is the largest of all that this process ever had.
    """
    bad = write_log(tmp_path / "bad.eval", SAID, "robot_r1_bench")
    good = write_log(tmp_path / "good.eval", SAID, "robot_r1_bench")
    rewritten(bad, {MEMBER: deep(200_000)})
    assert bad.stat().st_size < 10_000
    script = """
import sys
from robot_r1.errors import UserError
from eval.agreement.__main__ import main as agreement
from eval.compare.__main__ import main as compare
from eval.robot_r1_bench.__main__ import main as bench
from eval.summary.__main__ import main as summary
bad, good, out = sys.argv[1:]
calls = [(summary, [bad]), (compare, [bad, good]), (compare, [good, bad]), (agreement, [bad, good]),
         (agreement, ["--csv-template", bad, "--out", out]), (bench, ["--rescore", bad]),
         (bench, ["--rescore", bad, "--unjudged"])]
for call, arguments in calls:
    try:
        call(arguments)
    except UserError as error:
        assert "nested" in str(error), error
    else:
        raise SystemExit(f"{call.__module__} took it")
own = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(own.split()[1])
"""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    arguments = [str(bad), str(good), str(tmp_path / "out.csv")]
    done = subprocess.run([sys.executable, "-c", script, *arguments], capture_output=True, text=True, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout.splitlines()[-1]) < 2**20  # KiB
    assert after.ru_utime - before.ru_utime < 30  # nearly all of it for imports


def test_logs_as_inspect_packs_them_are_read(tmp_path: Path) -> None:
    for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        path = rewritten(write_log(tmp_path / "a.eval", SAID), {}, method)
        assert len(read_log(path, set()).samples or ()) == 4
    (tmp_path / "a.json").write_text(read_log(path, set()).model_dump_json())
    assert len(read_log(tmp_path / "a.json", set()).samples or ()) == 4


@pytest.mark.parametrize("content", [b'{"a": 1}', b'"' + bytes(range(32, 92)) * 4000 + b'"', deep(MAX_DEPTH + 1)])
def test_zstandard_members_are_looked_into(tmp_path: Path, content: bytes) -> None:
    """Packed by hand, as Python 3.11 packs none."""
    packed = zstandard.ZstdCompressor().compress(content)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("header.json", packed)
    data = bytearray(buffer.getvalue())
    for place, at, size, crc in ((0, 8, 22, 14), (data.index(b"PK\x01\x02"), 10, 24, 16)):
        data[place + at : place + at + 2] = (93).to_bytes(2, "little")
        data[place + size : place + size + 4] = len(content).to_bytes(4, "little")
        data[place + crc : place + crc + 4] = zlib.crc32(content).to_bytes(4, "little")
    (tmp_path / "z.eval").write_bytes(data)
    if content.count(b"[") > MAX_DEPTH:
        with pytest.raises(UserError, match="nested"):
            check_log(tmp_path / "z.eval")
    else:
        check_log(tmp_path / "z.eval")


def test_brackets_in_texts_are_no_nesting(tmp_path: Path) -> None:
    said = [Said("q", 1.0, completion="[" * 5000 + '"\\' + "{" * 5000)]
    path = write_log(tmp_path / "a.eval", said)
    check_log(path)
    assert read_log(path, set()).samples
