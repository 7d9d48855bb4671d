import re
from pathlib import Path

import pytest
import yaml

from data_gen.config import BuildConfig
from data_gen.read_config import read_config
from robot_r1.errors import UserError

CONFIGS = Path(__file__).parents[2] / "configs" / "data"


def read(*arguments: str) -> BuildConfig:
    return read_config(BuildConfig, "build", arguments)


def test_default_yaml_is_the_default() -> None:
    assert read("--config", str(CONFIGS / "default.yaml")) == read()


def test_paper_yaml_is_the_papers_recipe() -> None:
    config = read("--config", str(CONFIGS / "paper.yaml"), "--root", "demos")
    assert (config.source, config.demos_per_task, config.variations) == ("rlbench-disk", 50, (0,))
    assert (config.image_size, config.frame_interval, config.dead_zone) == (224, 10, 0)
    assert (config.keypoints.method, config.keypoints.stopping_delta, config.keypoints.merge_distance) == (
        "heuristic", 0.1, 0,
    )  # fmt: skip
    assert config.distractors.waypoint == config.distractors.current_state == {"uniform": 1}
    assert config.distractors.movement == {"uniform": 1}
    assert config.tasks is not None and len(config.tasks) == 5


@pytest.mark.parametrize("path", sorted(CONFIGS.glob("*.yaml")), ids=lambda path: path.name)
def test_every_shipped_configuration_loads(path: Path) -> None:
    assert read("--config", str(path))


def test_flags_win_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_text("seed: 3\nkeypoints: {stopping_delta: 0.2}\nworkers: 1\n")
    config = read(
        "--config", str(file), "--seed", "4", "--keypoints.merge-distance", "0", "--tasks", "a,b", "--resume"
    )
    assert (config.seed, config.workers, config.tasks, config.resume) == (4, 1, ("a", "b"), True)
    assert (config.keypoints.stopping_delta, config.keypoints.merge_distance) == (0.2, 0)


def test_the_environment_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEED", "7")
    assert read().seed == 0


def test_what_shapes_the_data_reads_back() -> None:
    config = read("--workers", "3", "--strict")
    text = yaml.safe_dump(config.shaping())
    assert "workers" not in text and "strict" not in text
    assert BuildConfig(**yaml.safe_load(text)).shaping() == config.shaping()


@pytest.mark.parametrize(
    ("yaml_text", "flags", "message"),
    [
        ("sed: 1", (), "unknown key sed; did you mean seed?"),
        (f"demos_per_task: 1{'0' * 30}", (), "demos_per_task is 1000.*less than or equal to 100000"),
        ("workers: 1025", (), "less than or equal to 1024"),
        ("zzz: 1", (), "unknown key zzz; allowed are .*seed"),
        ("keypoints: {metod: random}", (), "unknown key keypoints.metod; did you mean method?"),
        ("keypoints: {method: magic}", (), "keypoints.method is 'magic': Input should be 'heuristic'"),
        ("distractors: {waypoint: {near: 1}}", (), "distractors.waypoint.near"),
        ("distractors: {waypoint: {uniform: 0}}", (), "needs at least one strategy"),
        ("distractors: {waypoint: {uniform: .inf}}", (), "distractors.waypoint.uniform is inf"),
        ("distractors: {waypoint: {near_miss: 1}, min_separation: 0.3}", (), "leaves no room for a min_separation"),
        ("exclude: none.txt", (), "cannot read the list of ids none.txt"),
        ("seed: [", (), "not readable YAML"),
        ("- 1", (), "must hold keys and values"),
        ("\x00", (), "not readable YAML"),
        ("", (), "is empty"),
        ("[" * 20_000, (), "nest"),
        ("seed:\n\t- 1", (), "never by tabs"),
        ("a: &a [1, 1]\nexclude: [*a, *a]", (), "uses aliases"),
        ("seed: 9:" + ":".join("59" * 1000), (), "a number of more than 100 characters"),
        ("\n".join(f"k{i}: 1" for i in range(20_000)), (), "unknown key k4; .*; and 19995 more"),
        (f"seed: [{', '.join('[' + ', '.join(['word'] * 900) + ']' for _ in range(90))}]", (), r"seed is \[\['word'"),
        ("{}", ("--seed", "x"), "seed is 'x': Input should be a valid integer"),
        ("{}", ("--sed", "1"), "unrecognized arguments: --sed 1"),
        ("{}", ("--workers", "0"), "workers is '0'"),
        ("{}", ("--push-to-hub", "noslash"), "push_to_hub is 'noslash'"),
    ],
)
def test_bad_input_is_one_line(tmp_path: Path, yaml_text: str, flags: tuple[str, ...], message: str) -> None:
    file = tmp_path / "a.yaml"
    file.write_text(yaml_text)
    with pytest.raises(UserError) as error:
        read("--config", str(file), *flags)
    assert re.search(message, str(error.value)), str(error.value)
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < 5000


@pytest.mark.parametrize("flags", [(), ("--distractors.near-miss-radius", "hard")])
def test_the_radius_of_near_misses_limits_those_who_use_them_alone(flags: tuple[str, ...]) -> None:
    assert read("--distractors.min-separation", "0.3", *flags).distractors.min_separation == 0.3


IDS = ("a/variation0/episode0/frame0/waypoint", "my demos/a/variation0/episode1/frame10/movement")


def test_excluded_questions_are_read_from_a_file_a_list_or_a_flag(tmp_path: Path) -> None:
    file = tmp_path / "ids.txt"
    file.write_text("\ufeff" + "\r\n".join([IDS[1], "", IDS[0], IDS[0], ""]), encoding="utf-8")
    in_yaml = tmp_path / "a.yaml"
    in_yaml.write_text(yaml.safe_dump({"exclude": list(IDS)}))
    assert read("--exclude", str(file)).exclude == IDS
    assert read("--config", str(in_yaml)).exclude == IDS
    assert read("--exclude", IDS[0]).exclude == IDS[:1]
    again = BuildConfig(**read("--exclude", str(file)).shaping())
    assert again.exclude == IDS


def test_what_is_no_question_id_is_named(tmp_path: Path) -> None:
    file = tmp_path / "ids.txt"
    file.write_text(f"{IDS[0]}\na/variation0/episode0\n")
    with pytest.raises(UserError, match="'a/variation0/episode0' is no question id"):
        read("--exclude", str(file))


def test_missing_file_and_missing_argument() -> None:
    with pytest.raises(UserError, match=r"configuration none\.yaml is missing"):
        read("--config", "none.yaml")
    with pytest.raises(UserError, match="--config needs a file"):
        read("--config")


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_files_of_other_editors_and_paths_at_home(
    encoding: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "ids.txt").write_text(IDS[0] + "\n")
    text = "root: ~/démos\r\nout: ~/set\r\nexclude: ~/ids.txt\r\nprompts: ~no_such_user/p\r\n"
    (tmp_path / "a.yaml").write_bytes(text.encode(encoding))
    config = read("--config", "~/a.yaml")
    assert (config.root, config.out, config.exclude) == (tmp_path / "démos", tmp_path / "set", IDS[:1])
    assert config.prompts == Path("~no_such_user/p")
    assert read("--out=~/other").out == tmp_path / "other"
