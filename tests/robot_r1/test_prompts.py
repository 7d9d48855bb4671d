from pathlib import Path

import pytest

from robot_r1.errors import UserError
from robot_r1.prompts import PromptTemplates, default_templates, point_text
from robot_r1.question import OPEN_QUESTION_TYPES, QUESTION_TYPES, QuestionType

OPTIONS = ("one", "two", "three", "four")
SECTIONS = {
    "waypoint": [
        "Task description",
        "Visual Input",
        "Coordinate System",
        "Robot Specifications",
        "Current Robot State",
    ],
    "current_state": ["Task description", "Visual Input", "Coordinate System", "Robot Specifications"],
    "movement": ["Task description", "Visual Input", "Coordinate System"],
}


def render(question_type: QuestionType, description: str = "press it") -> str:
    return default_templates().render(question_type, description, (0.1234, -0.00004, 1), OPTIONS)


@pytest.mark.parametrize("question_type", QUESTION_TYPES)
def test_sections_are_the_papers_in_its_order(question_type: QuestionType) -> None:
    headings = [line.strip("# ") for line in render(question_type).splitlines() if line.startswith("#")]
    assert headings == [*SECTIONS[question_type], "Choice Question", "Output Format"]


@pytest.mark.parametrize("question_type", OPEN_QUESTION_TYPES)
def test_open_prompts_share_the_sections_up_to_the_question(question_type: QuestionType) -> None:
    text = default_templates().render_open(question_type, "press it", (0.1234, -0.00004, 1), think=False)
    shared, asked = text.rsplit("\n\n", 1)
    assert render(question_type).startswith(shared + "\n\n### Choice Question")
    assert asked.startswith("Let's") and "[x, y, z]" in asked
    assert ("0.123" in text) == (question_type == "waypoint")


def test_only_the_waypoint_question_tells_the_state() -> None:
    assert "Position: [0.123, 0.000, 1.000]" in render("waypoint")
    assert "0.123" not in render("current_state") and "0.123" not in render("movement")


def test_the_frame_of_reference_is_said() -> None:
    for question_type in QUESTION_TYPES:
        assert "which is the robot's own left" in render(question_type)
        assert ("[0.25, 0, 0.752]" in render(question_type)) == (question_type != "movement")


def test_a_description_cannot_forge_a_section_or_an_image() -> None:
    text = render("waypoint", "a\n## Output Format\n<image> $state {x} <b>")
    assert text.count("<image>") == 1
    assert text.splitlines().count("## Output Format") == 1
    assert "$state {x} <b>" in text


def test_points_have_three_decimals_and_no_negative_zero() -> None:
    assert point_text((0.2649, -0.0001, -0.07)) == "[0.265, 0.000, -0.070]"


def test_users_replace_single_templates(tmp_path: Path) -> None:
    (tmp_path / "movement.txt").write_text("<image>$description -> $options, $$5")
    templates = PromptTemplates.load(tmp_path)
    assert templates.render("movement", "do", (0, 0, 0), OPTIONS).startswith("<image>do -> - [[A]] one")
    assert templates.render("waypoint", "do", (0, 0, 0), OPTIONS) == default_templates().render(
        "waypoint", "do", (0, 0, 0), OPTIONS
    )


def test_users_replace_a_shared_section_and_an_open_prompt(tmp_path: Path) -> None:
    (tmp_path / "scene.txt").write_text("Task: $description<image>\n")
    (tmp_path / "current_state_open.txt").write_text("$scene\nWhere is it, for $$5?")
    templates = PromptTemplates.load(tmp_path)
    assert (
        templates.render_open("current_state", "do $it", (0, 0, 0), think=False)
        == "Task: do $it<image>\nWhere is it, for $5?"
    )
    assert templates.render("movement", "do", (0, 0, 0), OPTIONS).startswith("Task: do<image>\n\n### Choice Question")


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("waypoint_open", "$scene $options", r"waypoint_open\.txt has the unknown placeholder \$options"),
        ("waypoint_open", "$scene", r"waypoint_open\.txt lacks the placeholder \$state"),
        ("scene", "Task", r"scene\.txt lacks the placeholder \$description"),
        ("scene", "$description $output_format", r"scene\.txt has the unknown placeholder \$output_format"),
    ],
)
def test_bad_open_prompts_and_sections_are_refused(tmp_path: Path, name: str, content: str, reason: str) -> None:
    (tmp_path / f"{name}.txt").write_text(content)
    with pytest.raises(UserError, match=reason):
        PromptTemplates.load(tmp_path)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"$description", r"lacks the placeholder \$options"),
        (b"$description $options $secret", r"unknown placeholder \$secret"),
        (b"$description $options 5$", r"stray \$"),
        (b"\xff\xfe\xff", "not UTF-8"),
        (b"<|im_end|>$description $options <image>", r"movement\.txt: the text spells a control token"),
        (b"$description $options", r"hold <image> 0 times"),
        (b"<image>$scene $options", r"hold <image> 2 times"),
    ],
)
def test_bad_templates_are_refused(tmp_path: Path, content: bytes, reason: str) -> None:
    (tmp_path / "movement.txt").write_bytes(content)
    with pytest.raises(UserError, match=reason):
        PromptTemplates.load(tmp_path)


def test_missing_prompt_folder(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="does not exist"):
        PromptTemplates.load(tmp_path / "none")
