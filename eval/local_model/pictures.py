"""Pictures as training shows them: within its pixel limits, and then whatever the model's processor does."""

import base64
import binascii
from dataclasses import dataclass

from PIL import Image

from robot_r1.errors import UserError
from robot_r1.pictures import PIXEL_FACTOR, BadPictureError, decode, fitted


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
        """The picture within the limits, its sides multiples of 28 pixels; unchanged where there is no limit.

        Raises:
            UserError: it would be far longer than wide.
        """
        try:
            return fitted(image, self.least, self.most)
        except BadPictureError as error:
            raise _not_shown(error) from error


def read_picture(data_uri: str) -> Image.Image:
    """The RGB picture in a `data:image/png;base64,...` URI.

    Raises:
        UserError: it is another address, or no picture.
    """
    header, comma, body = data_uri.partition(",")
    if not (comma and header.startswith("data:") and header.endswith(";base64")):
        raise UserError(f"a local model reads pictures inside the messages only, not {data_uri[:80]}")
    try:
        return decode(base64.b64decode(body, validate=True))
    except (binascii.Error, BadPictureError) as error:
        raise _not_shown(error) from error


def _not_shown(error: Exception) -> UserError:
    return UserError(f"a message's picture cannot be shown: {error}; look at the data set's images")
