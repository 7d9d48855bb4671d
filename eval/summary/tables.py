"""What runs measured, as Markdown tables."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from eval.conditions import differing
from eval.markdown import plain, table
from eval.results import BENCH, BENCHMARKS, Run
from eval.summary.published import published_tables
from eval.summary.rows import By, Measured, Row, measurements, rows
from robot_r1.page.text import DASH

HEAD = ("questions", "model", "n", "mean", "95 % interval", "seeds", "refused")
MEASURES = {
    "mcqa": "Accuracy, 0 to 1",
    "mcqa-permuted": "Accuracy over four orders of the options of each question, 0 to 1",
    "open-ended": "Mean of clip(1 - L1, 0, 1), L1 in metres",
    BENCH: "Mean score of the judge, 0 to 3",
}
LEGEND = (
    "Intervals are clustered by demo, and the whole scale where there is only one. Several seeds: their number, mean ±"
    " standard deviation. Refused: share of answers that could not be read."
)


def summary(runs: Sequence[Run], by: By = "group", seeds_of: Sequence[str] = (), published: bool = False) -> str:
    """The tables of all benchmarks among the runs, and with `published` those of the paper, as Markdown."""
    measured = measurements(runs, seeds_of)
    sections = [
        "\n".join(_section([each for each in measured if each.benchmark == benchmark], by))
        for benchmark in BENCHMARKS
        if any(each.benchmark == benchmark for each in measured)
    ]
    if published:
        sections.append(published_tables([each for each in measured if each.benchmark == BENCH]))
    return "\n\n".join(sections)


def _section(measured: Sequence[Measured], by: By) -> Iterator[str]:
    benchmark = measured[0].benchmark
    yield f"## {benchmark}\n"
    yield f"{MEASURES[benchmark]}. {LEGEND}\n"
    yield table(HEAD, [_cells(row) for row in rows(measured, by)], numbers_from=2)
    first, *others = (each.runs[0].facts for each in measured)
    shared = {name: value for name, value in first.items() if all(facts.get(name) == value for facts in others)}
    if shared:
        yield "\n" + plain(f"All rows: {_told(shared)}", most=2000)
    yield ""
    for each in measured:
        yield f"{each.number}. {_footnote(each, shared)}"
    for line in _warnings(measured):
        yield f"\n**Not comparable:** {line}"


def _cells(row: Row) -> tuple[str, ...]:
    mean, spread = row.mean, row.spread
    return (
        plain(row.group.replace("_", " ")),
        f"{plain(row.measured.model)} ({row.measured.number})",
        _count(row),
        f"{mean.mean:.3f}" if mean else DASH,
        f"{mean.low:.3f} {DASH} {mean.high:.3f}" if mean else DASH,
        f"{len(row.seeds)}: {spread[0]:.3f} ± {spread[1]:.3f}" if spread else str(len(row.seeds)),
        f"{100 * row.refused:.1f} %" if row.answered else DASH,
    )


def _count(row: Row) -> str:
    """`324`, `3 x 108` for three seeds, or `321 of 324`."""
    if row.answered != row.asked:
        return f"{row.answered} of {row.asked}"
    seeds = len(row.seeds)
    return f"{seeds} x {row.answered // seeds}" if seeds > 1 else str(row.answered)


def _footnote(measured: Measured, shared: Mapping[str, str]) -> str:
    """How a model was measured: what its log says that others do not, its seeds, and the logs."""
    own = {name: value for name, value in measured.runs[0].facts.items() if name not in shared}
    parts = [_told(own)] if own else []
    models = list(dict.fromkeys(run.model for run in measured.runs))
    seeds = [str(run.seed) for run in measured.runs if run.seed is not None]
    if models != [measured.model]:
        parts.append(f"the seeds are {', '.join(models)}")
    elif seeds:
        parts.append(f"seed{'s' if len(seeds) > 1 else ''} {', '.join(seeds)}")
    twice = [seed for (_, seed), count in Counter((run.model, run.seed) for run in measured.runs).items() if count > 1]
    if twice:
        parts.append(f"several runs with seed {', '.join(map(str, twice))}, which count as repeats")
    logs = ", ".join(run.path.name for run in measured.runs)
    return plain(f"{measured.model}: {'; '.join([*parts, logs])}", most=2000)


def _told(facts: Mapping[str, str]) -> str:
    return "; ".join(f"{name} {value}" for name, value in facts.items())


def _warnings(measured: Sequence[Measured]) -> Iterator[str]:
    for each in differing([run for one in measured for run in one.runs]):
        yield plain(str(each), most=600)
