"""Pictures of the page within a budget: all in the best quality that lets them fit."""

from collections.abc import Sequence

from robot_r1.page.pictures import data_uri

_LEVELS = ((256, 82), (256, 68), (224, 55), (192, 45), (128, 35))
"""Longest side in pixels and JPEG quality, best first; the last is taken whatever comes of it."""


def embed(pictures: Sequence[bytes | None], budget: int, side: int = 256) -> list[str | None]:
    """The pictures as `data:` addresses, None where there is no readable one.

    Args:
        pictures: encoded.
        budget: bytes of all addresses together.
        side: longest side, pixels.
    """
    uris: list[str | None] = []
    for level, quality in _LEVELS:
        uris = [data_uri(picture or b"", min(side, level), quality) for picture in pictures]
        if sum(len(uri) for uri in uris if uri) <= budget:
            break
    return uris
