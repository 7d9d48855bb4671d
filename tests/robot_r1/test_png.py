import io
import zlib

import numpy as np
import pytest
from PIL import Image

from robot_r1.errors import BadFileError
from robot_r1.png import checked_png, png_size
from tests.support.rlbench_layout import Recording, picture

SIZE = (32, 32)
GOOD = picture(Recording(size=32), "front", 0)


def encoded(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def chunk(kind: bytes, body: bytes) -> bytes:
    return len(body).to_bytes(4, "big") + kind + body + zlib.crc32(kind + body).to_bytes(4, "big")


def header(width: int, height: int) -> bytes:
    size = width.to_bytes(4, "big") + height.to_bytes(4, "big")
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", size + bytes([8, 2, 0, 0, 0]))


def with_chunks(*chunks: bytes, after: bytes = b"") -> bytes:
    """The good picture with more in it."""
    return GOOD[:33] + b"".join(chunks) + GOOD[33:] + after


def test_whole_picture_passes_unchanged():
    assert checked_png(GOOD, SIZE) == GOOD
    assert png_size(GOOD) == SIZE


def test_dark_but_not_black_picture_passes():
    pixels = np.zeros((32, 32, 3), np.uint8)
    pixels[0, 0, 2] = 1
    checked_png(encoded(Image.fromarray(pixels)), SIZE)


BOMB = zlib.compress(bytes(100_000_000))
SIDE_CHUNKS = {
    "compressed text": with_chunks(chunk(b"zTXt", b"k\0\0" + BOMB)),
    "international text": with_chunks(chunk(b"iTXt", b"k\0\1\0\0\0" + BOMB)),
    "colour profile": with_chunks(chunk(b"iCCP", b"p\0\0" + BOMB)),
    "long text": with_chunks(chunk(b"tEXt", b"k\0" + b"x" * 3_000_000)),
    "empty text": with_chunks(chunk(b"tEXt", b"")),
    "turned by EXIF": with_chunks(chunk(b"eXIf", b"MM\0*\0\0\0\x08\0\1\1\x12\0\3\0\0\0\1\0\6\0\0\0\0\0\0")),
    "transparent": with_chunks(chunk(b"tRNS", GOOD[40:46])),
    "animated": with_chunks(chunk(b"acTL", b"\0\0\0\2\0\0\0\0"), chunk(b"fcTL", bytes(26))),
    "short gamma": with_chunks(chunk(b"gAMA", b"1")),
    "palette": with_chunks(chunk(b"PLTE", bytes(7))),
    "more after the end": with_chunks(after=b"PK\3\4" * 1000),
}


@pytest.mark.parametrize("what", SIDE_CHUNKS)
def test_what_is_no_part_of_the_picture_is_left_out(what):
    assert checked_png(SIDE_CHUNKS[what], SIZE) == GOOD


BAD = {
    "empty": (b"", "not a PNG"),
    "text": (b"hello" * 20, "not a PNG"),
    "jpeg": (encoded(Image.new("RGB", SIZE, "red"), "JPEG"), "not a PNG"),
    "black": (encoded(Image.new("RGB", SIZE)), "black all over"),
    "grey": (encoded(Image.new("L", SIZE, 9)), "not plain 8-bit RGB"),
    "rgba": (encoded(Image.new("RGBA", SIZE, "red")), "not plain 8-bit RGB"),
    "palette": (encoded(Image.new("P", SIZE, 9)), "not plain 8-bit RGB"),
    "16 bit": (encoded(Image.new("I;16", SIZE, 9)), "not plain 8-bit RGB"),
    "other size": (encoded(Image.new("RGB", (32, 31), "red")), "32 x 31 pixels, expected are 32 x 32"),
    "header only": (GOOD[:33], "truncated"),
    "cut": (GOOD[:-100], "damaged|truncated"),
    "no end mark": (GOOD[:-12], "truncated"),
    "one bit": (GOOD[:60] + bytes([GOOD[60] ^ 1]) + GOOD[61:], "wrong checksum"),
    "no data": (header(*SIZE) + chunk(b"IEND", b""), "truncated"),
    "few rows": (
        header(*SIZE) + chunk(b"IDAT", zlib.compress(bytes([0] + [9] * 96) * 3)) + chunk(b"IEND", b""),
        "truncated",
    ),
    "false filter": (header(*SIZE) + chunk(b"IDAT", zlib.compress(b"\x09" * 3104)) + chunk(b"IEND", b""), "damaged"),
    "too many rows": (
        header(*SIZE) + chunk(b"IDAT", zlib.compress(bytes([0] + [9] * 96) * 33)) + chunk(b"IEND", b""),
        "goes on after the last row",
    ),
    "bomb of rows": (header(*SIZE) + chunk(b"IDAT", BOMB) + chunk(b"IEND", b""), "goes on after the last row"),
    "no checksum of rows": (
        header(*SIZE) + chunk(b"IDAT", zlib.compress(bytes([0] + [9] * 96) * 32)[:-4]) + chunk(b"IEND", b""),
        "goes on after the last row",
    ),
    "second header": (with_chunks(GOOD[8:33]), "unexpected chunk"),
    "unknown but needed": (with_chunks(chunk(b"CRIT", b"")), "unexpected chunk"),
    "long end mark": (GOOD[:-12] + chunk(b"IEND", b"x"), "unexpected chunk"),
    "header of another length": (GOOD[:8] + b"\0\0\0\x0e" + GOOD[12:], "not a PNG"),
    "far longer than wide": (encoded(Image.new("RGB", (3000, 10), "red")), "more than 200 times"),
    "interlaced": (header(*SIZE)[:28] + b"\x01" + header(*SIZE)[29:], "not plain 8-bit RGB"),
    "enormous": (header(2**31 - 1, 2**31 - 1) + chunk(b"IEND", b""), "at most 4096"),
    "no width": (header(0, 32), "at most 4096"),
}


@pytest.mark.parametrize("damage", BAD)
def test_bad_picture_is_named(damage):
    data, reason = BAD[damage]
    with pytest.raises(BadFileError, match=reason):
        checked_png(data, SIZE)
