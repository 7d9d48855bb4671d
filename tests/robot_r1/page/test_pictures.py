"""Pictures inside the page."""

from robot_r1.page.pictures import data_uri


def test_pictures_that_are_none() -> None:
    assert data_uri(b"") is None
    assert data_uri(b"\x89PNG\r\n\x1a\n garbage") is None
