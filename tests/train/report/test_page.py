"""The page as text: what it holds, what it asks for, how large it is."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path

from tests.support.runs import make_run, write_metrics, write_run_json
from train.report.page import render


class _Page(HTMLParser):
    """Collects what a browser would act on: tags, and attributes with addresses."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.addresses: list[str] = []
        self.handlers: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attrs:
            if name in ("src", "href", "srcset", "action", "data", "poster", "xlink:href"):
                self.addresses.append(value or "")
            if name.startswith("on"):
                self.handlers.append(name)


def test_everything_the_page_needs_is_inside_it(page: str) -> None:
    found = _Page(page)
    assert all(address.startswith(("data:", "#")) for address in found.addresses)
    assert sum(address.startswith("data:image/jpeg") for address in found.addresses) == 15 + 12
    style = page[page.index("<style>") : page.index("</style>")]
    assert "url(" not in style
    assert "@import" not in style
    assert "default-src 'none'" in page


def test_what_people_and_models_wrote_is_text(page: str) -> None:
    found = _Page(page)
    assert found.tags.count("script") == 1
    assert not {"textarea", "think", "answer", "image"} & set(found.tags)
    assert found.handlers == []
    assert "&lt;script&gt;document.title" in page
    assert "&lt;think&gt;" in page


def test_names_are_text_as_well(tmp_path: Path) -> None:
    name = "<script>'\"&"
    write_run_json(tmp_path, settings={name: name}, versions={name: name}, data={"dropped": {name: 1}}, algorithm=name)
    values = {f"rewards/{name}/mean": 1.0, f"refusals/{name}": 0.5, f"heldout/accuracy/{name}": 0.5}
    write_metrics(tmp_path, [{"step": step, **values} for step in (1, 2)])
    assert _Page(render(tmp_path, 60)).tags.count("script") == 1


def test_header_says_what_was_trained_and_what_came_of_it(run: Path, page: str) -> None:
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    accuracy = {line["step"]: line["heldout/accuracy"] for line in lines if "heldout/accuracy" in line}
    header = page[page.index("<header>") : page.index("</header>")]
    assert "GRPO" in header
    assert "Qwen/Qwen2.5-VL-3B-Instruct" in header
    for shown in (max(accuracy.values()), accuracy[0], accuracy[40]):
        assert f"<strong>{100 * shown:.1f} %</strong>" in header
    assert "27 min 20 s" in header
    assert "validation split; it chose the model, so expect less elsewhere" in header and "test" not in header.lower()


def test_curves_letters_and_configuration_are_there(page: str) -> None:
    for title in (
        "Accuracy by question type", "Reward parts", "Groups with zero reward variance", "Response length",
        "KL to the reference", "Entropy", "Loss", "Gradient norm", "Learning rate", "Seconds per step",
        "Letters answered", "Format failures by reason",
    ):  # fmt: skip
        assert f"<h3>{title}</h3>" in page
    assert "Not logged" not in page
    assert "epsilon_high" in page
    assert "prompt too long" in page
    assert "5.23.0" in page


def test_every_followed_answer_is_shown_with_its_verdict(page: str) -> None:
    buttons = re.findall(r'<button type="button" class="(\w+)"', page)
    assert len(buttons) == 15 * 5
    assert set(buttons) == {"right", "wrong", "refused"}


def test_a_run_that_just_began(tmp_path: Path) -> None:
    write_run_json(tmp_path)
    page = render(tmp_path, 60)
    assert "none logged yet" in page
    assert "No held-out evaluation has been logged." in page
    assert "KL to the reference" in page
    assert "<svg" not in page


def test_supervised_fine_tuning_has_no_rewards(tmp_path: Path) -> None:
    write_run_json(tmp_path, "sft")
    write_metrics(tmp_path, [{"step": s, "seconds": s, "loss": 1 / s, "mean_token_accuracy": 0.9} for s in (1, 2)])
    page = render(tmp_path, 60)
    assert "Supervised fine-tuning" in page
    assert "<h3>Loss</h3>" in page
    assert "<h3>Token accuracy</h3>" in page
    assert "Not logged: reward; reward parts" in page


def test_damage_is_told_and_the_rest_is_shown(tmp_path: Path) -> None:
    run = make_run(tmp_path, steps=6, evaluate_every=3, questions=3, image_size=32)
    with (run / "metrics.jsonl").open("a") as file:
        file.write('{"step": 7, "loss": null, "grad_norm": NaN}\n{"step": 8, "lo')
    (run / "evaluations" / "step-000003.parquet").write_bytes(b"PAR1")
    (run / "samples" / "step-000009.parquet").write_bytes(b"")
    page = render(run, 60)
    assert "metrics.jsonl: 1 unreadable line(s) left out" in page
    assert "not drawn: loss (1), grad_norm (1)" in page
    assert "Cannot be read: evaluations/step-000003.parquet, samples/step-000009.parquet" in page
    assert "Sampled completions, step 6" in page


def test_number_of_questions_is_limited_but_counts_are_of_all(run: Path) -> None:
    page = render(run, questions=4)
    assert page.count('<article class="card" tabindex') == 4
    assert "15 were followed" in page
    assert '<article class="card" tabindex' not in render(run, questions=0)


def test_a_long_run_stays_small(tmp_path: Path) -> None:
    run = make_run(tmp_path, steps=300, evaluate_every=10, questions=60, image_size=256, words=900)
    assert len(render(run, questions=60).encode()) < 5_000_000


def test_runs_with_vllm_show_how_far_its_policy_is_from_the_trainers(tmp_path: Path) -> None:
    name = "sampling/sampling_logp_difference"
    write_run_json(tmp_path)
    write_metrics(tmp_path, [{"step": step, "loss": 0.1} for step in (1, 2)])
    assert "vLLM against trainer" not in render(tmp_path, 60)
    values = {f"{name}/mean": 0.0123, f"{name}/max": 1.5}
    write_metrics(tmp_path, [{"step": step, **values} for step in (1, 2)])
    page = render(tmp_path, 60)
    assert "vLLM against trainer" in page and "vLLM against trainer, at most" in page
