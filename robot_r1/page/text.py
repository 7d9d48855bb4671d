"""How the page writes numbers, times and names."""

import math
from datetime import datetime

MINUS = "\N{MINUS SIGN}"
DASH = "\N{EN DASH}"
"""Between the ends of an interval, and in the place of what is not there."""


def percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def interval(ends: tuple[float, float]) -> str:
    """A 95 % interval of a share, in percent."""
    return f"{100 * ends[0]:.1f} {DASH} {100 * ends[1]:.1f}"


def number(value: float | None) -> str:
    """Four significant digits."""
    if value is None or not math.isfinite(value):
        return DASH
    digits, exponent, power = f"{abs(value):.4g}".partition("e")
    return (MINUS if value < 0 else "") + digits + (f"e{int(power)}" if exponent else "")


def signed(value: float | None, digits: int = 2) -> str:
    """With its sign, which zero has not."""
    if value is None or not math.isfinite(value):
        return DASH
    return f"{value:+.{digits}f}".replace("-", MINUS) if round(value, digits) else f"{0:.{digits}f}"


def duration(seconds: float) -> str:
    """The two largest units."""
    whole = round(seconds)
    hours, minutes = whole // 3600, whole % 3600 // 60
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {whole % 60} s" if minutes else f"{whole} s"


def moment(written: str) -> str:
    """An ISO date to the minute; anything else as it is."""
    try:
        return datetime.fromisoformat(written).strftime("%Y-%m-%d %H:%M %Z").strip()
    except ValueError:
        return written


def words(name: str) -> str:
    """An identifier as words."""
    return name.replace("_", " ")


def inline(title: str) -> str:
    """A title within a sentence; an abbreviation such as KL stays."""
    return title if title[:2].isupper() else title[:1].lower() + title[1:]


FILTERS = {
    "percent": percent,
    "interval": interval,
    "number": number,
    "signed": signed,
    "duration": duration,
    "moment": moment,
    "words": words,
    "inline": inline,
    "grouped": lambda count: f"{count:,}".replace(",", "\u202f"),
}
"""Names under which the templates know these functions."""
