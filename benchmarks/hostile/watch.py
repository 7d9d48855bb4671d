"""Sees what Python does while an input is read: what runs, what is written outside, what is read that is private."""

import os
import sys
from pathlib import Path
from types import CodeType, TracebackType
from typing import Any

MARK = "robot_r1_canary"
"""In the name of every module, command, address and private file that a hostile input names."""
_NEVER = {
    "os.system",
    "os.exec",
    "os.fork",
    "os.forkpty",
    "os.kill",
    "os.posix_spawn",
    "os.spawn",
    "os.startfile",
    "subprocess.Popen",
    "pty.spawn",
    "pickle.find_class",
    "socket.bind",
    "socket.connect",
    "socket.getaddrinfo",
    "urllib.Request",
    "webbrowser.open",
    "ctypes.dlopen",
}
"""What no input may lead to."""
_MARKED = {"import", "exec"}
"""What happens in honest work too: only with the mark in it does it come from an input."""
_CHANGING = {"os.remove", "os.rename", "os.rmdir", "os.mkdir", "os.symlink", "os.link", "os.truncate", "os.chmod"}
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT
_NOWHERE = ("/dev/null", "/dev/tty")


class Watch:
    """Sees Python's audit events inside `with`; there can be one in a process, as no hook can be taken away."""

    def __init__(self, folder: Path) -> None:
        """Look out from now on; what lies in the folder may be written."""
        self._folder = str(folder.resolve())
        self._events: list[str] = []
        self._on = False
        sys.addaudithook(self._hook)

    def __enter__(self) -> None:
        self._events.clear()
        self._on = True

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self._on = False

    def seen(self) -> list[str]:
        """What happened that may not, and the canary file if a hostile command has made it."""
        made = canary_file(Path(self._folder))
        if not made.exists():
            return list(self._events)
        made.unlink()
        return [*self._events, "the canary file was written"]

    def _hook(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self._on and len(self._events) < 10 and (told := self._told(event, arguments)):
            self._events.append(told[:300])

    def _told(self, event: str, arguments: tuple[Any, ...]) -> str | None:
        if event in _NEVER or (event in _MARKED and MARK in _text(arguments[0])):
            return f"{event} {arguments!r}"
        if event == "open" and self._is_private(arguments[0]):
            return f"read a private file: {arguments[0]!r}"
        if event == "open" and isinstance(arguments[2], int) and arguments[2] & _WRITING:
            return self._outside(event, arguments[0])
        if event in _CHANGING and not any(isinstance(value, int) and value >= 0 for value in arguments[1:]):
            return self._outside(event, arguments[0])
        return None

    def _is_private(self, path: object) -> bool:
        return isinstance(path, str | bytes | os.PathLike) and os.fsdecode(path) == str(
            private_file(Path(self._folder))
        )

    def _outside(self, event: str, path: object) -> str | None:
        if not isinstance(path, str | bytes | os.PathLike):
            return None
        place = os.path.abspath(os.fsdecode(path))  # noqa: PTH100 - pathlib would raise audit events of its own
        inside = place.startswith(self._folder) or place in _NOWHERE or "__pycache__" in place
        return None if inside else f"{event} outside: {place}"


def canary_file(folder: Path) -> Path:
    """What hostile commands make."""
    return folder / f"{MARK}.made"


def private_file(folder: Path) -> Path:
    """A file that inputs name and that nothing may read."""
    return folder / f"{MARK}.private.png"


def _text(value: object) -> str:
    if isinstance(value, CodeType):
        return f"{value.co_filename} {value.co_names} {value.co_consts}"
    return os.fsdecode(value) if isinstance(value, bytes) else str(value)
