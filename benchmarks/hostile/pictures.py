"""Pictures: frames of recordings, which have to be plain PNGs, and what other people's data sets hold as pictures."""

import io
import shutil
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, PngImagePlugin

from benchmarks.hostile.measure import Case, Door
from benchmarks.hostile.values import one_of
from benchmarks.hostile.watch import MARK
from data_gen.sources.rlbench_disk import DiskDemo, find_demos, load_demo
from robot_r1.errors import BadDemoError
from robot_r1.pictures import BadPictureError, as_png, decode, fitted
from tests.support.damage import mutated, with_checksums
from tests.support.rlbench_layout import Recording, write_upstream

_SIDES = (0, 1, 2, 8, 64, 4096, 4097, 20_000, 65_536, 2**24, 2**31 - 1, 2**31, 2**32 - 1)
_CHUNKS = (b"zTXt", b"iTXt", b"tEXt", b"iCCP", b"eXIf", b"tRNS", b"gAMA", b"PLTE", b"acTL", b"fcTL", b"fdAT", b"sPLT")
_MODES = ("1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr", "I", "I;16", "F", "LAB", "HSV")
_FORMATS = ("PNG", "JPEG", "GIF", "WEBP", "BMP", "TIFF", "PPM", "ICO", "TGA", "SGI", "PCX", "JPEG2000", "DDS", "MSP")


@dataclass(frozen=True)
class _Good:
    demos: Path
    """A recorded demo of two frames."""
    png: tuple[bytes, ...]
    """Plain ones of a few sizes."""
    others: tuple[bytes, ...]
    """Of all formats and modes that Pillow writes."""
    bomb: bytes
    """100 MB of zeros, deflated."""
    wide: bytes
    """The deflated rows of 20,000 x 20,000 pixels, as far as 200 MB go."""


def prepare(folder: Path) -> _Good:
    rng = np.random.default_rng(0)
    png = tuple(_png(Image.fromarray(rng.integers(0, 256, (s, s, 3), dtype=np.uint8))) for s in (1, 8, 64))
    write_upstream(folder / "demos", Recording(frames=2, size=64))
    return _Good(
        folder / "demos", png, tuple(_others(rng)), zlib.compress(bytes(10**8), 9), zlib.compress(bytes(2 * 10**8), 1)
    )


def hostile_picture(good: _Good, rng: np.random.Generator) -> tuple[str, bytes]:
    """A hostile picture of any format, and what is hostile in it."""
    if rng.random() < 0.4:
        return hostile_png(good, rng)
    data: bytes = one_of(good.others, rng)
    match int(rng.integers(6)):
        case 0:
            return f"another format: {data[:12]!r}", data
        case 1:
            return f"cut off: {data[:12]!r}", data[: int(rng.integers(len(data)))]
        case 2:
            return "many scans", _many_scans(good)
        case 3:
            return _made_by_hand(rng)
        case _:
            return f"flips and cuts: {data[:12]!r}", mutated(data, rng)


def hostile_png(good: _Good, rng: np.random.Generator) -> tuple[str, bytes]:
    """A hostile PNG, and what is hostile in it."""
    data: bytes = one_of(good.png, rng)
    match int(rng.integers(12)):
        case 0 | 1:
            return "flips and cuts", mutated(data, rng)
        case 2 | 3:
            return "flips and cuts, checksums put right", with_checksums(mutated(data, rng))
        case 4:
            return "cut off", data[: int(rng.integers(len(data)))]
        case 5:
            kind = one_of(_CHUNKS[:4], rng)
            body = b"x\x00" + (b"\x01\x00\x00\x00" if kind == b"iTXt" else b"\x00") + good.bomb
            return f"bomb in {kind!r}", _with_chunk(data, kind, body, rng)
        case 6:
            kind = one_of(_CHUNKS, rng)
            return f"chunk {kind!r}", _with_chunk(data, kind, rng.bytes(int(rng.integers(40))), rng)
        case 7:
            width, height = one_of(_SIDES, rng), one_of(_SIDES, rng)
            return f"header of {width} x {height}", _with_header(data, width, height, bytes([8, 2, 0, 0, 0]))
        case 8:
            kind = bytes(rng.integers(0, 17, 5, dtype=np.uint8).tolist())
            return f"header {list(kind)}", _with_header(data, 64, 64, kind)
        case 9:
            side = one_of((64, 4096, 20_000), rng)
            rows = _chunk(b"IHDR", struct.pack(">II5B", side, side, 8, 2, 0, 0, 0)) + _chunk(b"IDAT", good.wide)
            return f"rows of 200 MB for {side} pixels a side", data[:8] + rows + _chunk(b"IEND", b"")
        case 10:
            empty = _chunk(b"IDAT", b"") * int(rng.integers(30_000))
            return "thousands of empty IDATs", data[:33] + empty + data[33:]
        case _:
            return _other_kind(rng)


def _with_chunk(data: bytes, kind: bytes, body: bytes, rng: np.random.Generator) -> bytes:
    """With a chunk after the header, or at the end."""
    at = 33 if rng.random() < 0.7 else len(data) - 12
    return data[:at] + _chunk(kind, body) + data[at:]


def _with_header(data: bytes, width: int, height: int, kind: bytes) -> bytes:
    return with_checksums(data[:16] + struct.pack(">II", width, height) + kind + data[29:])


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def _other_kind(rng: np.random.Generator) -> tuple[str, bytes]:
    mode = one_of(("1", "L", "LA", "P", "RGBA", "I;16"), rng)
    text = PngImagePlugin.PngInfo()
    text.add_text("Comment", f"<script>{MARK}()</script>" * 10, zip=True)
    return f"PNG of mode {mode}", _png(Image.new("RGB", (64, 64), "teal").convert(mode), pnginfo=text)


def _others(rng: np.random.Generator) -> list[bytes]:
    found = []
    colors = Image.fromarray(rng.integers(0, 256, (40, 60, 3), dtype=np.uint8))
    for mode in _MODES:
        try:
            image = colors.convert("L").convert(mode) if mode in ("I;16", "F") else colors.convert(mode)
        except ValueError:
            continue  # there is no such conversion
        for name in _FORMATS:
            for options in ({}, {"save_all": True, "append_images": [image] * 3}, {"exif": b"Exif\0\0MM\0*"}):
                buffer = io.BytesIO()
                try:
                    image.save(buffer, name, **options)
                except (OSError, ValueError, KeyError, TypeError, struct.error):
                    continue  # a format without that mode
                found.append(buffer.getvalue())
    return found


def _made_by_hand(rng: np.random.Generator) -> tuple[str, bytes]:
    script = f"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n(%pipe%touch {MARK}) (w) file\n%%EOF\n".encode()
    drawing = f'<svg xmlns="http://www.w3.org/2000/svg"><image href="http://{MARK}.invalid/x"/></svg>'.encode()
    made = {
        "PostScript": script,
        "SVG": drawing,
        "GIF of 65535 pixels a side": b"GIF89a\xff\xff\xff\xff\x80\0\0"
        + bytes(6)
        + b",\0\0\0\0\xff\xff\xff\xff\0\x08",
        "BMP of 2**31 pixels": b"BM"
        + struct.pack("<IIIIiiHHIIiiII", 100, 0, 54, 40, 2**31 - 1, -(2**31), 1, 24, *[0] * 6),
        "TIFF that points to itself": b"II*\0\x08\0\0\0\x01\0\x4a\x01\x04\0\x01\0\0\0\x08\0\0\0\x08\0\0\0",
        "PPM of 10**9 pixels": b"P6 100000 100000 255\n" + b"x" * 100,
        "WEBP of nothing": b"RIFF\x04\0\0\0WEBPVP8X\xff\xff\xff\xff",
        "nothing": b"",
        "JPEG of 65535 pixels": b"\xff\xd8\xff\xc0\0\x0b\x08" + b"\xff" * 4 + b"\x01\x01\x11\0\xff\xd9",
        "text": b"not a picture",
        "zeros": bytes(10**6),
    }
    name = one_of(list(made), rng)
    return name, made[name]


def _many_scans(good: _Good) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (2000, 2000), "teal").save(buffer, "JPEG", progressive=True)
    data = buffer.getvalue()
    at = data.rindex(b"\xff\xda")
    return data[:at] + data[at:-2] * 3000 + data[-2:]


def _png(image: Image.Image, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG", **options)
    return buffer.getvalue()


def _hostile_frame(good: _Good, rng: np.random.Generator, place: Path) -> Case:
    what, data = hostile_png(good, rng) if rng.random() < 0.9 else hostile_picture(good, rng)
    shutil.copytree(good.demos, place / "demos")
    (disk,) = find_demos(place / "demos", None, None).found
    (disk.episode_dir / "front_rgb" / "0.png").write_bytes(data)
    return Case(what, lambda: _read_frame(disk))


def _read_frame(disk: DiskDemo) -> None:
    """What the reader lets through every later stage has to be able to decode."""
    decode(load_demo(disk, "front").load_frame(0)).resize((8, 8))


def _hostile_in_column(good: _Good, rng: np.random.Generator, place: Path) -> Case:
    what, data = hostile_picture(good, rng)
    return Case(what, lambda: _read_picture(data))


def _read_picture(data: bytes) -> None:
    assert as_png(as_png(data)), "what was made plain is plain"
    fitted(decode(data), 3136, 12845056)


FRAMES = Door("frames", "PNG frames of RLBench's recordings", 2000, (BadDemoError,), prepare, _hostile_frame)
PICTURES = Door("pictures", "pictures of any format", 800, (BadPictureError,), prepare, _hostile_in_column)
