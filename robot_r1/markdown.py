"""Names of unknown origin in Markdown: shown as they are, never as markup."""

import unicodedata

LONGEST = 400
_MARKUP = {ord(character): f"&#{ord(character)};" for character in "&<>|[]`*\\~$"}


def markdown_text(text: str) -> str:
    """The text on one line, at most `LONGEST` characters long, for a sentence or a table's cell.

    Characters that mean something to Markdown or HTML become entities; those that no screen shows, such as changes of
    direction, become their names.
    """
    line = " ".join(text.split())
    if len(line) > LONGEST:
        line = f"{line[: LONGEST // 2]} [...] {line[-LONGEST // 2 :]}"
    shown = "".join(c if unicodedata.category(c) not in ("Cc", "Cf", "Cs") else f"[U+{ord(c):04X}]" for c in line)
    return shown.translate(_MARKUP)
