"""What every command does before and after its work."""

import errno
import io
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from robot_r1.cli import LONGEST_MESSAGE, CommandParser, console, run_command
from robot_r1.errors import DISK_FAULTS, BadDemoError, UserError

Main = Callable[[Sequence[str]], int | None]


def raising(error: BaseException) -> Main:
    def main(_: Sequence[str]) -> None:
        raise error

    return main


def ended(main: Main, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    """The exit code of a command with the hint `again`, and what it wrote on standard error."""
    return run_command(main, "again"), capsys.readouterr().err


@pytest.mark.parametrize(("returned", "code"), [(None, 0), (0, 0), (1, 1)])
def test_what_a_command_returns_is_its_exit_code(
    returned: int | None, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ended(lambda _: returned, capsys) == (code, "")


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (UserError("two\nlines"), 2, "error: two lines\n"),
        (UserError("a [bold]path[/] of :key: and \x1b[31m\u202eits \udce9"), 2,
         "error: a [bold]path[/] of :key: and \\x1b[31m\\u202eits \\udce9\n"),
        (BadDemoError("a/1.png", "is empty"), 2, "error: damaged demo: a/1.png: is empty\n"),
        (KeyboardInterrupt(), 130, "interrupted; again\n"),
        (OSError(errno.ENOSPC, "No space left", "/data/x"), 2, "error: /data/x: No space left; again\n"),
        (OSError(errno.EIO, "Input/output error"), 2, "error: output: Input/output error; again\n"),
        (OSError(errno.EMFILE, "Too many open files", b"/data/x"), 2,
         "error: /data/x: Too many open files; allow more open files (ulimit -n 4096); again\n"),
        (OSError(errno.ENOLCK, "No locks available"), 2,
         "error: a lock file: No locks available; "
         "set HF_HOME to a folder on a local disk, whose file system has locks\n"),
    ],
)  # fmt: skip
def test_what_the_user_can_mend_is_one_line(
    error: BaseException, code: int, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ended(raising(error), capsys) == (code, line)


@pytest.mark.parametrize("number", sorted(DISK_FAULTS))
def test_every_fault_of_the_disk_is_one_line(number: int, capsys: pytest.CaptureFixture[str]) -> None:
    code, line = ended(raising(OSError(number, os.strerror(number), "/data/x")), capsys)
    assert code == 2
    assert line.startswith(f"error: /data/x: {os.strerror(number)}; ")
    assert line.count("\n") == 1


def test_a_fault_of_this_program_keeps_its_traceback() -> None:
    with pytest.raises(FileNotFoundError):
        run_command(raising(FileNotFoundError(errno.ENOENT, "No such file", "x")), "again")


@pytest.mark.parametrize(
    ("variable", "place", "named"),
    [
        ("HF_HOME", "hub/datasets", "HF_HOME"),
        ("HF_HOME", "", "HF_HOME"),
        ("HOME", ".local", "XDG_DATA_HOME"),
        ("HOME", ".cache/huggingface/hub", "HF_HOME and XDG_CACHE_HOME"),
        ("HOME", ".cache", "HF_HOME and XDG_CACHE_HOME"),
    ],
)
def test_a_cache_that_cannot_be_written_names_the_variable_that_moves_it(
    variable: str,
    place: str,
    named: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name in ("HF_HOME", "HF_DATASETS_CACHE", "HF_HUB_CACHE", "XDG_CACHE_HOME", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(variable, str(tmp_path))
    path = tmp_path / place
    line = f"error: {path}: Permission denied; set {named} to a folder that can be written\n"
    assert ended(raising(PermissionError(errno.EACCES, "Permission denied", str(path))), capsys) == (2, line)


def test_the_users_own_folders_are_no_caches(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    for path in (tmp_path, tmp_path / "data" / "set"):
        _, line = ended(raising(PermissionError(errno.EACCES, "Permission denied", str(path))), capsys)
        assert line.endswith("denied; again\n")


def test_a_long_message_keeps_its_ends(capsys: pytest.CaptureFixture[str]) -> None:
    _, line = ended(raising(UserError("begin " + "x" * 10**6 + " end")), capsys)
    assert line.startswith("error: begin x") and line.endswith("x end\n")
    assert len(line) < LONGEST_MESSAGE + 50


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "utf-8"])
def test_what_the_encoding_lacks_is_escaped(encoding: str, monkeypatch: pytest.MonkeyPatch) -> None:
    outputs = [io.BytesIO(), io.BytesIO()]
    for name, output in zip(("stdout", "stderr"), outputs, strict=True):
        monkeypatch.setattr(sys, name, io.TextIOWrapper(output, encoding=encoding))

    def main(_: Sequence[str]) -> None:
        print("é 日 \udce9")
        console.print("é 日 \udce9 [x] :key:")

    assert run_command(main, "again") == 0
    seen = {"ascii": "\\xe9 \\u65e5 \\udce9", "cp1252": "é \\u65e5 \\udce9", "utf-8": "é 日 \\udce9"}[encoding]
    assert [output.getvalue().decode(encoding) for output in outputs] == [f"{seen}\n", f"{seen} [x] :key:\n"]


@pytest.mark.parametrize(
    ("arguments", "encoding", "line"),
    [
        (["--out", "r\udce9"], "utf-8", "error: r\\udce9 is no name in UTF-8, which the libraries need; rename it\n"),
        (["--out", "é"], "ascii", "error: Python takes file names for ascii here; set PYTHONUTF8=1\n"),
        (["--out", "é"], "utf-8", ""),
        (["--out", "x"], "ascii", ""),
    ],
)
def test_names_that_are_not_utf_8(
    arguments: list[str],
    encoding: str,
    line: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(sys, "argv", ["command", *arguments])
    monkeypatch.setattr(sys, "getfilesystemencoding", lambda: encoding)
    assert ended(lambda _: None, capsys) == (2 if line else 0, line)


def test_a_folder_that_is_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    assert ended(lambda _: None, capsys) == (2, "error: the current folder exists no more; change to another one\n")


BUFFERED = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
HELP = "from robot_r1.cli import *; p = CommandParser('x'); run = lambda main: sys.exit(run_command(main, 'again'))"


@pytest.mark.parametrize(
    ("closed", "body"),
    [
        ("stdout", "run(lambda _: print('x' * 10**6))"),
        ("stdout", "run(lambda _: print('x'))"),
        ("stdout", "run(lambda _: p.parse_args(['--help']))"),
        ("stderr", "run(lambda _: console.print('x'))"),
        ("stdout", "def main(_): print('x'); raise UserError('wrong')\nrun(main)"),
    ],
)
def test_output_that_nobody_reads_any_more_ends_quietly(closed: str, body: str) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", f"{HELP}\n{body}"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=BUFFERED,
    )  # fmt: skip
    assert process.stdout is not None and process.stderr is not None
    (process.stdout if closed == "stdout" else process.stderr).close()
    other = process.stderr if closed == "stdout" else process.stdout
    said, code = other.read(), process.wait()
    other.close()
    assert (said, code) == (("error: wrong\n", 2) if "wrong" in body else ("", 1))


def test_a_full_output_is_one_line() -> None:
    with open("/dev/full", "w") as full:  # noqa: PTH123 - a device
        process = subprocess.run(
            [sys.executable, "-c", f"{HELP}\nrun(lambda _: print('x'))"],
            stdout=full, stderr=subprocess.PIPE, text=True, check=False, env=BUFFERED,
        )  # fmt: skip
    assert (process.stderr, process.returncode) == ("error: output: No space left on device; again\n", 2)


def test_a_mistake_in_the_flags_names_the_help() -> None:
    parser = CommandParser("python -m x")
    parser.add_argument("--count", type=int)
    with pytest.raises(UserError, match=r"argument --count: invalid int value: 'two'; see python -m x --help"):
        parser.parse_args(["--count", "two"])
