"""Frames at another size: recorded demos whose pictures are not of the size asked for."""

import dataclasses

import numpy as np
from PIL import Image

from robot_r1.demo import Camera, Demo
from robot_r1.errors import BadDemoError
from robot_r1.pictures import BadPictureError, decode, png_bytes


def resized(demo: Demo, size: int) -> Demo:
    """The demo with square frames of `size` pixels, drawn anew with Lanczos' filter, and a camera to match.

    A demo that already has this size is returned as it is, its PNG bytes untouched.
    """
    camera = demo.camera
    if (camera.width, camera.height) == (size, size):
        return demo
    scale = np.diag([size / camera.width, size / camera.height, 1.0])
    scaled = Camera.from_arrays(
        camera.name, size, size, scale @ np.array(camera.intrinsics), np.array(camera.extrinsics)
    )

    def load_frame(index: int) -> bytes:
        try:
            image = decode(demo.load_frame(index))
        except BadPictureError as error:
            raise BadDemoError(f"{demo.key.id}, frame {index}", str(error)) from error
        return png_bytes(image.resize((size, size), Image.Resampling.LANCZOS))

    return dataclasses.replace(demo, camera=scaled, load_frame=load_frame)
