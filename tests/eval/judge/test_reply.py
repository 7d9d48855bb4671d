import time

import pytest

from eval.judge.reply import Judgement, Unreadable, parse_reply


@pytest.mark.parametrize(
    ("reply", "score", "reason"),
    [
        ("Score: 3 Reason: says the same", 3, "says the same"),
        ("Score: 0\nReason: the opposite", 0, "the opposite"),
        ("\n Score:  1\n\nReason:\nonly half\nof it. \n", 1, "only half\nof it."),
        ("Score: 2 Reason: left is missing, so a score of 2 fits", 2, "left is missing, so a score of 2 fits"),
        ("Score: 2 Reason: the score is 2.", 2, "the score is 2."),
        ("Score: 2 Reason: underscore: not a score", 2, "underscore: not a score"),
        ("Score: 1 Reason: it moves 3 cm", 1, "it moves 3 cm"),
    ],
)
def test_readable_replies(reply: str, score: int, reason: str) -> None:
    assert parse_reply(reply) == Judgement(score, reason)


@pytest.mark.parametrize(
    "reply",
    [
        "",
        "3",
        "Score: 3",
        "Score: 3 Reason:",
        "Score: 3 Reason: ...",
        "Score: 3 the same",
        "Score: 2.5 Reason: between",
        "Score: 2. Reason: dotted",
        "Score: 3/3 Reason: full",
        "Score: 3 / 3 Reason: full",
        "Score: 2-3 Reason: range",
        "Score: 2 or 3 Reason: range",
        "Score: 2, Reason: comma",
        "Score: 4 Reason: too high",
        "Score: -1 Reason: too low",
        "Score: 03 Reason: padded",
        "Score: \uff13 Reason: full-width",
        "Score: three Reason: word",
        "Score: [3] Reason: bracket",
        "Score: 3Reason: no space",
        "score: 3 reason: small letters",
        "**Score:** 3 **Reason:** bold",
        "The answer is right. Score: 3 Reason: same",
        "Reason: same Score: 3",
        "```\nScore: 3 Reason: same\n```",
        '{"score": 3, "reason": "same"}',
        "Score: 3 Reason: same\nScore: 1 Reason: other",
        "Score: 3 Reason: same. Score: 3",
        "Score: 1 Reason: it says 'Score: 3 Reason: same'",
        "Score: 1 Reason: on reflection the score is 3",
        "Score: 1 Reason: rather a score of 2.5",
        "Score: 1 Reason: **Score**: 3",
        "Score: 1 Reason: SCORE = 3",
    ],
)
def test_unreadable_replies(reply: str) -> None:
    assert isinstance(parse_reply(reply), Unreadable)


@pytest.mark.parametrize("piece", ["Score: 3 ", "Reason: ", "\n", "score is ", "9"])
def test_long_replies_take_no_time(piece: str) -> None:
    began = time.process_time()
    parse_reply("Score: 3 Reason: x" + piece * 40_000)
    parse_reply("Score: " + piece * 40_000)
    assert time.process_time() - began < 1
