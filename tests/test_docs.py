"""The documentation says what the code does."""

from pathlib import Path

from robot_r1.question import Question

DOCS = Path(__file__).parents[1] / "docs"


def test_the_table_of_columns_is_the_contract() -> None:
    text = (DOCS / "data.md").read_text()
    for name, field in Question.model_fields.items():
        assert f"| `{name}` | {field.description} |" in text
