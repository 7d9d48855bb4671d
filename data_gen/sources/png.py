"""Checking recorded pictures: whole, RGB, of the expected size, and not black."""

import struct
import zlib
from pathlib import Path

import numpy as np

from robot_r1.errors import BadDemoError, BadFileError
from robot_r1.files import read_bounded

MAX_BYTES = 2**26
MAX_SIDE = 4096
"""Pixels. Larger pictures are refused before they are decoded."""

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_IHDR_END = 33
_LAST_FILTER = 4
"""The largest filter type that a row may begin with."""
_RGB8 = (8, 2, 0, 0, 0)
"""Bit depth, colour type, compression, filter and interlacing of an 8-bit RGB picture as Pillow writes it."""


def read_png(path: Path, size: tuple[int, int]) -> bytes:
    """The unchanged bytes of an RGB picture of `size` (width, height), after checking all of it.

    Checksums, inflated length and row filters decide whether a decoder can read it; that takes a third of the time of
    decoding it with Pillow, which would pass over wrong checksums and missing rows.

    Raises:
        BadDemoError: it is missing, damaged, of another kind or size, or black all over.
    """
    data = _bytes(path)
    width, height = _header(path, data)
    if (width, height) != size:
        raise BadDemoError(path, f"is {width} x {height} pixels, the first frame is {size[0]} x {size[1]}")
    compressed = _picture_data(path, data)
    expected = height * (1 + 3 * width)
    try:
        inflated = zlib.decompressobj().decompress(compressed, expected)
    except zlib.error as error:
        raise BadDemoError(path, f"is a damaged PNG: {error}") from error
    if len(inflated) < expected:
        raise BadDemoError(path, "is a truncated PNG: rows are missing")  # Pillow would show them in black
    rows = np.frombuffer(inflated, np.uint8).reshape(height, 1 + 3 * width)
    if rows[:, 0].max() > _LAST_FILTER:
        raise BadDemoError(path, "is a damaged PNG: a row has an unknown filter")
    if not rows[:, 1:].any():  # of a black picture, and of no other, every filter leaves nothing but zeros
        raise BadDemoError(path, "is black all over: the recording's renderer drew nothing")
    return data


def png_size(path: Path) -> tuple[int, int]:
    """Width and height in pixels, from the header alone.

    Raises:
        BadDemoError: the file is missing or not an RGB picture.
    """
    return _header(path, _bytes(path))


def _bytes(path: Path) -> bytes:
    try:
        return read_bounded(path, MAX_BYTES)
    except BadFileError as error:
        raise BadDemoError(path, str(error)) from error


def _header(path: Path, data: bytes) -> tuple[int, int]:
    if len(data) < _IHDR_END or not data.startswith(_SIGNATURE) or data[12:16] != b"IHDR":
        raise BadDemoError(path, "is not a PNG")
    width, height, *kind = struct.unpack(">II5B", data[16:29])
    if tuple(kind) != _RGB8:
        raise BadDemoError(
            path, f"is not plain 8-bit RGB (bit depth {kind[0]}, colour type {kind[1]}, interlacing {kind[4]})"
        )
    if not 0 < width <= MAX_SIDE or not 0 < height <= MAX_SIDE:
        raise BadDemoError(path, f"is {width} x {height} pixels; at most {MAX_SIDE} a side are read")
    return width, height


def _picture_data(path: Path, data: bytes) -> bytes:
    """The compressed rows; compares every chunk with its checksum, which decoders pass over, up to the end mark."""
    compressed = []
    position = len(_SIGNATURE)
    while position + 12 <= len(data):
        length = int.from_bytes(data[position : position + 4], "big")
        body_end = position + 8 + length
        kind_and_body = data[position + 4 : body_end]
        if data[body_end : body_end + 4] != zlib.crc32(kind_and_body).to_bytes(4, "big"):
            raise BadDemoError(path, f"is a damaged PNG: wrong checksum at byte {position}")
        if kind_and_body.startswith(b"IDAT"):
            compressed.append(kind_and_body[4:])
        elif kind_and_body.startswith(b"IEND"):
            return b"".join(compressed)
        position = body_end + 4
    raise BadDemoError(path, "is a truncated PNG")
