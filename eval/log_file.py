"""The look at a log's bytes before Inspect reads it: logs come from others, and 7 KB can ask for 12 GB.

Inspect believes what an archive says of itself, and its reader of JSON takes as much memory as is nested. Checked are
therefore the archive's directory, the true size of every member, and brackets and commas of the JSON inside.
"""

import re
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np
import zstandard

from robot_r1.errors import BadFileError, UserError
from robot_r1.files import read_regular

MAX_MEMBER = 2**25
"""Bytes of one sample or header as JSON; one with pictures takes some hundred thousand."""
MAX_DEPTH = 200
"""Brackets inside brackets."""
MAX_RATIO = 100
"""How much smaller a whole log of more than `MAX_MEMBER` bytes can be as an archive."""
MAX_PARTS = 1_000_000
"""Brackets, colons and commas outside of texts in a small log; a larger one may have one for each of its bytes."""

_STORED, _DEFLATE, _ZSTD = 0, 8, 93
_LOCAL_HEADER = 30
_CHUNK = 2**16
_TEXT = re.compile(rb'"(?:[^"\\]++|\\.)*+["\\]?', re.DOTALL)
"""A JSON string; also one that the end of the bytes cuts off, so that looking for one takes linear time."""
_DEPTH = np.zeros(256, np.int8)
_DEPTH[list(b"[{")], _DEPTH[list(b"]}")] = 1, -1
_PARTS = np.zeros(256, np.bool_)
_PARTS[list(b"[{:,")] = True


def check_log(path: Path) -> None:
    """Refuse a log that is no archive of JSON or JSON, or that would take more time or memory than its size explains.

    Raises:
        UserError: it is refused, or cannot be read.
    """
    try:
        read_regular(path, _check)
    except BadFileError as error:
        raise UserError(f"log {path} {error}; give a log (.eval) that an evaluation of this project wrote") from error


def _check(file: BinaryIO, size: int) -> None:
    left = max(MAX_PARTS, size)
    if file.read(4) != b"PK\x03\x04":
        file.seek(0)
        _parts(_bounded(iter(lambda: file.read(_CHUNK), b""), "it"), left, "it")
        return
    total = 0
    for name, chunks in _members(file):
        data = _bounded(chunks, name)
        total += len(data)
        if total > MAX_MEMBER + MAX_RATIO * size:
            raise BadFileError(f"holds more than {MAX_RATIO} times its size")
        left -= _parts(data, left, name)


def _members(file: BinaryIO) -> Iterator[tuple[str, Iterator[bytes]]]:
    """Names and contents as Inspect finds them: by the directory at the end, whatever stands before a member."""
    try:
        with zipfile.ZipFile(file) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, NotImplementedError, ValueError, EOFError) as error:
        raise BadFileError("is no readable Inspect log: its directory cannot be read") from error
    if not entries or min(entry.header_offset for entry in entries) != 0:
        raise BadFileError("is no readable Inspect log: its directory does not fit its contents")
    for entry in entries:
        name = entry.filename[:100]
        if entry.compress_type not in (_STORED, _DEFLATE, _ZSTD) or entry.flag_bits & 1:
            raise BadFileError(f"is packed in a way that no log is ({name}: method {entry.compress_type})")
        yield name, _content(file, entry)


def _content(file: BinaryIO, entry: zipfile.ZipInfo) -> Iterator[bytes]:
    file.seek(entry.header_offset)
    header = file.read(_LOCAL_HEADER)
    skipped = int.from_bytes(header[26:28], "little") + int.from_bytes(header[28:30], "little")
    file.seek(skipped, 1)
    packed = _packed(file, entry.compress_size)
    if entry.compress_type == _STORED:
        return packed
    return _inflated(packed) if entry.compress_type == _DEFLATE else _unpacked(packed)


def _packed(file: BinaryIO, size: int) -> Iterator[bytes]:
    while size > 0 and (chunk := file.read(min(size, _CHUNK))):
        size -= len(chunk)
        yield chunk


def _inflated(packed: Iterator[bytes]) -> Iterator[bytes]:
    stream = zlib.decompressobj(-zlib.MAX_WBITS)
    for chunk in packed:
        waiting = chunk
        while waiting:
            yield stream.decompress(waiting, _CHUNK)
            waiting = stream.unconsumed_tail
    yield stream.flush()


def _unpacked(packed: Iterator[bytes]) -> Iterator[bytes]:
    stream = zstandard.ZstdDecompressor(max_window_size=MAX_MEMBER).decompressobj()
    for chunk in packed:
        for start in range(0, len(chunk), 256):  # 256 bytes of this kind hold at most some megabytes
            yield stream.decompress(chunk[start : start + 256])


def _bounded(chunks: Iterator[bytes], name: str) -> bytes:
    found = bytearray()
    try:
        for chunk in chunks:
            found += chunk
            if len(found) > MAX_MEMBER:
                raise BadFileError(f"is too large: {name} has more than {MAX_MEMBER // 2**20} MiB")
    except (zlib.error, zstandard.ZstdError) as error:
        raise BadFileError(f"is no readable Inspect log: {name} cannot be unpacked") from error
    return bytes(found)


def _parts(data: bytes, most: int, name: str) -> int:
    """How many brackets, colons and commas stand outside of texts."""
    if b"\0" in data:
        raise BadFileError(f"is no readable Inspect log: {name} is no JSON in UTF-8")
    outside = np.frombuffer(_TEXT.sub(b"", data), np.uint8)
    parts = int(np.count_nonzero(_PARTS[outside]))
    depth = np.cumsum(_DEPTH[outside], dtype=np.int32)
    if len(depth) and depth.max() > MAX_DEPTH:
        raise BadFileError(f"is no readable Inspect log: {name} is nested more than {MAX_DEPTH} deep")
    if parts > most:
        raise BadFileError(f"holds more values than its size explains ({name})")
    return parts
