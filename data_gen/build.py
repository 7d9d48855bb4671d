"""Turn demonstrations into a data set of Robot-R1 questions, or of prompts and completions for supervised training.

    python -m data_gen.build                                         # embedded simulator, configs/data/default.yaml
    python -m data_gen.build --config configs/data/quickstart.yaml   # a small one, in a few minutes
    python -m data_gen.build --source rlbench-disk --root DEMOS      # demos recorded with RLBench
    python -m data_gen.build --config configs/data/cold_start.yaml   # what a model learns before RL

Stages: find demos, record simulated ones that are missing, look at all of
them, build shards, audit the result, write manifest, card and contact sheet. The
data set grows in `OUT.partial` and takes its place as the last step. The result depends on the demos and the
configuration alone, not on the number of workers or on interruptions.
"""

import glob
import json
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import yaml

from data_gen.audit.run import audit_dataset, read_audit, write_audit
from data_gen.audit.table import summary_lines
from data_gen.card import card
from data_gen.config import BuildConfig
from data_gen.contact_sheet import write_contact_sheet
from data_gen.dataset import Digests
from data_gen.hub import check_access, upload
from data_gen.manifest import MANIFEST, Manifest, package_versions, read_manifest
from data_gen.outline import find_balances, take_survey
from data_gen.pool import Workers
from data_gen.questions import EXCLUDED
from data_gen.read_config import read_config
from data_gen.shard import DEMOS_PER_SHARD, Shard, ShardReport, build_shard
from data_gen.sources import ArchivedDemo, DemoFile, Found, demo_root, find, input_digest
from data_gen.sources.simulated import record_missing
from data_gen.splits import assign_splits, lacking
from data_gen.staging import Staging
from data_gen.survey import load_survey
from robot_r1.cli import console, python_line, run_command
from robot_r1.errors import UserError
from robot_r1.files import write_text
from robot_r1.prompts import PromptTemplates
from robot_r1.question import QUESTION_TYPES, SPLITS, Split


def main(arguments: Sequence[str]) -> None:
    """Build a data set; see the module's text."""
    config = read_config(BuildConfig, "python -m data_gen.build", arguments)
    templates = PromptTemplates.load(config.prompts)
    if config.push_to_hub and not config.dry_run:
        check_access(config.push_to_hub)
    staging = Staging(config.out)
    if staging.finished(config.shaping()):
        _check_input(config)
        console.print(f"{config.out} holds this data set already; nothing to build", markup=False)
    else:
        found = find(config)
        parts = _plan(config, found)
        if config.dry_run:
            _print_plan(config, found, parts)
            return
        with staging.alone():
            if not staging.finished(config.shaping()):  # another build may have come to its end meanwhile
                _build(config, found, parts, templates, staging)
    manifest = read_manifest(config.out)
    if config.push_to_hub:
        console.print(f"pushed to {upload(config.out, config.push_to_hub)}", markup=False)
    _print_result(config.out, manifest)


def _check_input(config: BuildConfig) -> None:
    """Make sure that a finished data set was built from the demos that are there, if there are any.

    Raises:
        UserError: it was built from others.
    """
    there = config.source == "rlbench-disk" and config.root is not None and config.root.is_dir()
    if there and input_digest(find(config).demos) != read_manifest(config.out).input:
        raise UserError(
            f"--out {config.out} holds a data set of other demos; give another --out, or delete that folder"
        )


@dataclass(frozen=True)
class _Part:
    """The demos of a shard."""

    split: Split
    number: int
    demos: tuple[DemoFile, ...]


def _plan(config: BuildConfig, found: Found) -> list[_Part]:
    if config.strict and found.damaged:
        raise UserError(f"damaged demo: {found.damaged[0].where}: {found.damaged[0].reason} (--strict)")
    splits = assign_splits([demo.key for demo in found.demos], config.split, config.seed)
    parts = []
    for split in SPLITS:
        demos = [demo for demo in found.demos if splits[demo.key.id] == split]
        for number, start in enumerate(range(0, len(demos), DEMOS_PER_SHARD)):
            parts.append(_Part(split, number, tuple(demos[start : start + DEMOS_PER_SHARD])))
    return parts


def _build(
    config: BuildConfig, found: Found, parts: list[_Part], templates: PromptTemplates, staging: Staging
) -> None:
    demo_ids = [demo.key.id for demo in found.demos]
    root = str(demo_root(config).absolute())
    plan = {"config": config.shaping(), "versions": package_versions(), "root": root, "demos": demo_ids}
    staging.begin(plan, config.resume)
    record_missing(config, [demo for demo in found.demos if isinstance(demo, ArchivedDemo)])
    with Workers(config.workers) as workers:
        if not staging.survey.is_file():
            demos = [(demo, part.split) for part in parts for demo in part.demos]
            take_survey(demos, config, workers).save(staging.survey)
        balances = find_balances(load_survey(staging.survey), config)
        shards = [Shard(part.split, part.number, part.demos, config, templates, staging, balances) for part in parts]
        pending = [shard for shard in shards if not shard.report_path.is_file()]
        for _ in workers.run_all(build_shard, pending, "building shards"):
            pass
    reports = [ShardReport.model_validate_json(shard.report_path.read_bytes()) for shard in shards]
    manifest = _manifest(config, found, reports)
    if not manifest.files:
        staging.discard()
        raise UserError(_nothing(manifest))
    _finish(staging, config, manifest, {name: value for report in reports for name, value in report.digests.items()})


def _nothing(manifest: Manifest) -> str:
    damaged = "; ".join(f"{skipped.where}: {skipped.reason}" for skipped in manifest.skipped[:3])
    dropped = "; ".join(f"{count} dropped, {reason}" for reason, count in manifest.dropped.items())
    reasons = f"{len(manifest.skipped)} of them damaged: {damaged or 'none'}" + (f"; {dropped}" if dropped else "")
    return f"no demo gave a question ({reasons})"


def _manifest(config: BuildConfig, found: Found, reports: list[ShardReport]) -> Manifest:
    reasons = sorted({reason for report in reports for reason in report.dropped})
    return Manifest(
        config=config.shaping(),
        versions=package_versions(),
        renderers=tuple(sorted({renderer for report in reports for renderer in report.renderers})),
        processors=tuple(sorted({processor for report in reports for processor in report.processors})),
        input=input_digest(found.demos),
        demos=tuple(demo for report in reports for demo in report.demos),
        skipped=(*found.damaged, *(skipped for report in reports for skipped in report.skipped)),
        dropped={reason: sum(report.dropped.get(reason, 0) for report in reports) for reason in reasons},
        files=tuple(file for report in reports for file in report.files),
    )


def _finish(staging: Staging, config: BuildConfig, manifest: Manifest, digests: Digests) -> None:
    settings = {name: value for name, value in config.shaping().items() if name != "prompts"}
    write_text(staging.data / "config.yaml", yaml.safe_dump(settings, sort_keys=False))
    write_text(staging.data / MANIFEST, manifest.model_dump_json(indent=1) + "\n")
    with ThreadPoolExecutor(1) as beside:
        sheet = beside.submit(write_contact_sheet, staging.data, manifest, config.seed)
        audit = audit_dataset(staging.data, config.workers, digests)
        sheet.result()
    write_audit(staging.data, audit)
    write_text(staging.data / "README.md", card(manifest, audit, config.out.name))
    staging.publish()


def _print_plan(config: BuildConfig, found: Found, parts: list[_Part]) -> None:
    missing = sum(isinstance(demo, ArchivedDemo) and not demo.path.is_file() for demo in found.demos)
    console.print(yaml.safe_dump(config.shaping(), sort_keys=False).rstrip(), markup=False)
    console.print(
        f"{len(found.demos)} demos ({missing} to record, {len(found.damaged)} damaged) of {demo_root(config)}, in "
        f"{len(parts)} shards, "
        f"would go to {config.out}; nothing was written",
        markup=False,
    )


def _print_result(out: Path, manifest: Manifest) -> None:
    for skipped in manifest.skipped:
        console.print(f"skipped {skipped.where}: {skipped.reason}", markup=False)
    for reason, count in manifest.dropped.items():
        console.print(f"dropped {count} questions, {reason}", markup=False)
    excluded = sum(count for reason, count in manifest.dropped.items() if reason.endswith(EXCLUDED))
    unknown = len(manifest.config.get("exclude", ())) - excluded
    if unknown:
        console.print(f"{unknown} ids of --exclude name no question of these demos and settings", markup=False)
    retried = sum(demo.attempts > 1 for demo in manifest.demos)
    if retried:
        console.print(f"{retried} demos took the expert more than one attempt", markup=False)
    types = [name for name in QUESTION_TYPES if manifest.rows(name)]
    counts = ", ".join(
        f"{split} {manifest.rows(split=split)} ({', '.join(f'{t} {manifest.rows(t, split)}' for t in types)})"
        for split in SPLITS
    )
    console.print(f"{manifest.rows()} questions of {len(manifest.demos)} demos: {counts}", markup=False)
    for line in lacking(manifest):
        console.print(line, markup=False)
    for line in summary_lines(read_audit(out)):
        console.print(line, markup=False)
    console.print(f"data set: {out}\nlook at:  {out / 'contact_sheet.png'}", markup=False)
    console.print(f"          {python_line('-m', 'data_gen.report', out)}", markup=False)
    load = f"from datasets import load_dataset; print(load_dataset({_to_load(out)}))"
    console.print(f"next:     {python_line('-c', load)}", markup=False)


def _to_load(out: Path) -> str:
    """The arguments of `load_dataset`, which takes a path with brackets for a pattern."""
    if not glob.has_magic(str(out)):
        return json.dumps(str(out), ensure_ascii=False)  # double quotes stand unescaped in a shell's single ones
    splits = {file.split for file in read_manifest(out).files}
    files = {split: f"{glob.escape(str(out))}/*/{split}-*.parquet" for split in SPLITS if split in splits}
    return f"'parquet', data_files={files!r}"


if __name__ == "__main__":
    sys.exit(run_command(main, "what was finished is kept; run the same command with --resume to go on"))
