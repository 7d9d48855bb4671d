"""YAML of unknown origin."""

import time
from pathlib import Path
from typing import Any

import pytest

from robot_r1.errors import BadFileError
from robot_r1.yaml_file import DEEPEST, LARGEST, parse_yaml, read_yaml


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ("# nothing", None),
        ("a: 1\nb: [x, 2.5e-3, ~, yes]", {"a": 1, "b": ["x", 0.0025, None, True]}),
        ("seed: 18446744073709551617", {"seed": 2**64 + 1}),
        ("[" * DEEPEST + "]" * DEEPEST, eval("[" * DEEPEST + "]" * DEEPEST)),
        (b"\xef\xbb\xbfa: 1\r\nb: \xc3\xa9\r\n", {"a": 1, "b": "é"}),
        ("a: é\r\n".encode("utf-16"), {"a": "é"}),
    ],
)
def test_plain_values(text: str | bytes, value: Any) -> None:
    assert parse_yaml(text) == value


BOMB = "\n".join(
    ["a0: &a0 [x, x, x, x, x, x, x, x, x]"] + [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 12)]
)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (BOMB, "uses aliases"),
        ("a: &a [*a]", "uses aliases"),
        ("[" * 200_000, "nest"),
        ("{a: " * 20_000, "nested more than 20 levels"),
        ("- " * 100_000, "nested more than 20 levels"),
        ("? " * 100_000, "nested more than 20 levels"),
        ("a: !!python/object/apply:os.system [x]", "uses a tag"),
        ("a: !!int x", "uses a tag"),
        ("a: " + "9" * 5000, "a number of more than 100"),
        ("a: " + ":".join(["59"] * 3000), "a number of more than 100"),
        ("a: " + ":".join(["59"] * 3000) + ".5", "a number of more than 100"),
        ("a: " + "x" * 20_000, "a value of more than 10,000"),
        ("a: 2001-99-99", "is not readable YAML: month"),
        ("{[a]: 1}", "is not readable YAML"),
        ("a: \udce9", "is not readable YAML"),
        (b"a: \xe9\n", "text in UTF-8"),
        ("a:\n\tb: 1", "never by tabs"),
    ],
)
def test_what_is_refused_in_a_moment(text: str | bytes, reason: str) -> None:
    start = time.process_time()
    with pytest.raises(BadFileError, match=reason) as error:
        parse_yaml(text)
    assert time.process_time() - start < 1
    assert len(str(error.value)) < 500


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"- 1", "must hold keys"),
        (b"1: 2", "must hold keys"),
        (b"a: 1 " * LARGEST, "larger"),
        (b"", "empty"),
    ],
)
def test_files_that_hold_no_settings(content: bytes, reason: str, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_bytes(content)
    with pytest.raises(BadFileError, match=reason):
        read_yaml(tmp_path / "a.yaml")
