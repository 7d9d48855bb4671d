"""Checking the PNG pictures of recordings: whole, plain RGB, of the expected size, not black, and nothing besides.

What passes here, every decoder reads, and all of them see the same pixels.
"""

import struct
import zlib

import numpy as np

from robot_r1.errors import BadFileError
from robot_r1.pictures import MAX_BYTES, MAX_RATIO

MAX_SIDE = 4096
"""Pixels. Larger pictures are refused before they are decoded."""

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_IHDR_END = 33
_LAST_FILTER = 4
"""The largest filter type that a row may begin with."""
_RGB8 = (8, 2, 0, 0, 0)
"""Bit depth, colour type, compression, filter and interlacing of an 8-bit RGB picture as Pillow writes it."""
_PALETTE = b"PLTE"
"""Of an RGB picture it is only a hint for screens of few colours."""


def png_size(data: bytes) -> tuple[int, int]:
    """Width and height in pixels, from the header alone.

    Raises:
        BadFileError: it is not an RGB picture of a sensible size.
    """
    if len(data) < _IHDR_END or not data.startswith(_SIGNATURE) or data[8:16] != b"\0\0\0\x0dIHDR":
        raise BadFileError("is not a PNG")
    width, height, *kind = struct.unpack(">II5B", data[16:29])
    if tuple(kind) != _RGB8:
        raise BadFileError(
            f"is not plain 8-bit RGB (bit depth {kind[0]}, colour type {kind[1]}, interlacing {kind[4]})"
        )
    if not 0 < width <= MAX_SIDE or not 0 < height <= MAX_SIDE:
        raise BadFileError(f"is {width} x {height} pixels; at most {MAX_SIDE} a side are read")
    if max(width, height) > MAX_RATIO * min(width, height):
        raise BadFileError(f"is {width} x {height} pixels, more than {MAX_RATIO} times as long as wide")
    return width, height


def checked_png(data: bytes, size: tuple[int, int]) -> bytes:
    """A picture of `size` (width, height) and nothing else, after checking all of it.

    The bytes are those given unless they hold more than the picture: texts, profiles, animations and whatever follows
    the end mark are left out, as they can be bombs, or turn the picture in some programs and not in others.

    Checksums, inflated length and row filters decide whether a decoder can read it; that takes a third of the time of
    decoding it with Pillow, which would pass over wrong checksums and missing rows.

    Raises:
        BadFileError: it is damaged, too large, of another kind or size, or black all over.
    """
    if len(data) > MAX_BYTES:
        raise BadFileError(f"is larger than {MAX_BYTES / 2**20:g} MiB")
    width, height = png_size(data)
    if (width, height) != size:
        raise BadFileError(f"is {width} x {height} pixels, expected are {size[0]} x {size[1]}")
    compressed, picture = _picture(data)
    expected = height * (1 + 3 * width)
    inflater = zlib.decompressobj()
    try:
        inflated = inflater.decompress(compressed, expected + 1)
    except zlib.error as error:
        raise BadFileError(f"is a damaged PNG: {error}") from error
    if len(inflated) < expected:
        raise BadFileError("is a truncated PNG: rows are missing")  # Pillow would show them in black
    if len(inflated) > expected or not inflater.eof or inflater.unused_data:
        raise BadFileError("is a damaged PNG: its data goes on after the last row")
    rows = np.frombuffer(inflated, np.uint8).reshape(height, 1 + 3 * width)
    if rows[:, 0].max() > _LAST_FILTER:
        raise BadFileError("is a damaged PNG: a row has an unknown filter")
    if not rows[:, 1:].any():  # of a black picture, and of no other, every filter leaves nothing but zeros
        raise BadFileError("is black all over: the recording's renderer drew nothing")
    return picture


def _picture(data: bytes) -> tuple[bytes, bytes]:
    """The compressed rows, and the file without chunks that are no part of the picture.

    Every chunk is compared with its checksum, which decoders pass over, up to the end mark.
    """
    compressed, kept = [], [data[:_IHDR_END]]
    position = len(_SIGNATURE)
    while position + 12 <= len(data):
        length = int.from_bytes(data[position : position + 4], "big")
        body_end = position + 8 + length
        kind_and_body = data[position + 4 : body_end]
        if data[body_end : body_end + 4] != zlib.crc32(kind_and_body).to_bytes(4, "big"):
            raise BadFileError(f"is a damaged PNG: wrong checksum at byte {position}")
        kind, chunk = kind_and_body[:4], data[position : body_end + 4]
        if kind == b"IDAT":
            compressed.append(kind_and_body[4:])
            kept.append(chunk)
        elif kind == b"IEND" and length == 0:
            return b"".join(compressed), b"".join([*kept, chunk])
        elif position > len(_SIGNATURE) and kind[0] < ord("a") and kind != _PALETTE:  # decoders must heed it
            raise BadFileError(f"is a damaged PNG: unexpected chunk at byte {position}")
        position = body_end + 4
    raise BadFileError("is a truncated PNG")
