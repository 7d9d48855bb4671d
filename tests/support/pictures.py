"""The pictures that foreign data sets hold: odd modes, odd formats, damaged and hostile ones."""

import io
import struct
import zlib
from typing import Any

import numpy as np
from PIL import Image

from robot_r1.pictures import MAX_PIXELS, png_bytes

_ORIENTATION = 0x0112


def scene(width: int = 84, height: int = 56) -> Image.Image:
    """A smooth picture with no symmetry: red grows to the right, green downwards."""
    x, y = np.meshgrid(np.linspace(20, 230, width), np.linspace(10, 240, height))
    return Image.fromarray(np.stack([x, y, np.full_like(x, 90)], axis=2).astype(np.uint8))


def saved(image: Image.Image, kind: str, **options: Any) -> bytes:
    """The image as a file of this format."""
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def turned_jpeg(orientation: int, image: Image.Image | None = None) -> bytes:
    """A JPEG that EXIF says to turn."""
    exif = Image.Exif()
    exif[_ORIENTATION] = orientation
    return saved(image or scene(), "JPEG", exif=exif, quality=95)


def deep_ramp(side: int = 64) -> bytes:
    """A 16-bit grey PNG that goes from black to white."""
    return saved(Image.fromarray(np.tile(np.linspace(0, 65535, side).astype(np.uint16), (side, 1))), "PNG")


def odd_pictures() -> dict[str, bytes]:
    """Pictures that are fine, though few programs make them; the mean of each is far from black and white."""
    image = scene()
    grey, clear = image.convert("L"), image.copy()
    clear.putalpha(180)
    exif = Image.Exif()
    exif[_ORIENTATION] = 8
    frames = [image.convert("P"), Image.new("P", image.size, 0)]
    return {
        "grey": saved(grey, "PNG"),
        "grey with alpha": saved(Image.merge("LA", (grey, grey)), "PNG"),
        "one bit": saved(grey.convert("1"), "PNG"),
        "palette": saved(image.convert("P"), "PNG"),
        "palette with transparency": saved(image.convert("P"), "PNG", transparency=0),
        "alpha": saved(clear, "PNG"),
        "16 bits": deep_ramp(),
        "CMYK": saved(image.convert("CMYK"), "JPEG"),
        "grey JPEG": saved(grey, "JPEG"),
        "progressive JPEG": saved(image, "JPEG", progressive=True),
        "EXIF": turned_jpeg(6),
        "EXIF in PNG": saved(image, "PNG", exif=exif),
        "WebP": saved(image, "WEBP"),
        "animated GIF": saved(frames[0], "GIF", save_all=True, append_images=frames[1:]),
    }


def chunk(kind: bytes, body: bytes) -> bytes:
    """A chunk of a PNG."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def with_chunk(png: bytes, kind: bytes, body: bytes) -> bytes:
    """The PNG with a further chunk after its header."""
    return png[:33] + chunk(kind, body) + png[33:]


def bad_pictures() -> dict[str, bytes]:
    """Files that are damaged, made to take memory or time, or of a format that is not read."""
    png, jpeg = png_bytes(scene()), saved(scene(), "JPEG", progressive=True)
    flood = zlib.compress(bytes(2**26))
    wide = struct.pack(">II5B", MAX_PIXELS, 2, 8, 2, 0, 0, 0)
    last_scan = jpeg[jpeg.rindex(b"\xff\xda") : -2]
    return {
        "nothing": b"",
        "text": b"not a picture",
        "half a PNG": png[: len(png) // 2],
        "half a JPEG": jpeg[: len(jpeg) // 3],
        "signature alone": png[:8],
        "bomb": png[:8] + chunk(b"IHDR", wide) + chunk(b"IDAT", flood) + chunk(b"IEND", b""),
        "huge GIF": b"GIF89a" + struct.pack("<HH", 65535, 65535) + saved(scene(), "GIF")[10:],
        "text bomb": with_chunk(png, b"zTXt", b"x\0\0" + flood),
        "profile bomb": with_chunk(png, b"iTXt", b"x\0\1\0\0\0" + flood),
        "endless scans": jpeg[:-2] + last_scan * 100_000 + jpeg[-2:],
        "many bytes": png + bytes(2**24),
        "BMP": saved(scene(), "BMP"),
        "TIFF": saved(scene(), "TIFF"),
        "SVG": b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        "EPS": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n%%EndComments\n",
    }
