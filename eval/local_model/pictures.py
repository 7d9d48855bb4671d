"""Pictures as training shows them: within its pixel limits, and then whatever the model's processor does."""

import base64
import binascii
import io
import math
from dataclasses import dataclass

from PIL import Image, UnidentifiedImageError

from robot_r1.errors import UserError

PIXEL_FACTOR = 28
"""Pixels along each side of the area that becomes one image token of Qwen2.5-VL."""


@dataclass(frozen=True)
class PixelLimits:
    """The pixels, width times height, that a picture is brought to; None is no limit."""

    least: int | None = None
    most: int | None = None

    def __post_init__(self) -> None:
        for name, value in (("min_pixels", self.least), ("max_pixels", self.most)):
            if value is not None and (not isinstance(value, int) or value < PIXEL_FACTOR**2):
                raise UserError(f"{name} is {value!r}; give {PIXEL_FACTOR**2} (one image token) or more")
        if self.least is not None and self.most is not None and self.least > self.most:
            raise UserError(f"min_pixels {self.least} is more than max_pixels {self.most}; make it smaller")

    def fit(self, image: Image.Image) -> Image.Image:
        """The picture within the limits, its sides multiples of 28 pixels; unchanged where there is no limit."""
        if self.least is None and self.most is None:
            return image
        return image.resize(self._size(*image.size), Image.Resampling.BICUBIC)

    def _size(self, width: int, height: int) -> tuple[int, int]:
        """Width and height as Qwen's `smart_resize` chooses them."""
        least = self.least or PIXEL_FACTOR**2
        most = self.most or max(width * height, least)
        wide, high = (max(PIXEL_FACTOR, round(side / PIXEL_FACTOR) * PIXEL_FACTOR) for side in (width, height))
        if wide * high > most:
            scale = math.sqrt(most / (width * height))
            wide, high = (max(1, math.floor(side * scale / PIXEL_FACTOR)) * PIXEL_FACTOR for side in (width, height))
        elif wide * high < least:
            scale = math.sqrt(least / (width * height))
            wide, high = (math.ceil(side * scale / PIXEL_FACTOR) * PIXEL_FACTOR for side in (width, height))
        return wide, high


def read_picture(data_uri: str) -> Image.Image:
    """The RGB picture in a `data:image/png;base64,...` URI.

    Raises:
        UserError: it is another address, or no picture.
    """
    header, comma, body = data_uri.partition(",")
    if not (comma and header.startswith("data:") and header.endswith(";base64")):
        raise UserError(f"a local model reads pictures inside the messages only, not {data_uri[:80]}")
    try:
        return Image.open(io.BytesIO(base64.b64decode(body, validate=True))).convert("RGB")
    except (binascii.Error, UnidentifiedImageError, OSError) as error:
        raise UserError(f"a message's picture cannot be read ({error}); look at the data set's images") from error
