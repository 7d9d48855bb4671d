"""Logs of evaluations from others: through summary, comparison, agreement and the CSV for people."""

import csv
import io
import json
import os
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.hostile.measure import Case, Door
from benchmarks.hostile.values import RefusedError, command, one_of, places, put, spoilt, values, worker_folder
from benchmarks.hostile.watch import MARK, private_file
from eval.agreement import __main__ as agreement
from eval.compare import __main__ as compare
from eval.robot_r1_bench.loading import load_bench
from eval.summary import __main__ as summary
from robot_r1.errors import UserError
from tests.support.damage import mutated
from tests.support.eval_logs import Said, write_log

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\uff1d", "\uff0b", "\uff0d", "\uff20")
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)
_NAMING = ("image", "path", "dataset", "location", "demo", "completion", "answer", "question", "reference", "model")
"""Keys whose values are worth more attempts than others."""


@dataclass(frozen=True)
class _Good:
    folder: Path
    members: dict[str, dict[str, bytes]]
    """Of each `.eval` by name."""


def _prepare(folder: Path) -> _Good:
    folder.mkdir(exist_ok=True)
    for number, name in enumerate(("a.eval", "b.eval", "a.json")):
        said = [Said(f"q{i}", float((i + number) % 2), demo=f"demo{i % 3}", picture=i == 0) for i in range(6)]
        write_log(folder / name, said, model=f"openai/m{number}", seed=number)
    for number, name in enumerate(("bench.eval", "bench2.eval")):
        _write_bench(folder / name, number)
    members = {}
    for path in folder.glob("*.eval"):
        with zipfile.ZipFile(path) as archive:
            members[path.name] = {name: archive.read(name) for name in archive.namelist()}
    good = _Good(folder, members)
    for read in _READERS.values():  # imports what they import late, and they have to take it
        read(good, folder / "bench.eval")
        (folder / "page.html").unlink(missing_ok=True)
    return good


def _write_bench(path: Path, number: int) -> None:
    """A log of the bench with the questions in its metadata, as `eval.robot_r1_bench` writes it."""
    questions = load_bench().questions[:6]
    said = [
        Said(
            each.id,
            float((i + number) % 4),
            group=each.reasoning_type,
            task=each.task,
            demo=f"demo{i % 3}",
            in_training=each.in_training,
        )
        for i, each in enumerate(questions)
    ]
    write_log(path, said, benchmark="robot_r1_bench", model=f"openai/m{number}", seed=number)
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    for question in questions:
        for name in members:
            if name.startswith(f"samples/{question.id}_epoch"):
                sample = json.loads(members[name])
                sample["metadata"] |= {"bench_question": question.model_dump(mode="json"), "image": question.image}
                members[name] = json.dumps(sample).encode()
    path.write_bytes(_zipped(members))


def _zipped(members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), data, method)
    return buffer.getvalue()


def _made(good: _Good, name: str, rng: np.random.Generator, place: Path) -> tuple[str, Path]:
    """A hostile log beside a good one, and what is hostile in it."""
    members = dict(good.members[name])
    folder = worker_folder(place)
    path = place / name
    sample = one_of([each for each in members if each.startswith("samples/")], rng)
    member = sample if rng.random() < 0.6 else one_of(list(members), rng)
    match int(rng.integers(12)):
        case 0:
            what, data = "flips and cuts", mutated((good.folder / name).read_bytes(), rng)
        case 1:
            members[member] = mutated(members[member], rng)
            what, data = f"flips and cuts in {member}", _zipped(members)
        case 2:
            what, data = _compressed(members, member, rng)
        case 3:
            what, data = _directory(_zipped(members), rng)
        case 4:
            nested = one_of((b"[" * 200_000, b'{"a":' * 100_000, b"[" * 3000 + b"]" * 3000, b"9" * 1_000_000), rng)
            members[member] = one_of((nested, members[member][:-1] + b',"more":' + nested), rng)
            what, data = f"{member} nested", _zipped(members)
        case 5:
            content = json.loads(members[sample])
            what = _pointing(content, rng, folder, place)
            members[sample] = json.dumps(content).encode()
            data = _zipped(members)
        case 6:
            path = place / f"{Path(name).stem}.json"
            content = json.loads((good.folder / "a.json").read_bytes())
            what = spoilt(content, rng, folder)
            data = json.dumps(content).encode()
            if rng.random() < 0.3:
                what, data = "json: flips and cuts", mutated(data, rng)
        case 7:
            del members[member]
            what, data = f"{member} is missing", _zipped(members)
        case _:
            content = json.loads(members[member])
            what = f"{member}: {_spoilt(content, rng, folder)}"
            members[member] = json.dumps(content).encode()
            data = _zipped(members)
    path.write_bytes(data)
    return what[:200], path


def _spoilt(content: Any, rng: np.random.Generator, folder: Path) -> str:
    """Spoil something, and mostly something that commands look at."""
    naming = [path for path in places(content) if str(path[-1]) in _NAMING]
    if not naming or rng.random() < 0.4:
        return spoilt(content, rng, folder)
    path, value = one_of(naming, rng), one_of(values(folder), rng)
    put(content, path, value)
    return f"{'.'.join(map(str, path))} = {repr(value)[:40]}"


def _pointing(sample: dict[str, Any], rng: np.random.Generator, folder: Path, place: Path) -> str:
    """The sample's picture is a path or an address."""
    os.mkfifo(place / "pipe")
    there = one_of(
        (
            str(private_file(folder)),
            f"file://{private_file(folder)}",
            os.path.relpath(private_file(folder)),
            "/dev/zero",
            "/dev/stdin",
            "/proc/self/mem",
            str(place / "pipe"),
            str(place),
            f"http://{MARK}.invalid/x.png",
            "data:image/png;base64,!!!",
            "data:image/png;base64," + "A" * 1_000_000,
            "data:image/svg+xml;base64,PHN2Zz48L3N2Zz4=",
            "data:text/html,<script>",
            "attachment://0",
            "\x00",
            "a" * 100_000,
        ),
        rng,
    )
    sample["metadata"]["image"] = there
    sample["input"] = [{"role": "user", "content": [{"type": "text", "text": "?"}, {"type": "image", "image": there}]}]
    return f"a picture at {there[:60]}"


def _compressed(members: dict[str, bytes], member: str, rng: np.random.Generator) -> tuple[str, bytes]:
    method = one_of(_METHODS, rng)
    size = int(rng.integers(1, 200 if method == zipfile.ZIP_DEFLATED else 10)) * 1_000_000  # others pack slowly
    bomb = one_of((b" " * size, b'"' + b"a" * size + b'"', b"[" + b"1," * (size // 2) + b"1]"), rng)
    if rng.random() < 0.5:
        members[member] = one_of((bomb, members[member].rstrip()[:-1] + b',"more":' + bomb.strip() + b"}"), rng)
        return f"method {method}, bomb of {size // 1_000_000} MB in {member}", _zipped(members, method)
    members[f"samples/{'x' * int(rng.integers(1, 60_000))}.json"] = b"{}"
    return f"method {method}, one more member", _zipped(members, method)


def _directory(data: bytes, rng: np.random.Generator) -> tuple[str, bytes]:
    """Fields of the zip's directory are others."""
    fields = {
        "flags": (8, 2),
        "method": (10, 2),
        "checksum": (16, 4),
        "packed": (20, 4),
        "size": (24, 4),
        "at": (42, 4),
    }
    name = one_of(list(fields), rng)
    at, length = fields[name]
    value = one_of((b"\x01\0\0\0", b"\x0e\0\0\0", b"\x63\0\0\0", b"\x5d\0\0\0", b"\xff" * 4, rng.bytes(4)), rng)
    result = bytearray(data)
    for entry in [i for i in range(len(data) - 4) if data[i : i + 4] == b"PK\x01\x02"]:
        result[entry + at : entry + at + length] = value[:length]
    return f"directory: {name} is {value[:length].hex()}", bytes(result)


def _summary(good: _Good, path: Path) -> None:
    command(summary.main, path, good.folder / "b.eval")


def _compare(good: _Good, path: Path) -> None:
    page = path.with_name("page.html")
    command(compare.main, path, good.folder / ("bench2.eval" if "bench" in path.name else "b.eval"), "--out", page)
    text = page.read_text(encoding="utf-8")
    for markup in (f"<script>{MARK}", f"<img src=x onerror={MARK}", f"<svg onload={MARK}"):
        assert markup not in text, f"{markup} stands in the page as it is"


def _agreement(good: _Good, path: Path) -> None:
    command(agreement.main, path, good.folder / "bench2.eval")


def _template(good: _Good, path: Path) -> None:
    out = path.with_name("scores.csv")
    command(agreement.main, "--csv-template", path, "--out", out)
    with out.open(encoding="utf-8", newline="") as file:
        for row in csv.reader(file):
            for cell in row:
                assert not cell.startswith(_FORMULA), f"a formula in the CSV: {cell[:40]!r}"


_READERS: dict[str, Callable[[_Good, Path], None]] = {
    "summary": _summary,
    "compare": _compare,
    "agreement": _agreement,
    "csv-template": _template,
}


def _hostile(good: _Good, rng: np.random.Generator, place: Path) -> Case:
    reader = one_of(list(_READERS), rng)
    names = ("a.eval", "bench.eval") if reader in ("summary", "compare") else ("bench.eval",)
    what, path = _made(good, one_of(names, rng), rng, place)
    return Case(f"{reader}: {what}", lambda: _READERS[reader](good, path))


LOGS = Door(
    "logs",
    "logs of others: eval.summary, compare, agreement, its CSV",
    800,
    (RefusedError, UserError),
    _prepare,
    _hostile,
)
