"""The one way from a stored picture to pixels, for data, training, evaluation and pages alike.

A picture that `decode` takes is one that every later stage can use, and all of them see the same RGB pixels: turned as
EXIF says, transparent parts on white, 16-bit grey scaled to 8 bits. Everything else is refused before it takes seconds
or gigabytes.
"""

import io
import math
import struct
from collections.abc import Mapping, Sequence

import numpy as np
from PIL import Image

FORMATS = ("PNG", "JPEG", "WEBP", "GIF")
"""Those that model servers take as well; of an animation the first frame is shown."""
MAX_BYTES = 2**24
"""Of the encoded picture."""
MAX_PIXELS = 2**24
"""4096 x 4096."""
MAX_RATIO = 200
"""Of the longer side to the shorter; Qwen's processor takes no longer pictures."""
PIXEL_FACTOR = 28
"""Pixels along each side of the area that becomes one image token of Qwen2.5-VL."""

UNREADABLE = (
    f"the picture cannot be read: it is damaged, has more than {MAX_PIXELS:,} pixels or {MAX_BYTES:,} bytes, or is "
    "none of PNG, JPEG, WebP and GIF"
)
TOO_LONG = f"the picture is more than {MAX_RATIO} times as long as wide"
TRANSPARENT = "the picture is transparent all over"
PATHS = "pictures are given as paths, which are not read; store the files' bytes (docs/data.md, Pictures)"
NO_LIST = "the pictures of a row are no list of encoded pictures (docs/data.md, Pictures)"

_MAX_SCANS = 100
"""Of a JPEG; programs write about ten, and each takes a pass over all pixels."""
_ORIENTATION = 0x0112
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What brings a picture upright, by EXIF's orientation."""
_DAMAGE = (OSError, SyntaxError, ValueError, EOFError, struct.error, Image.DecompressionBombError)
"""What Pillow raises for damaged files."""
_PLAIN_HEADER = (8, 2, 0, 0, 0)
"""Bit depth, colour type, compression, filter and interlacing of 8-bit RGB."""
_PLAIN_CHUNKS = {b"IHDR", b"IDAT", b"IEND"}


class BadPictureError(ValueError):
    """A picture that cannot be used; the text says why, in one of the few sentences above."""


def stored_pictures(value: object) -> tuple[bytes, ...]:
    """The encoded pictures in a row's `images`: a list of bytes, or of structs with `bytes` as `datasets` stores them.

    Paths are never read: what a data set names may be any file of this machine, and is elsewhere another one.

    Raises:
        BadPictureError: they are paths, or no list.
    """
    if value is None:
        return ()
    if not isinstance(value, Sequence) or isinstance(value, str | bytes):
        raise BadPictureError(PATHS if _is_path(value) else NO_LIST)
    return tuple(_encoded(picture) for picture in value)


def decode(encoded: bytes) -> Image.Image:
    """The RGB picture, upright.

    Raises:
        BadPictureError: it is damaged, too large, far longer than wide, transparent all over or of another format.
    """
    if len(encoded) > MAX_BYTES or (encoded.count(b"\xff\xda") > _MAX_SCANS and encoded.startswith(b"\xff\xd8")):
        raise BadPictureError(UNREADABLE)
    try:
        with Image.open(io.BytesIO(encoded), formats=FORMATS) as image:
            _check_size(*image.size)
            image.load()  # the header of a file that is cut off is whole
            turn = _TURNS.get(image.getexif().get(_ORIENTATION, 1))
            upright = image if turn is None else image.transpose(turn)
            return _rgb(upright)
    except BadPictureError:
        raise
    except _DAMAGE as error:
        raise BadPictureError(UNREADABLE) from error


def as_png(encoded: bytes) -> bytes:
    """The picture as a PNG of plain 8-bit RGB, which every program shows alike; the bytes given where they are that.

    Raises:
        BadPictureError: as `decode`.
    """
    image = decode(encoded)
    return encoded if _is_plain(encoded) else png_bytes(image)


def png_bytes(image: Image.Image) -> bytes:
    """The image as PNG, compressed 6 times faster than by default and 18 % larger."""
    buffer = io.BytesIO()
    image.save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


def fitted(image: Image.Image, min_pixels: int | None, max_pixels: int | None) -> Image.Image:
    """The image within the pixel limits, sides multiples of 28 pixels; unchanged where no limit is set."""
    if min_pixels is None and max_pixels is None:
        return image
    return image.resize(fitted_size(image.size, min_pixels, max_pixels), Image.Resampling.BICUBIC)


def fitted_size(size: tuple[int, int], min_pixels: int | None, max_pixels: int | None) -> tuple[int, int]:
    """Width and height in pixels that `fitted` gives to an image of this width and height.

    Source: `smart_resize` of Qwen's `qwen_vl_utils`.

    Raises:
        BadPictureError: it would be far longer than wide.
    """
    if min_pixels is None and max_pixels is None:
        return size
    width, height = size
    least = min_pixels or PIXEL_FACTOR**2
    most = max_pixels or max(width * height, least)
    wide, high = (max(PIXEL_FACTOR, round(side / PIXEL_FACTOR) * PIXEL_FACTOR) for side in size)
    if wide * high > most:
        scale = math.sqrt(width * height / most)
        wide, high = (max(1, math.floor(side / scale / PIXEL_FACTOR)) * PIXEL_FACTOR for side in size)
    elif wide * high < least:
        scale = math.sqrt(least / (width * height))
        wide, high = (math.ceil(side * scale / PIXEL_FACTOR) * PIXEL_FACTOR for side in size)
    if max(wide, high) > MAX_RATIO * min(wide, high):  # a narrow side that was rounded down
        raise BadPictureError(TOO_LONG)
    return wide, high


def _encoded(picture: object) -> bytes:
    if isinstance(picture, Mapping) and isinstance(picture.get("bytes"), bytes):
        picture = picture["bytes"]
    if isinstance(picture, bytes):
        return picture
    raise BadPictureError(PATHS if _is_path(picture) else NO_LIST)


def _is_path(picture: object) -> bool:
    path = picture.get("path") if isinstance(picture, Mapping) and picture.get("bytes") is None else picture
    return isinstance(path, str)


def _check_size(width: int, height: int) -> None:
    if width * height > MAX_PIXELS:
        raise BadPictureError(UNREADABLE)
    if max(width, height) > MAX_RATIO * min(width, height):
        raise BadPictureError(TOO_LONG)


def _rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I;16"):  # Pillow's own conversion turns all but the darkest 256 levels white
        image = Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
    if not image.has_transparency_data:
        return image.convert("RGB")
    layers = image.convert("RGBA")
    if layers.getchannel("A").getextrema() == (0, 0):
        raise BadPictureError(TRANSPARENT)
    return Image.alpha_composite(Image.new("RGBA", layers.size, "white"), layers).convert("RGB")


def _is_plain(encoded: bytes) -> bool:
    """Whether a readable picture is 8-bit RGB as PNG, without chunks that programs heed differently."""
    if not encoded.startswith(b"\x89PNG") or tuple(encoded[24:29]) != _PLAIN_HEADER:
        return False
    kinds, position = set(), 8
    while position + 8 <= len(encoded):
        kinds.add(encoded[position + 4 : position + 8])
        position += 12 + int.from_bytes(encoded[position : position + 4], "big")
    return kinds <= _PLAIN_CHUNKS
