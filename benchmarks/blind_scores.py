"""What can be answered without looking, in data sets of two configurations built from the same demos.

    python benchmarks/blind_scores.py --root data/demos --demos-per-task 120
    python benchmarks/blind_scores.py --source rlbench-disk --root DEMOS

Builds configs/data/paper.yaml and configs/data/default.yaml in a temporary folder and prints both audits side by side,
as the table of docs/data.md (`--all`: every rule). Demos that are missing are recorded first, with small pictures.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from data_gen.audit.report import Audit, Finding
from data_gen.audit.run import read_audit
from data_gen.audit.table import SYMBOLS
from data_gen.sources.rlbench_disk import find_demos
from robot_r1.blind_rules import RULES
from robot_r1.question import QUESTION_TYPES, QuestionType

REPOSITORY = Path(__file__).parents[1]
PRESETS = ("paper", "default")
TASKS = "pick_up_cup,push_button,put_rubbish_in_bin,phone_on_base,take_lid_off_saucepan"
TELLING = (
    "nearest to the state",
    "nearest to the usual move",
    "nearest to the options' mean",
    "nearest to the mean answer, per task",
    "in the most usual place, per task",
    "nearest to the workspace's centre",
    "highest (z)",
    "most usual answer, per task",
    "most usual words, per task",
    "words most shared with the other options",
    "fewest characters",
    "first letter",
)
"""Rules shown without --all."""


def main() -> None:
    """Build both and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--source", choices=("simulated", "rlbench-disk"), default="simulated")
    parser.add_argument("--root", type=Path, required=True, help="folder of the demos")
    parser.add_argument("--demos-per-task", type=int, default=120)
    parser.add_argument("--image-size", type=int, default=112, help="pixels; the archive's own where there is one")
    parser.add_argument("--all", action="store_true", help="print every rule")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        audits = [_audit(name, Path(folder), options) for name in PRESETS]
    print(f"{audits[0].demos} demos, {audits[0].questions} and {audits[1].questions} questions\n")
    rules = [rule for rule in RULES if options.all or rule.forward in TELLING]
    rows = [(rule.forward, rule.backward) for rule in rules]
    probes = [(check,) for check in dict.fromkeys(f.check for f in audits[0].findings if f.section == "blind probe")]
    print(f"| picked blindly | {' | '.join(f'{kind}, {name}' for kind in QUESTION_TYPES for name in PRESETS)} |")
    print(f"|---|{'---|' * 6}")
    print(_line("farthest from chance", [_worst(audit, kind) for kind in QUESTION_TYPES for audit in audits]))
    for checks in (*rows, *probes):
        cells = [_cell(audit, kind, checks) for kind in QUESTION_TYPES for audit in audits]
        print(_line(" / ".join(checks), cells))


def _audit(preset: str, folder: Path, options: argparse.Namespace) -> Audit:
    flags = ["--source", options.source, "--root", str(options.root), "--out", str(folder / preset)]
    flags += ["--demos-per-task", str(options.demos_per_task)]
    if options.source == "simulated":  # the paper's file names RLBench's variation 0 alone
        flags += ["--tasks", TASKS, "--image-size", str(options.image_size)]
        flags += ["--variations", ",".join(map(str, range(20)))]
    else:
        keys = [demo.key for demo in find_demos(options.root, None, None).found]
        flags += ["--tasks", ",".join(sorted({key.task for key in keys}))]
        flags += ["--variations", ",".join(map(str, sorted({key.variation for key in keys})))]
    config = REPOSITORY / "configs" / "data" / f"{preset}.yaml"
    subprocess.run(
        [sys.executable, "-m", "data_gen.build", "--config", str(config), *flags], cwd=REPOSITORY, check=True
    )
    return read_audit(folder / preset)


def _find(audit: Audit, kind: QuestionType, check: str) -> Finding | None:
    return next((f for f in audit.findings if f.check == check and f.question_type == kind), None)


def _worst(audit: Audit, kind: QuestionType) -> str:
    rules = [f for f in audit.findings if f.section == "blind rules" and f.question_type == kind]
    worst = max(rules, key=lambda finding: abs(finding.value - 0.25))
    return f"{SYMBOLS[worst.light]} {_interval(worst)} {worst.check}"


def _cell(audit: Audit, kind: QuestionType, checks: tuple[str, ...]) -> str:
    """What a rule reaches in both directions, or the probe with its interval."""
    found = [finding for finding in (_find(audit, kind, check) for check in checks) if finding]
    if len(checks) == 1:
        return "".join(f"{SYMBOLS[finding.light]} {_interval(finding)}" for finding in found)
    return " / ".join(f"{SYMBOLS[finding.light]} {finding.value:.2f}" for finding in found)


def _interval(finding: Finding) -> str:
    if finding.low is None or finding.high is None:
        return f"{finding.value:.2f}"
    return f"{finding.value:.2f} [{finding.low:.2f}, {finding.high:.2f}]"


def _line(name: str, cells: list[str]) -> str:
    return f"| {name} | {' | '.join(cells)} |"


if __name__ == "__main__":
    main()
