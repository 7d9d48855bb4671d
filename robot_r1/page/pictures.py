"""Pictures small enough to live inside the page."""

import base64
import io

from PIL import Image

from robot_r1.pictures import BadPictureError, decode

SIDE = 256
"""Longest side of an embedded picture, pixels."""
QUALITY = 82


def data_uri(encoded: bytes, side: int = SIDE, quality: int = QUALITY) -> str | None:
    """A JPEG of at most `side` pixels as a `data:` address, or None if the bytes are no picture that can be used."""
    try:
        small = decode(encoded)
    except BadPictureError:
        return None
    small.thumbnail((side, side), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    small.save(buffer, "JPEG", quality=quality, optimize=True)
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")
