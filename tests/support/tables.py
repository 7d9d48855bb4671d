"""Reading printed tables."""

import re


def narrow(table: str) -> str:
    """Without the padding of the cells."""
    return re.sub(" +", " ", table)
