"""One decoder: upright RGB pixels or a reason, in little time and memory."""

import io
import time
import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageChops, ImageOps
from qwen_vl_utils import smart_resize

from eval.local_model.pictures import PixelLimits
from robot_r1.errors import UserError
from robot_r1.page.pictures import data_uri
from robot_r1.pictures import (
    NO_LIST,
    PATHS,
    PIXEL_FACTOR,
    TOO_LONG,
    TRANSPARENT,
    UNREADABLE,
    BadPictureError,
    as_png,
    decode,
    fitted,
    fitted_size,
    png_bytes,
    stored_pictures,
)
from tests.support.pictures import bad_pictures, deep_ramp, odd_pictures, saved, scene, turned_jpeg, with_chunk

ODD, BAD = odd_pictures(), bad_pictures()


def pixels(image: Image.Image) -> np.ndarray:
    return np.asarray(image).astype(int)


@pytest.mark.parametrize("name", ODD)
def test_odd_pictures_become_rgb(name: str) -> None:
    image = decode(ODD[name])
    assert image.mode == "RGB" and 40 < pixels(image).mean() < 215
    plain = as_png(ODD[name])
    assert np.array_equal(pixels(decode(plain)), pixels(image))
    with Image.open(io.BytesIO(plain)) as shown:  # what every other program makes of it
        assert shown.format == "PNG" and shown.mode == "RGB" and not shown.getexif()
        assert np.array_equal(pixels(shown), pixels(image))


def test_what_becomes_of_the_modes() -> None:
    for name in ("CMYK", "progressive JPEG", "WebP", "palette", "animated GIF"):
        assert abs(pixels(decode(ODD[name])) - pixels(scene())).mean() < 25, name  # inverted, it would be about 90
    ramp = pixels(decode(deep_ramp(256)))
    assert ramp[0, :, 0].tolist() == list(range(256))  # each grey level once, and not white from the 256th of 65,536
    see_through = scene()
    see_through.putalpha(0)
    see_through.paste((10, 20, 30, 255), (0, 0, 5, 5))
    on_white = decode(saved(see_through, "PNG"))
    assert on_white.getpixel((0, 0)) == (10, 20, 30) and on_white.getpixel((50, 50)) == (255, 255, 255)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_pictures_are_turned_as_exif_says(orientation: int) -> None:
    encoded = turned_jpeg(orientation)
    with Image.open(io.BytesIO(encoded)) as image:
        upright = ImageOps.exif_transpose(image)
    assert ImageChops.difference(decode(encoded), upright.convert("RGB")).getbbox() is None


@pytest.mark.parametrize("orientation", [0, 9, 65535])
def test_an_unknown_orientation_turns_nothing(orientation: int) -> None:
    assert decode(turned_jpeg(orientation)).size == scene().size


@pytest.mark.parametrize("name", BAD)
def test_bad_pictures_are_refused_in_one_sentence_quickly(name: str) -> None:
    start = time.process_time()
    tracemalloc.start()
    with pytest.raises(BadPictureError) as error:
        decode(BAD[name])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert str(error.value) == UNREADABLE
    assert time.process_time() - start < 5 and peak < 2**29
    assert data_uri(BAD[name]) is None


def test_pictures_that_show_nothing_or_a_line() -> None:
    clear = scene()
    clear.putalpha(0)
    with pytest.raises(BadPictureError, match=TRANSPARENT):
        decode(saved(clear, "PNG"))
    with pytest.raises(BadPictureError, match=TOO_LONG):
        decode(png_bytes(Image.new("RGB", (2010, 10))))
    assert decode(png_bytes(Image.new("RGB", (2000, 10)))).size == (2000, 10)


def test_plain_pictures_keep_their_bytes() -> None:
    plain = png_bytes(scene())
    assert as_png(plain) is plain
    for kind, body in ((b"gAMA", b"\0\1\x86\xa0"), (b"tEXt", b"a\0b"), (b"tRNS", b"\0\1\0\2\0\3")):
        other = as_png(with_chunk(plain, kind, body))
        assert other != with_chunk(plain, kind, body) and kind not in other


@given(st.binary(max_size=40), st.integers(0, 10**6), st.sampled_from(sorted(ODD)))
def test_damage_anywhere_gives_a_picture_or_a_reason(noise: bytes, place: int, name: str) -> None:
    encoded = ODD[name]
    place %= len(encoded)
    for damaged in (encoded[:place] + noise + encoded[place + len(noise) :], encoded[:place] + noise):
        try:
            assert decode(damaged).mode == "RGB"
        except BadPictureError as error:
            assert str(error) in (UNREADABLE, TOO_LONG, TRANSPARENT)


def test_what_a_row_may_store() -> None:
    struct = {"bytes": b"1", "path": "a.png"}
    assert stored_pictures([struct, b"2", {"bytes": b"3"}]) == (b"1", b"2", b"3")
    assert stored_pictures(None) == stored_pictures([]) == ()


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (["/etc/passwd"], PATHS),
        (["pictures/1.png"], PATHS),
        ([{"bytes": None, "path": "1.png"}], PATHS),
        ([{"path": "1.png"}], PATHS),
        ("1.png", PATHS),
        ({"bytes": None, "path": "1.png"}, PATHS),
        ({"bytes": b"1", "path": None}, NO_LIST),
        (b"1", NO_LIST),
        ([None], NO_LIST),
        ([{"bytes": None, "path": None}], NO_LIST),
        ([[1, 2]], NO_LIST),
        ([7], NO_LIST),
        (7, NO_LIST),
    ],
)
def test_what_a_row_may_not_store(value: object, reason: str) -> None:
    with pytest.raises(BadPictureError) as error:
        stored_pictures(value)
    assert str(error.value) == reason


@given(st.integers(28, 900), st.integers(28, 900), st.integers(4, 100), st.integers(4, 40))
def test_sizes_are_those_of_qwen(width: int, height: int, least: int, times: int) -> None:
    low, high = least * PIXEL_FACTOR**2, times * least * PIXEL_FACTOR**2
    for limits in ((low, high), (low, None), (None, high)):
        tall, wide = smart_resize(
            height, width, PIXEL_FACTOR, limits[0] or PIXEL_FACTOR**2, limits[1] or max(width * height, low)
        )
        # Qwen's makes a side of no pixels where a narrow picture is made smaller
        assert fitted_size((width, height), *limits) == (max(wide, PIXEL_FACTOR), max(tall, PIXEL_FACTOR))
    wide, tall = fitted_size((width, height), low, high)
    assert wide % PIXEL_FACTOR == tall % PIXEL_FACTOR == 0
    if max(width, height) <= 2 * min(width, height):  # narrower ones cannot keep their shape and every limit
        assert low <= wide * tall <= high


def test_pictures_are_fitted_only_where_a_limit_is_set() -> None:
    image = Image.new("RGB", (300, 150))
    assert fitted(image, None, None) is image
    assert fitted(image, None, 84 * 84).size == (112, 56)
    assert fitted(image, 400 * 400, None).size == fitted_size((300, 150), 400 * 400, None)
    assert fitted(image, 28 * 28, None).size == (308, 140)


def test_limits_that_would_make_a_picture_far_longer_than_wide() -> None:
    assert fitted_size((5600, 28), None, 10**6) == (5600, 28)
    with pytest.raises(BadPictureError, match=TOO_LONG):
        fitted_size((5650, 29), None, 10**6)  # 5656 x 28, which Qwen's processor refuses
    with pytest.raises(UserError, match="cannot be shown: the picture is more than 200 times as long as wide"):
        PixelLimits(None, 10**6).fit(Image.new("RGB", (5650, 29)))
