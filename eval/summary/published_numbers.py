"""The numbers of the Robot-R1 paper (arXiv 2506.00070 v3), as printed."""

from dataclasses import dataclass

from eval.robot_r1_bench.question import ReasoningType

SOURCE = "Robot-R1 v3"


@dataclass(frozen=True, slots=True)
class Measure:
    """A mean score of the bench: of a type of reasoning, on all tasks or on those `in training` or `held out`."""

    group: ReasoningType
    part: str | None = None


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a published table, and what is measured for it: the mean of these, or nothing for other benches."""

    title: str
    measures: tuple[Measure, ...] = ()


@dataclass(frozen=True, slots=True)
class PublishedRow:
    name: str
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class PublishedTable:
    """One table of the paper.

    Attributes:
        of: what its rows are.
        decimals: as printed; None where they vary.
    """

    number: str
    title: str
    of: str
    columns: tuple[Column, ...]
    rows: tuple[PublishedRow, ...]
    note: str = ""
    decimals: int | None = 2

    def written(self, value: float) -> str:
        """A value with the table's number of decimals."""
        return f"{value:g}" if self.decimals is None else f"{value:.{self.decimals}f}"


PLANNING = Column("planning", (Measure("planning"),))
HIGH = Column("high level", (Measure("high_level"),))
MOVEMENT = Column("movement", (Measure("movement"),))
SPATIAL = Column("spatial", (Measure("spatial"),))
FOUR = (PLANNING, HIGH, MOVEMENT, SPATIAL)
QWEN, DIRECT, COT, ROBOT_R1 = "Qwen2.5-VL-7B-Instruct", "+ direct SFT", "+ CoT SFT", "+ Robot-R1"


def _columns(*titles: str) -> tuple[Column, ...]:
    return tuple(Column(title) for title in titles)


def _rows(*rows: tuple[str, tuple[float, ...]]) -> tuple[PublishedRow, ...]:
    return tuple(PublishedRow(name, values) for name, values in rows)


TABLES = (
    PublishedTable(
        "2",
        "Robot-R1 Bench, planning and high-level action",
        "model",
        (PLANNING, HIGH),
        _rows(
            ("GPT-4o", (1.96, 2.02)),
            ("Claude-3.7-Sonnet", (1.72, 1.58)),
            ("Gemini-2.0-Flash", (1.84, 1.12)),
            (QWEN, (1.66, 1.04)),
            (DIRECT, (0.0, 0.04)),
            (COT, (0.60, 1.28)),
            (ROBOT_R1, (1.44, 1.30)),
        ),
    ),
    PublishedTable(
        "3",
        "Robot-R1 Bench, movement and spatial",
        "model",
        (
            Column("movement in training", (Measure("movement", "in training"),)),
            Column("movement held out", (Measure("movement", "held out"),)),
            MOVEMENT,
            Column("spatial in training", (Measure("spatial", "in training"),)),
            Column("spatial held out", (Measure("spatial", "held out"),)),
            SPATIAL,
        ),
        _rows(
            ("GPT-4o-mini", (0.64, 0.56, 0.60, 1.73, 1.14, 1.48)),
            ("GPT-4o", (0.92, 0.52, 0.72, 1.70, 1.07, 1.43)),
            ("Claude-3-Opus", (0.40, 0.24, 0.32, 0.97, 0.43, 0.74)),
            ("Claude-3.5-Haiku", (0.68, 0.48, 0.58, 1.41, 0.71, 1.11)),
            ("Claude-3.5-Sonnet-v2", (0.96, 0.28, 0.62, 1.49, 0.75, 1.17)),
            ("Claude-3.7-Sonnet", (0.76, 0.48, 0.62, 1.65, 1.07, 1.40)),
            ("Gemini-1.5-Flash", (0.60, 0.16, 0.38, 1.57, 0.93, 1.29)),
            ("Gemini-1.5-Pro", (0.76, 0.40, 0.58, 1.49, 1.14, 1.34)),
            ("Gemini-2.0-Flash", (0.52, 0.40, 0.46, 1.76, 1.14, 1.49)),
            (QWEN, (0.64, 0.52, 0.58, 1.62, 1.11, 1.40)),
            (DIRECT, (0.12, 0.0, 0.06, 0.08, 0.04, 0.06)),
            (COT, (0.84, 0.56, 0.70, 0.46, 0.07, 0.29)),
            (ROBOT_R1, (0.96, 0.56, 0.76, 1.76, 1.18, 1.51)),
        ),
        "The paper does not define its columns In and Out; they are taken for tasks in and out of training.",
    ),
    PublishedTable(
        "4",
        "EmbodiedBench-Manipulation, success in %",
        "model",
        _columns("base", "common sense", "complex", "spatial", "visual", "average"),
        _rows(
            ("GPT-4o-mini", (4.2, 6.3, 2.1, 10.4, 0.0, 4.6)),
            ("Claude-3.5-Haiku", (12.5, 12.5, 12.5, 16.7, 13.9, 13.6)),
            ("Gemini-1.5-Flash", (14.6, 10.4, 4.2, 10.4, 8.3, 9.6)),
            (QWEN, (6.3, 6.3, 6.3, 14.6, 11.1, 8.92)),
            (DIRECT, (0.0,) * 6),
            (COT, (0.0,) * 6),
            (ROBOT_R1, (12.5, 8.3, 6.3, 14.6, 16.7, 11.68)),
        ),
        "These shares are 26 of 228 episodes for Robot-R1 and 20 for Qwen2.5-VL.",
        decimals=None,
    ),
    PublishedTable(
        "5a",
        "SpatialRGPT-Bench, quantitative, success in %",
        "model",
        _columns("direct", "horizontal", "vertical", "width", "height", "direction", "average"),
        _rows(
            (QWEN, (1.35, 9.02, 8.49, 6.77, 9.77, 28.04, 9.88)),
            (DIRECT, (4.05, 3.28, 0.94, 0.75, 4.51, 42.06, 8.41)),
            (COT, (1.35, 2.46, 0.0, 3.01, 6.77, 38.32, 7.88)),
            (ROBOT_R1, (6.08, 14.75, 22.64, 21.8, 19.55, 12.15, 15.89)),
        ),
    ),
    PublishedTable(
        "5b",
        "SpatialRGPT-Bench, qualitative, success in %",
        "model",
        _columns("below/above", "left/right", "big/small", "tall/short", "wide/thin", "behind/front", "average"),
        _rows(
            (QWEN, (35.0, 50.48, 6.6, 17.86, 27.88, 36.36, 29.07)),
            (DIRECT, (3.33, 17.14, 0.0, 9.82, 0.0, 0.0, 5.02)),
            (COT, (15.83, 33.33, 45.28, 39.28, 47.12, 35.45, 35.62)),
            (ROBOT_R1, (42.5, 41.9, 31.13, 37.5, 38.46, 52.72, 40.79)),
        ),
    ),
    PublishedTable(
        "7",
        "Robot-R1 Bench, algorithms of reinforcement learning",
        "algorithm",
        FOUR,
        _rows(
            ("GRPO", (1.44, 1.30, 0.76, 1.51)),
            ("RLOO", (1.56, 1.54, 0.68, 1.52)),
            ("REINFORCE++", (1.40, 1.08, 0.62, 1.38)),
        ),
    ),
    PublishedTable(
        "8",
        "Robot-R1 Bench, training seeds",
        "run",
        FOUR,
        _rows(
            (QWEN, (1.66, 1.04, 0.58, 1.40)),
            ("Robot-R1, seed 1", (1.44, 1.30, 0.76, 1.51)),
            ("Robot-R1, seed 2", (1.70, 1.46, 0.64, 1.66)),
            ("Robot-R1, seed 3", (1.56, 1.50, 0.54, 1.60)),
            ("mean of the seeds", (1.57, 1.42, 0.65, 1.59)),
            ("standard deviation", (0.13, 0.11, 0.11, 0.08)),
        ),
        "Tables 2, 3, 7 and 9 have seed 1, which is the best of the three in movement.",
    ),
    PublishedTable(
        "9",
        "Robot-R1 Bench, questions trained with",
        "questions",
        (
            MOVEMENT,
            SPATIAL,
            Column("low-level average", MOVEMENT.measures + SPATIAL.measures),
            PLANNING,
            HIGH,
            Column("high-level average", PLANNING.measures + HIGH.measures),
        ),
        _rows(
            ("open-ended waypoint", (0.68, 1.37, 1.03, 1.60, 1.26, 1.43)),
            ("open-ended waypoint, current state", (0.48, 1.03, 0.76, 1.48, 1.16, 1.17)),
            ("multiple-choice waypoint", (0.40, 1.42, 0.91, 1.44, 1.22, 1.33)),
            ("multiple-choice waypoint, current state", (0.54, 1.51, 1.03, 1.50, 1.24, 1.37)),
            ("multiple-choice waypoint, current state, movement", (0.76, 1.51, 1.14, 1.44, 1.30, 1.37)),
        ),
        "The high-level average 1.17 is as printed; the mean of its row's two numbers is 1.32.",
    ),
    PublishedTable(
        "11",
        "Robot-R1 Bridge Bench, real pictures of BridgeV2",
        "model",
        _columns("planning", "high level", "movement", "spatial"),
        _rows(
            ("Gemini-1.5-Pro", (1.70, 1.16, 0.39, 1.65)),
            (QWEN, (1.20, 0.89, 0.46, 1.53)),
            (ROBOT_R1, (1.38, 1.10, 0.45, 1.56)),
        ),
        "Trained for one epoch.",
    ),
    PublishedTable(
        "12",
        "VLABench",
        "model",
        _columns("mesh and texture", "common sense", "semantic", "spatial", "physical law", "complex"),
        _rows(
            (QWEN, (39.02, 40.78, 37.64, 35.83, 39.20, 38.51)),
            (COT, (0.0,) * 6),
            (ROBOT_R1, (46.58, 41.5, 37.62, 40.33, 25.33, 33.87)),
        ),
        "Trained for one epoch.",
    ),
    PublishedTable(
        "13",
        "Robot-R1 Bench, cold start",
        "model",
        FOUR,
        _rows(
            (QWEN, (1.66, 1.04, 0.58, 1.40)),
            ("+ CoT SFT written by GPT-4.1-mini", (0.98, 1.34, 0.88, 1.40)),
            ("+ Robot-R1", (1.22, 1.44, 0.88, 1.43)),
        ),
        "Trained for one epoch.",
    ),
    PublishedTable(
        "14",
        "LIBERO with a diffusion head, success in %",
        "backbone",
        _columns("long", "goal", "object", "spatial", "average"),
        _rows(
            (QWEN, (44.0, 61.6, 83.4, 86.8, 69.0)),
            (ROBOT_R1, (45.8, 73.8, 80.4, 87.0, 71.8)),
        ),
        decimals=1,
    ),
    PublishedTable(
        "15",
        "Real robot with a diffusion head, success in %",
        "backbone",
        _columns("teddy bear", "box", "cup", "sponge", "average"),
        _rows(
            (QWEN, (25.0, 0.0, 20.83, 20.83, 16.67)),
            (ROBOT_R1, (25.0, 29.17, 25.0, 16.67, 23.96)),
        ),
        "24 trials a task.",
    ),
)
