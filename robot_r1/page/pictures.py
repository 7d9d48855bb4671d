"""Pictures small enough to live inside the page."""

import base64
import io

from PIL import Image

SIDE = 256
"""Longest side of an embedded picture, pixels."""
QUALITY = 82


def data_uri(encoded: bytes, side: int = SIDE, quality: int = QUALITY) -> str | None:
    """A JPEG of at most `side` pixels as a `data:` address, or None if the bytes are no picture."""
    try:
        with Image.open(io.BytesIO(encoded)) as image:
            small = image.convert("RGB")
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):  # what Pillow raises for damaged files
        return None
    small.thumbnail((side, side), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    small.save(buffer, "JPEG", quality=quality, optimize=True)
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")
