"""Questions about a way that is hardly one, and labels that name an axis that hardly moves."""

from collections.abc import Iterator

import numpy as np

from data_gen.audit.lights import interval_by_demo, limit_light, share
from data_gen.audit.report import Finding
from data_gen.audit.rows import Rows
from robot_r1.question import QuestionType

SHORT = (0.005, 0.010)
"""Metres to the next keypoint that count as none, and as hardly any."""
NAMED = 0.005
"""Metres along an axis that deserve no name."""
LIMIT = 0.01
"""Share of questions that may be so."""
_ASKED: tuple[QuestionType, ...] = ("waypoint", "movement")


def movement_findings(rows: Rows) -> Iterator[Finding]:
    """Shares of near-zero movements among the questions that ask for the next keypoint."""
    for question_type in _ASKED:
        mask = rows.question_type == question_type
        if not mask.any():
            continue
        move = rows.target[mask] - rows.state[mask]
        for metres in SHORT:
            interval = interval_by_demo(np.linalg.norm(move, axis=1) < metres, rows.demo[mask])
            check = f"next keypoint nearer than {1000 * metres:.0f} mm"
            light = limit_light(interval, LIMIT)
            yield share("movements", check, question_type, interval, light, f"up to {LIMIT:.2f}")
    if rows.points is None or rows.answer is None:
        return
    mask = (rows.question_type == "movement") & (rows.answer >= 0)
    if mask.any():
        named = np.nan_to_num(rows.points[mask, rows.answer[mask]]) != 0
        still = named & (np.abs(rows.target[mask] - rows.state[mask]) < NAMED)
        interval = interval_by_demo(still.any(axis=1), rows.demo[mask])
        check = f"answer names an axis that moves less than {1000 * NAMED:.0f} mm"
        yield share("movements", check, "movement", interval, limit_light(interval, LIMIT), f"up to {LIMIT:.2f}")
