"""How fast data sets are built, against the straightforward way, and how much memory that takes.

    python benchmarks/build_speed.py                # a few minutes; prints the tables of docs/performance.md

The demos are made up (synthetic pictures, recorded layout), so that the figures need neither a simulator nor RLBench.
Rates are whole processes from start to end, imports included; the ratio pairs both ways on the same demos in one run.
"""

import argparse
import io
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import datasets
import numpy as np
import psutil
from PIL import Image

sys.path.insert(0, str(Path(__file__).parents[1]))

from data_gen.config import BuildConfig
from data_gen.manifest import read_manifest
from data_gen.outline import outlines, track
from data_gen.questions import make_questions
from data_gen.sources.rlbench_disk import find_demos, load_demo
from data_gen.sources.simulated import SETTINGS, RecordingSettings
from data_gen.survey import Survey
from data_gen.writer import arrow_schema
from robot_r1.archive import demo_path, save_demo
from robot_r1.demo import DemoKey
from robot_r1.files import write_text
from robot_r1.prompts import default_templates
from tests.support.demos import make_demo
from tests.support.rlbench_layout import ALL_CAMERAS, Recording, write_upstream

TASKS = ("pick_up_cup", "push_button", "put_rubbish_in_bin", "phone_on_base", "take_lid_off_saucepan")
SIZE = 256
KINDS = ("rgb", "depth", "mask")
DISTINCT = 5
"""Recorded demos that are made; further ones link to their files."""


def picture(seed: int, size: int = SIZE) -> bytes:
    """A PNG that compresses about as well as a rendered frame (60 to 70 kB at 256 pixels)."""
    rng = np.random.default_rng(seed)
    coarse = Image.fromarray(rng.integers(0, 256, (8, 8, 3), dtype=np.uint8)).resize((size, size))
    pixels = np.asarray(coarse).astype(np.int16) + rng.integers(-1, 2, (size, size, 3))
    buffer = io.BytesIO()
    Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


def write_archive(root: Path, demos: int) -> None:
    """An archive of 100-frame demos, as the simulator would leave it."""
    pictures = [picture(seed) for seed in range(30)]
    settings = RecordingSettings(seed=0, frame_interval=10, image_size=SIZE, renderer="rays")
    write_text(root / SETTINGS, settings.model_dump_json())
    rng = np.random.default_rng(0)
    for number in range(demos):
        key = DemoKey(task=TASKS[number % 5], variation=0, episode=number // 5)
        points = rng.uniform((0.0, -0.3, 0.8), (0.4, 0.3, 1.3), (5, 3))
        demo = make_demo(key, [(float(x), float(y), float(z)) for x, y, z in points], size=SIZE)
        object.__setattr__(demo, "load_frame", lambda index, n=number: pictures[(n * 7 + index) % 30])
        save_demo(demo, range(0, len(demo), 10), demo_path(root, key))


def build(out: Path, *flags: str) -> tuple[float, int, float]:
    """Seconds, questions, and peak memory in MB (summed over processes, shared pages counted once)."""
    start = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "data_gen.build", "--out", str(out), *flags],
        stderr=subprocess.DEVNULL,
        cwd=Path(__file__).parents[1],
    )
    peak = 0.0
    while process.poll() is None:
        peak = max(peak, _memory(process.pid))
        time.sleep(0.5)  # counting shared pages takes time itself, and from the cores that build
    if process.returncode != 0:
        raise SystemExit(f"build failed with exit code {process.returncode}")
    return time.perf_counter() - start, read_manifest(out).rows(), peak


def _memory(pid: int) -> float:
    total = 0
    try:
        root = psutil.Process(pid)
        for process in (root, *root.children(recursive=True)):
            total += process.memory_full_info().pss
    except psutil.NoSuchProcess:
        pass
    return total / 1e6


def straightforward(root: Path, out: Path) -> tuple[float, int]:
    """Seconds and questions of the straightforward way.

    Every picture of every camera is loaded as a PIL image (RGB, depth and mask, as RLBench's own loader does with its
    default configuration), and `datasets` is handed PIL images.
    """
    start = time.perf_counter()
    config, templates = BuildConfig(), default_templates()
    rows = []
    demos = {disk_demo: load_demo(disk_demo, "front") for disk_demo in find_demos(root, None, None).found}
    survey = Survey.of([track(demo, "train", config) for demo in demos.values()], config.frame_interval)
    outlined = outlines(survey, [demo.key.id for demo in demos.values()], {}, config)
    for disk_demo, demo in demos.items():
        frames = {}
        for folder in (f"{camera}_{kind}" for camera in ALL_CAMERAS for kind in KINDS):
            for path in (disk_demo.episode_dir / folder).glob("*.png"):
                with Image.open(path) as image:
                    image.load()
                    frames[folder, int(path.stem)] = image
        for question in make_questions(demo, outlined[demo.key.id], config, templates).questions:
            row = question.model_dump()
            row["images"] = [frames["front_rgb", question.frame]]
            rows.append(row)
    datasets.Dataset.from_list(rows, features=datasets.Features.from_arrow_schema(arrow_schema())).to_parquet(out)
    return time.perf_counter() - start, len(rows)


def write_recorded(root: Path, demos: int) -> None:
    """Demos in RLBench's layout with all the pictures its generator writes; most are links to the first few."""
    for episode in range(demos):
        if episode < DISTINCT:
            folder = write_upstream(root, Recording(frames=100, size=SIZE, cameras=ALL_CAMERAS), episode=episode)
            for camera in ALL_CAMERAS:
                for kind in KINDS[1:]:
                    shutil.copytree(folder / f"{camera}_rgb", folder / f"{camera}_{kind}", copy_function=os.link)
        else:
            source = folder.with_name(f"episode{episode % DISTINCT}")
            shutil.copytree(source, folder.with_name(f"episode{episode}"), copy_function=os.link)


def main() -> None:
    """Print the figures as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--demos", type=int, nargs=2, default=(50, 1000), help="sizes for the memory figures")
    parser.add_argument("--ratio-demos", type=int, default=100, help="demos built both ways")
    arguments = parser.parse_args()
    print(f"{os.cpu_count()} cores, Python {sys.version.split()[0]}, datasets {datasets.__version__}\n")
    with tempfile.TemporaryDirectory() as folder:
        _measure_sizes(Path(folder), arguments.demos)
        _measure_ratio(Path(folder), arguments.ratio_demos)


def _measure_sizes(folder: Path, sizes: tuple[int, int]) -> None:
    print("| demos | input | questions | seconds | questions/s | peak memory, MB |\n|---|---|---|---|---|---|")
    for demos in sizes:
        archive = folder / f"archive{demos}"
        write_archive(archive, demos)
        flags = ("--root", str(archive), "--variations", "0", "--demos-per-task", str(demos // 5))
        seconds, questions, peak = build(folder / f"set{demos}", *flags, "--workers", "2")
        print(f"| {demos} | archive | {questions} | {seconds:.1f} | {questions / seconds:.0f} | {peak:.0f} |")


def _measure_ratio(folder: Path, demos: int) -> None:
    root = folder / "recorded"
    write_recorded(root, demos)
    slow, slow_questions = straightforward(root, folder / "slow.parquet")
    flags = ("--source", "rlbench-disk", "--root", str(root), "--demos-per-task", str(demos), "--workers", "2")
    fast, fast_questions, _ = build(folder / "fast", *flags)
    slow_rate, fast_rate = slow_questions / slow, fast_questions / fast
    print(f"\n{demos} recorded RLBench demos of 100 frames, {SIZE} pixels:\n")
    print("| way | questions | seconds | questions/s |\n|---|---|---|---|")
    print(f"| straightforward | {slow_questions} | {slow:.1f} | {slow_rate:.1f} |")
    print(f"| data_gen.build | {fast_questions} | {fast:.1f} | {fast_rate:.0f} |")
    print(f"\n{fast_rate / slow_rate:.0f} times faster")


if __name__ == "__main__":
    main()
