"""Waypoints and current states asked without options: the model says a position.

python -m eval.open_ended --dataset FOLDER --model PROVIDER/NAME
inspect eval eval/open_ended.py -T dataset=FOLDER --model PROVIDER/NAME
"""

from collections.abc import Sequence
from pathlib import Path

from inspect_ai import Task, task
from inspect_ai.dataset import MemoryDataset
from inspect_ai.model import GenerateConfig

from eval.baselines import (
    ALL,
    POSITION_BASELINES,
    Completions,
    locate,
    position_completion,
    right_position,
    written,
)
from eval.errors import told_by_inspect
from eval.facts import Facts, decoding
from eval.mcqa import listed
from eval.questions import QuestionSet, Row, read_questions
from eval.samples import MAX_TOKENS, ask, prompt_fact, resolutions, sample
from eval.scorers.positions import near_position, score_position
from eval.sheets import Sheet, interval_text
from robot_r1.cli import run_command
from robot_r1.errors import UserError
from robot_r1.intervals import clustered_interval
from robot_r1.prompts import PromptTemplates, point_text
from robot_r1.question import OPEN_QUESTION_TYPES

NAME = "open-ended"


@task(name=NAME)
@told_by_inspect
def open_ended(
    dataset: str,
    question_types: str | Sequence[str] | None = None,
    tasks: str | Sequence[str] | None = None,
    split: str = "test",
    prompts: str | None = None,
    baseline: str | None = None,
    seed: int = 0,
    max_tokens: int = MAX_TOKENS,
) -> Task:
    """Positions asked for without options, with reasoning and answer in their tags.

    Args:
        dataset: folder that data_gen wrote in any format, or its name on the Hub. Prompts are rendered anew without
            options.
        question_types: of `waypoint` and `current_state` only these, in commas or a list; None for both.
        tasks: only questions about these tasks; None for all.
        split: `test`, `validation` or `train`.
        prompts: folder with own templates, as for `data_gen.build`; None for this project's.
        baseline: answer by this one of `eval.baselines.POSITION_BASELINES` instead of asking a model.
        seed: of baselines that draw.
        max_tokens: most tokens of a completion.

    Raises:
        UserError: the data set cannot be read, nothing is left of it, or a setting is not allowed.
    """
    questions = read_positions(dataset, split, question_types, tasks, prompts, pictures=baseline is None)
    rows = questions.rows
    config = GenerateConfig(temperature=0.0, max_tokens=max_tokens)
    facts = Facts(
        benchmark=NAME,
        dataset=questions.name,
        dataset_version=questions.version,
        prompt=prompt_fact(rows),
        image_resolution=resolutions(questions),
        decoding=decoding(config),
        seed=seed,
    )
    solver = ask()
    if baseline is not None:
        positions = zip(rows, locate(baseline, rows, seed), strict=True)
        solver = written(Completions(baseline, {row.id: position_completion(baseline, at) for row, at in positions}))
    samples = [
        sample(row, row.id, point_text(right_position(row)), position=list(right_position(row))) for row in rows
    ]
    return Task(
        dataset=MemoryDataset(samples, name=questions.name),
        solver=solver,
        scorer=near_position(),
        config=config,
        name=NAME,
        metadata=facts.metadata(split=split, **({"baseline": baseline} if baseline is not None else {})),
    )


def read_positions(
    dataset: str,
    split: str,
    question_types: str | Sequence[str] | None,
    tasks: str | Sequence[str] | None,
    prompts: str | None,
    pictures: bool,
) -> QuestionSet:
    """The waypoints and current states of a data set as open-ended questions; arguments as those of `open_ended`."""
    types = listed(question_types) or OPEN_QUESTION_TYPES
    if "movement" in types:
        raise UserError(f"question type movement has no position; allowed are {', '.join(OPEN_QUESTION_TYPES)}")
    required = ("description", "state", "target")
    questions = read_questions(dataset, split, types, listed(tasks), pictures, required)
    templates = PromptTemplates.load(Path(prompts) if prompts else None)
    rows = tuple(_opened(row, templates) for row in questions.rows)
    return QuestionSet(questions.name, questions.version, rows)


def _opened(row: Row, templates: PromptTemplates) -> Row:
    if row.description is None or row.state is None or row.target is None:
        raise UserError(f"question {row.id} lacks description, state or target; build the data set again")
    prompt = templates.render_open(row.question_type, row.description, row.state, think=True)
    return row.model_copy(update={"question": prompt, "options": None, "answer": None})


def main(arguments: Sequence[str]) -> int:
    """The command."""
    from eval.dataset_command import (  # here, as `inspect eval` needs none of it
        chosen_models,
        conclude,
        dataset_parser,
        show,
    )
    from eval.run import run

    parser = dataset_parser("python -m eval.open_ended", __doc__ or "", NAME, POSITION_BASELINES)
    parser.add_argument("--prompts", metavar="FOLDER", help="own templates, as for data_gen.build")
    options = parser.parse_args(arguments)
    given = (options.dataset, options.question_types, options.tasks, options.split, options.prompts)
    if options.baseline == ALL:
        questions = read_positions(
            options.dataset, options.split, options.question_types, options.tasks, options.prompts, pictures=False
        )
        title = f"1 - L1 (metres apart) without a model, {options.split} split of {questions.name}"
        show([_all_baselines(title, questions.rows[: options.limit], options.seed)], options.markdown)
        return 0
    models = chosen_models(options)
    asked = open_ended(*given, baseline=options.baseline, seed=options.seed, max_tokens=options.max_tokens)
    logs = run(
        asked,
        models,
        options.log_dir,
        limit=options.limit,
        log_images=options.log_images,
        keeps_answers=options.baseline is None,
    )
    return conclude(logs, options.markdown)


def _all_baselines(title: str, rows: Sequence[Row], seed: int) -> Sheet:
    """Every baseline's mean of 1 - L1 and distance, by type of question, without logs."""
    types = [name for name in OPEN_QUESTION_TYPES if any(row.question_type == name for row in rows)]
    of_type = {name: [row for row in rows if row.question_type == name] for name in types}
    lines = [(name, *(_cell(name, of_type[kind], seed) for kind in types)) for name in POSITION_BASELINES]
    counts = ("questions", *(f"{len(members):,}" for members in of_type.values()))
    return Sheet(title, ("", *types), (counts, *lines))


def _cell(name: str, rows: Sequence[Row], seed: int) -> str:
    if name == "state" and rows[0].question_type != "waypoint":
        return ""
    answers = zip(rows, locate(name, rows, seed), strict=True)
    scores = [score_position(position_completion(name, at), right_position(row)) for row, at in answers]
    values = [float(score.value) for score in scores]  # type: ignore[arg-type]  # numbers
    apart = sum((score.metadata or {})["distance"] for score in scores) / len(scores)
    return f"{interval_text(clustered_interval(values, [row.cluster for row in rows]))} ({apart:.3f})"


if __name__ == "__main__":
    raise SystemExit(run_command(main, "run the same command again to go on"))
