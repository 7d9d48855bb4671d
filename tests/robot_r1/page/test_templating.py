"""Pages that cannot be written."""

from pathlib import Path

import pytest

from robot_r1.errors import UserError
from robot_r1.page.templating import write_page


def test_a_page_is_written_whole_and_its_size_told(tmp_path: Path) -> None:
    assert write_page(tmp_path / "new" / "page.html", "ä") == 2
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["page.html"]


def test_a_page_that_cannot_be_written_is_the_users_to_mend(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="give --out a file you may write"):
        write_page(tmp_path, "page")
