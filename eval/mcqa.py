"""Multiple-choice questions of a data set, answered by models or by baselines that need none.

python -m eval.mcqa --dataset FOLDER --model PROVIDER/NAME
inspect eval eval/mcqa.py -T dataset=FOLDER --model PROVIDER/NAME
"""

from collections.abc import Sequence

from inspect_ai import Task, task
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.model import GenerateConfig

from eval.baselines import ALL, CHOICE_BASELINES, Completions, applies, choose, completion, written
from eval.errors import told_by_inspect
from eval.facts import Facts, decoding
from eval.permutations import ORDERS, rotated
from eval.questions import QuestionSet, Row, read_questions
from eval.samples import MAX_TOKENS, ask, prompt_fact, resolutions, sample
from eval.scorers.choices import right_option, score_choice
from eval.sheets import Sheet, interval_text
from robot_r1.cli import run_command
from robot_r1.errors import UserError
from robot_r1.intervals import clustered_interval
from robot_r1.question import QUESTION_TYPES, QuestionType

NAME = "mcqa"


@task(name=NAME)
@told_by_inspect
def mcqa(
    dataset: str,
    question_types: str | Sequence[str] | None = None,
    tasks: str | Sequence[str] | None = None,
    split: str = "test",
    permutations: int = 1,
    baseline: str | None = None,
    seed: int = 0,
    max_tokens: int = MAX_TOKENS,
) -> Task:
    """Multiple-choice questions.

    Args:
        dataset: folder that data_gen wrote, or its name on the Hub.
        question_types: only these, in commas or a list; None for all.
        tasks: only questions about these tasks; None for all.
        split: `test`, `validation` or `train`.
        permutations: 4 asks every question in the four cyclic orders of its options, 1 in its own alone.
        baseline: answer by this one of `eval.baselines.CHOICE_BASELINES` instead of asking a model (then `none/none`).
        seed: of baselines that draw.
        max_tokens: most tokens of a completion.

    Raises:
        UserError: the data set cannot be read, nothing is left of it, or a setting is not allowed.
    """
    if permutations not in (1, ORDERS):
        raise UserError(f"permutations is {permutations}; allowed are 1 and {ORDERS}")
    questions = read_choices(dataset, split, question_types, tasks, pictures=baseline is None)
    rows = turned(questions.rows, permutations)
    ids = [row.id if permutations == 1 else f"{row.id}~{turn}" for turn, row in rows]
    name = NAME if permutations == 1 else f"{NAME}-permuted"
    config = GenerateConfig(temperature=0.0, max_tokens=max_tokens)
    facts = Facts(
        benchmark=name,
        dataset=questions.name,
        dataset_version=questions.version,
        prompt=prompt_fact(questions.rows),
        image_resolution=resolutions(questions),
        decoding=decoding(config),
        seed=seed,
    )
    samples = [_sample(row, sample_id) for sample_id, (_, row) in zip(ids, rows, strict=True)]
    solver = ask()
    if baseline is not None:
        letters = choose(baseline, [row for _, row in rows], seed)
        texts = {i: completion(baseline, f"[[{letter}]]") for i, letter in zip(ids, letters, strict=True)}
        solver = written(Completions(baseline, texts))
    return Task(
        dataset=MemoryDataset(samples, name=questions.name),
        solver=solver,
        scorer=right_option(),
        config=config,
        name=name,
        metadata=facts.metadata(split=split, **({"baseline": baseline} if baseline is not None else {})),
    )


def read_choices(
    dataset: str,
    split: str,
    question_types: str | Sequence[str] | None,
    tasks: str | Sequence[str] | None,
    pictures: bool,
) -> QuestionSet:
    """The questions with options of a data set; arguments as those of `mcqa`."""
    required = ("options", "answer")
    return read_questions(dataset, split, listed(question_types), listed(tasks), pictures, required)


def turned(rows: Sequence[Row], permutations: int) -> list[tuple[int, Row]]:
    """Every question in each order of its options, with the number of the order."""
    if permutations == 1:
        return [(0, row) for row in rows]
    return [(turn, rotated(row, turn)) for row in rows for turn in range(permutations)]


def _score(row: Row, text: str) -> float:
    score = score_choice(text, row.answer or "A", row.question_type, list(row.options or ()))
    return float(score.value)  # type: ignore[arg-type]  # a number


def listed(given: str | Sequence[str] | None) -> tuple[str, ...]:
    """Names in commas or a list, as they come from a command line."""
    if given is None:
        return ()
    return tuple(name.strip() for name in (given.split(",") if isinstance(given, str) else given) if name.strip())


def _sample(row: Row, sample_id: str) -> Sample:
    if row.options is None or row.answer is None:
        raise UserError(f"question {row.id} has no options; give a data set of multiple-choice questions")
    return sample(row, sample_id, row.answer, answer=row.answer, options=list(row.options))


def main(arguments: Sequence[str]) -> int:
    """The command."""
    from eval.dataset_command import (  # here, as `inspect eval` needs none of it
        chosen_models,
        conclude,
        dataset_parser,
        show,
    )
    from eval.run import run

    parser = dataset_parser("python -m eval.mcqa", __doc__ or "", NAME, CHOICE_BASELINES)
    parser.add_argument(
        "--permutations",
        type=int,
        default=1,
        choices=(1, ORDERS),
        help="4: every question in four orders of its options",
    )
    options = parser.parse_args(arguments)
    given = (options.dataset, options.question_types, options.tasks, options.split, options.permutations)
    if options.baseline == ALL:
        questions = read_choices(options.dataset, options.split, options.question_types, options.tasks, pictures=False)
        rows = [row for _, row in turned(questions.rows[: options.limit], options.permutations)]
        title = f"accuracy without a model, {options.split} split of {questions.name}"
        show([_all_baselines(title, rows, options.seed)], options.markdown)
        return 0
    models = chosen_models(options)
    task = mcqa(*given, baseline=options.baseline, seed=options.seed, max_tokens=options.max_tokens)
    logs = run(
        task,
        models,
        options.log_dir,
        limit=options.limit and options.limit * options.permutations,
        log_images=options.log_images,
        keeps_answers=options.baseline is None,
    )
    return conclude(logs, options.markdown)


def _all_baselines(title: str, rows: Sequence[Row], seed: int) -> Sheet:
    """Every baseline's accuracy, by type of question, without logs."""
    types = [name for name in QUESTION_TYPES if any(row.question_type == name for row in rows)]
    lines = []
    for name in CHOICE_BASELINES:
        cells = [_accuracy(name, [row for row in rows if row.question_type == kind], kind, seed) for kind in types]
        lines.append((name, *cells))
    counts = [f"{sum(row.question_type == kind for row in rows):,}" for kind in types]
    return Sheet(title, ("", *types), (("questions", *counts), *lines))


def _accuracy(name: str, rows: Sequence[Row], question_type: QuestionType, seed: int) -> str:
    if not applies(name, question_type):
        return ""
    answers = zip(rows, choose(name, rows, seed), strict=True)
    scores = [_score(row, completion(name, f"[[{letter}]]")) for row, letter in answers]
    return interval_text(clustered_interval(scores, [row.cluster for row in rows]))


if __name__ == "__main__":
    raise SystemExit(run_command(main, "run the same command again to go on"))
