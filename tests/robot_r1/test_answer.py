import re
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from robot_r1.answer import REASONS, Answer, Blocks, Refusal, parse_answer, parse_blocks, parse_point
from robot_r1.prompts import default_templates
from robot_r1.question import LETTERS, QUESTION_TYPES, Letter, QuestionType

ROW = re.compile(r"^\| `([^`|]*)` \| (\w+) \| .+ \|$")
GOOD = "<think>near</think><answer>[[A]]</answer>"
TAGS = ["<think>", "</think>", "<answer>", "</answer>"]


def rows(section: str) -> list[tuple[str, str]]:
    text = (Path(__file__).parents[2] / "docs" / "answers.md").read_text()
    body = text.split(f"\n## {section}\n")[1].split("\n## ")[0]
    found = [match.groups() for line in body.splitlines() if (match := ROW.match(line))]
    assert len(found) == sum(line.startswith("| `") for line in body.splitlines())
    return [(cell.encode().decode("unicode_escape"), result) for cell, result in found]


@pytest.mark.parametrize(("completion", "letter"), rows("Accepted"))
def test_the_documented_answers_are_accepted(completion: str, letter: str) -> None:
    answer = parse_answer(completion)
    assert isinstance(answer, Answer)
    assert answer.letter == letter


@pytest.mark.parametrize(("completion", "reason"), rows("Refused"))
def test_the_documented_answers_are_refused(completion: str, reason: str) -> None:
    assert parse_answer(completion) == Refusal(reason)  # type: ignore[arg-type]


def test_every_reason_is_documented_in_the_order_of_its_precedence() -> None:
    documented = list(dict.fromkeys(reason for _, reason in rows("Refused")))
    assert (*documented, "not_a_point") == REASONS


@pytest.mark.parametrize("question_type", QUESTION_TYPES)
def test_the_example_in_the_prompt_is_accepted(question_type: QuestionType) -> None:
    prompt = default_templates().render(question_type, "pick up the cup", (0.2, 0.1, 1.0), ("a", "b", "c", "d"))
    assert parse_answer(prompt.split("Example:")[1]) == Answer("[detailed reasoning process]", "A")


@pytest.mark.parametrize("content", ["[A]", "A.", "[[ A ]]", "[[a]]", "[[A]", "AB", "A B", "A or B", "[[A]]."])
def test_other_spellings_of_a_letter_have_the_format_and_no_letter(content: str) -> None:
    completion = f"<think>near</think><answer>{content}</answer>"
    assert parse_blocks(completion) == Blocks("near", content)
    assert parse_answer(completion) == Refusal("not_a_letter")


@given(
    think=st.text(st.characters(exclude_characters="<")).map(lambda text: f"{text}."),
    letter=st.sampled_from(LETTERS),
    bare=st.booleans(),
    spaces=st.lists(st.text(" \n\t\r"), min_size=5, max_size=5),
)
def test_well_formed_completions_are_read_back(think: str, letter: Letter, bare: bool, spaces: list[str]) -> None:
    a, b, c, d, e = spaces
    content = letter if bare else f"[[{letter}]]"
    completion = f"{a}<think>{think}</think>{b}<answer>{c}{content}{d}</answer>{e}"
    assert parse_answer(completion) == Answer(think.strip(), letter)


PIECES = st.sampled_from([*TAGS, "<Think>", "<answer >", "[[A]]", "B", " ", "\n", "\u200b", "\x00", "<", ">", "/"])
COMPLETIONS = st.text() | st.lists(PIECES | st.text(max_size=3), max_size=12).map("".join)


@given(COMPLETIONS)
def test_any_text_is_read_or_refused(text: str) -> None:
    answer = parse_answer(text)
    if isinstance(answer, Answer):
        assert all(text.count(tag) == 1 for tag in TAGS)
        assert re.sub(r"<think>.*</think>|<answer>.*</answer>", "", text, flags=re.DOTALL).strip() == ""
    else:
        assert answer.reason in REASONS


@given(st.integers(0, len(GOOD)), st.sampled_from([*TAGS, "<ANSWER>", "< /think>", "</answer\n>", "<answer a='b'>"]))
def test_a_second_tag_anywhere_is_refused(place: int, tag: str) -> None:
    assert isinstance(parse_answer(GOOD[:place] + tag + GOOD[place:]), Refusal)


@given(COMPLETIONS)
def test_what_follows_an_answer_spoils_it(text: str) -> None:
    expected = Answer if not text.strip() else Refusal
    assert isinstance(parse_answer(GOOD + text), expected)


@pytest.mark.parametrize(
    "hostile",
    [
        "<think>" * 150_000,
        "<think " * 150_000,
        "</ " * 350_000,
        "<" + " /" * 500_000,
        "<" + " " * 1_000_000,
        "<think" + " " * 1_000_000,
        GOOD * 25_000,
        f"<think>{chr(0x200B) * 1_000_000}</think><answer>A</answer>",
        f"<think>near</think><answer>[{'1' * 1_000_000}</answer>",
        f"<think>near</think><answer>[0.{'0' * 1_000_000}1, 2, 3</answer>",
        f"<think>near</think><answer>[1{' ' * 1_000_000}</answer>",
    ],
    ids=lambda text: text[:24],
)
def test_a_megabyte_of_hostile_text_is_refused_at_once(hostile: str) -> None:
    start = time.process_time()
    assert isinstance(parse_answer(hostile), Refusal)
    blocks = parse_blocks(hostile)
    assert isinstance(blocks, Refusal) or isinstance(parse_point(blocks.content), Refusal)
    assert time.process_time() - start < 2  # it takes 0.2 s; a quadratic reading would take hours


@pytest.mark.parametrize(
    ("content", "point"),
    [
        ("[0.265, -0.112, 1.154]", (0.265, -0.112, 1.154)),
        ("[1,2,3]", (1, 2, 3)),
        ("[ +.5 , 1. ,\n-2e-1 ]", (0.5, 1, -0.2)),
    ],
)
def test_points(content: str, point: tuple[float, float, float]) -> None:
    assert parse_point(content) == point


@pytest.mark.parametrize(
    "content",
    [
        "",
        "0.1, 0.2, 0.3",
        "(0.1, 0.2, 0.3)",
        "[[0.1, 0.2, 0.3]]",
        "[0.1, 0.2]",
        "[0.1, 0.2, 0.3, 0.4]",
        "[0.1 0.2 0.3]",
        "[0.1, 0.2, 0.3] m",
        "[nan, 0, 0]",
        "[inf, 0, 0]",
        "[1e999, 0, 0]",
        "[1_0, 0, 0]",
        "[\uff11, 0, 0]",
        "[., 0, 0]",
        "[0.1, 0.2, 0.3][0.1, 0.2, 0.3]",
    ],
)
def test_refused_points(content: str) -> None:
    assert parse_point(content) == Refusal("not_a_point")


@given(st.tuples(*[st.floats(allow_nan=False, allow_infinity=False)] * 3))
def test_points_are_read_back(point: tuple[float, float, float]) -> None:
    assert parse_point(str(list(point))) == point


@given(st.text() | st.text("[]0123456789.,-+eE ", max_size=30))
def test_any_text_is_a_point_or_refused(text: str) -> None:
    point = parse_point(text)
    assert isinstance(point, Refusal) or len(point) == 3
