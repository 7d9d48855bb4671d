import io
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from data_gen.sources.png import png_size, read_png
from robot_r1.errors import BadDemoError
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


def write(tmp_path: Path, data: bytes) -> Path:
    path = tmp_path / "7.png"
    path.write_bytes(data)
    return path


def test_whole_picture_passes_unchanged(tmp_path):
    path = write(tmp_path, GOOD)
    assert read_png(path, SIZE) == GOOD
    assert png_size(path) == SIZE


def test_dark_but_not_black_picture_passes(tmp_path):
    pixels = np.zeros((32, 32, 3), np.uint8)
    pixels[0, 0, 2] = 1
    read_png(write(tmp_path, encoded(Image.fromarray(pixels))), SIZE)


BAD = {
    "empty": (b"", "empty"),
    "text": (b"hello" * 20, "not a PNG"),
    "jpeg": (encoded(Image.new("RGB", SIZE, "red"), "JPEG"), "not a PNG"),
    "black": (encoded(Image.new("RGB", SIZE)), "black all over"),
    "grey": (encoded(Image.new("L", SIZE, 9)), "not plain 8-bit RGB"),
    "rgba": (encoded(Image.new("RGBA", SIZE, "red")), "not plain 8-bit RGB"),
    "palette": (encoded(Image.new("P", SIZE, 9)), "not plain 8-bit RGB"),
    "16 bit": (encoded(Image.new("I;16", SIZE, 9)), "not plain 8-bit RGB"),
    "other size": (encoded(Image.new("RGB", (32, 31), "red")), "32 x 31 pixels, the first frame is 32 x 32"),
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
    "interlaced": (header(*SIZE)[:28] + b"\x01" + header(*SIZE)[29:], "not plain 8-bit RGB"),
    "enormous": (header(2**31 - 1, 2**31 - 1) + chunk(b"IEND", b""), "at most 4096"),
    "no width": (header(0, 32), "at most 4096"),
}


@pytest.mark.parametrize("damage", BAD)
def test_bad_picture_is_named(tmp_path, damage):
    data, reason = BAD[damage]
    path = write(tmp_path, data)
    with pytest.raises(BadDemoError, match=reason) as caught:
        read_png(path, SIZE)
    assert caught.value.where == str(path)
