"""YAML configurations of `data_gen.build` (as far as its plan) and of training."""

from pathlib import Path
from typing import Any

import numpy as np
import yaml
from trl import GRPOConfig

from benchmarks.hostile.measure import Case, Door
from benchmarks.hostile.values import RefusedError, command, one_of, spoilt, worker_folder
from benchmarks.hostile.watch import MARK, canary_file
from data_gen import build
from robot_r1.errors import UserError
from tests.support.damage import mutated
from tests.support.demos import write_archive
from train.arguments import read_settings

CONFIGS = Path(__file__).parents[2] / "configs"


def _prepare(folder: Path) -> Path:
    write_archive(folder, ("push_button",), episodes=2, size=16)
    command(build.main, "--root", folder, "--out", folder / "set", "--dry-run")  # imports what it imports late
    return folder


def _hostile(demos: Path, rng: np.random.Generator, place: Path) -> Case:
    what, data = _damaged(sorted((CONFIGS / "data").glob("*.yaml")), rng, worker_folder(place))
    (place / "c.yaml").write_bytes(data)
    own = ("--root", demos) if rng.random() < 0.8 else ()
    flags = ["--config", place / "c.yaml", "--out", place / "set", "--dry-run", *own]
    return Case(what, lambda: command(build.main, *flags))


def _prepare_training(folder: Path) -> None:
    read_settings(GRPOConfig, ["--output_dir", str(folder), "--use_cpu", "true", "--bf16", "false"])


def _hostile_training(good: None, rng: np.random.Generator, place: Path) -> Case:
    what, data = _damaged(sorted((CONFIGS / "train").glob("*grpo*.yaml")), rng, worker_folder(place))
    (place / "c.yaml").write_bytes(data)
    flags = ["--config", str(place / "c.yaml"), "--output_dir", str(place), "--use_cpu", "true", "--bf16", "false"]
    return Case(what, lambda: read_settings(GRPOConfig, flags))


def _damaged(files: list[Path], rng: np.random.Generator, folder: Path) -> tuple[str, bytes]:
    file = one_of(files, rng)
    data = file.read_bytes()
    values: dict[str, Any] = yaml.safe_load(data)
    match int(rng.integers(8)):
        case 0 | 1:
            return f"{file.name}: flips and cuts", mutated(data, rng)
        case 2 | 3 | 4:
            what = spoilt(values, rng, folder)
            return f"{file.name}: {what}"[:200], _dumped(values)
        case 5:
            what, text = _nested(rng, one_of(list(values), rng))
            return what, text.encode()
        case 6:
            return _tagged(one_of(list(values), rng), rng, folder)
        case _:
            other = one_of(
                (b"", b"\xff\xfe" + data.decode().encode("utf-16-le"), b"\x00" * 99, b"\xef\xbb\xbf" + data), rng
            )
            return "another encoding", one_of((other, data.decode().encode("utf-16"), rng.bytes(500), b"- 1\n"), rng)


def _dumped(values: dict[str, Any]) -> bytes:
    return yaml.safe_dump(values, allow_unicode=True).encode("utf-8", "surrogatepass")


def _nested(rng: np.random.Generator, key: str) -> tuple[str, str]:
    depth = int(rng.integers(2, 30_000))
    levels = int(rng.integers(2, 10))
    bomb = "".join(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, levels))
    made = {
        f"{depth} brackets": f"{key}: " + "[" * depth,
        f"{depth} closed brackets": f"{key}: " + "[" * depth + "]" * depth,
        f"{depth} braces": f"{key}: " + "{a: " * depth + "1" + "}" * depth,
        f"{depth} dashes": f"{key}:\n  " + "- " * depth + "1",
        f"{depth} levels": "".join(" " * (i % 1000) + "a:\n" for i in range(depth)),
        f"aliases of {levels} levels": f"a0: &a0 x\n{bomb}{key}: *a{levels - 1}",
        f"aliases of {levels} levels as a value": f"{key}: &a0 x\n{bomb}seed: *a{levels - 1}",
        "an alias of itself": f"{key}: &a [*a]",
        "merges": "a: &a {b: 1}\n" + "".join(f"{key}{i}:\n  <<: *a\n" for i in range(500)),
        f"{depth} keys": "".join(f"k{i}: 1\n" for i in range(depth)),
        "the same key often": f"{key}: 1\n" * 1000,
        "a long key": f"{'k' * depth}: 1",
        "a key that is a list": f"? [a, b]\n: 1\n{key}: 1",
        "a number of places": f"{key}: " + "1:" * depth + "1",
        "a number of digits": f"{key}: " + "9" * depth,
        "documents": f"{key}: 1\n---\n" * 100,
        "a date that is none": f"{key}: 2001-99-99",
        "a directive": f"%YAML 9.9\n---\n{key}: 1",
    }
    name = one_of(list(made), rng)
    return f"{key}: {name}", made[name]


def _tagged(key: str, rng: np.random.Generator, folder: Path) -> tuple[str, bytes]:
    run = f"touch {canary_file(folder)}"
    tag = one_of(
        (
            f"!!python/object/apply:os.system ['{run}']",
            f"!!python/object/new:subprocess.Popen [['touch', '{canary_file(folder)}']]",
            "!!python/name:os.system",
            f"!!python/module:{MARK}",
            f"!!python/object:{MARK}.Thing {{}}",
            "!!python/tuple [1, 2]",
            "!!set {a, b}",
            "!!binary aGVsbG8=",
            "!!omap [a: 1]",
            "!!timestamp 2001-01-01",
            "!include /etc/passwd",
            "!!int 'x'",
            "!!float []",
        ),
        rng,
    )
    return f"{key}: {tag[:40]}", f"{key}: {tag}\n".encode()


CONFIGURATIONS = Door("configurations", "YAML of data_gen.build --dry-run", 700, (RefusedError,), _prepare, _hostile)
TRAINING_CONFIGURATIONS = Door(
    "training-configurations", "YAML of training", 300, (UserError,), _prepare_training, _hostile_training
)
