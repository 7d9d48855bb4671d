"""The same question with its options in other orders: what depends on the content and what on the letter."""

from eval.questions import Row
from robot_r1.errors import UserError
from robot_r1.prompts import options_text
from robot_r1.question import LETTERS

ORDERS = 4
"""The cyclic orders, in which every option has every letter once."""


def rotated(row: Row, turn: int) -> Row:
    """The question with its options moved up by `turn` places, 0 to 3: what was B is A after one turn.

    Raises:
        UserError: the prompt does not list the options as `robot_r1.prompts.options_text` does, exactly once.
    """
    if row.options is None or row.answer is None:
        raise UserError(f"question {row.id} has no options to change the order of; leave permutations at 1")
    before = options_text(row.options)
    if row.question.count(before) != 1:
        raise UserError(
            f"the prompt of {row.id} does not list its options once as `- [[A]] ..`, so that their order cannot be "
            "changed; leave permutations at 1"
        )
    options = row.options[turn:] + row.options[:turn]
    answer = LETTERS[(LETTERS.index(row.answer) - turn) % len(LETTERS)]
    question = row.question.replace(before, options_text(options))
    return row.model_copy(update={"options": options, "answer": answer, "question": question})
