"""The pictures of an export: one PNG per frame, however many questions ask about it."""

import hashlib
import re
from pathlib import Path

from robot_r1.pictures import as_png

IMAGES = "images"


class FrameStore:
    """Writes pictures below a folder as they come; it remembers their digests and no picture.

    Attributes:
        count: pictures written.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._written: dict[str, bytes] = {}

    @property
    def count(self) -> int:
        return len(self._written)

    def add(self, demo: str, frame: int, picture: bytes) -> str:
        """Write a picture as plain PNG unless it is there; its path in the folder, `images/DEMO/frameNNNN.png`.

        Raises:
            BadPictureError: the picture cannot be used.
        """
        digest = hashlib.sha256(picture).digest()
        # a demo id is text from a file: nothing in it may lead out of the folder
        name = f"{IMAGES}/{re.sub(r'[^A-Za-z0-9_]+', '-', demo)}/frame{frame:04d}.png"
        if self._written.get(name, digest) != digest:  # another camera, or demos whose ids differ in signs alone
            name = name.replace(".png", f"-{digest.hex()[:16]}.png")
        if name not in self._written:
            png = as_png(picture)
            path = self._folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(png)
            self._written[name] = digest
        return name
