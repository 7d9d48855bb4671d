"""Logs of evaluations by hand, so that reading them needs no model."""

import base64
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from inspect_ai._util.error import EvalError
from inspect_ai.log import EvalConfig, EvalDataset, EvalLog, EvalSample, EvalSpec, write_eval_log
from inspect_ai.model import ChatMessageSystem, ChatMessageUser, Content, ContentImage, ContentText, ModelOutput
from inspect_ai.scorer import Score
from PIL import Image

FACTS: Mapping[str, Any] = {
    "dataset": "data/nowhere",
    "dataset_version": "v1",
    "prompt": "robot_r1/prompts, 0123",
    "decoding": {"temperature": 0.0},
    "image_resolution": ["64x64"],
    "engine": "openai",
    "split": "test",
}
OPTIONS = ("Move up", "Move down", "Move left", "Move right")


@dataclass(frozen=True)
class Said:
    """A question and what became of it; `value` None is an error, and `judges` are further scores by judge."""

    id: str
    value: float | None
    answer: str = "A"
    completion: str = "<think>so</think><answer>[[A]]</answer>"
    demo: str = "demo0"
    task: str = "pick_up_cup"
    group: str = "movement"
    reason: str | None = None
    in_training: bool | None = None
    picture: bool = False
    judges: Mapping[str, float] = field(default_factory=dict)
    options: Sequence[str] = OPTIONS
    target: str = "A"
    text: str = "Which movement?"
    system: str = ""


def write_log(
    path: Path,
    said: Sequence[Said],
    benchmark: str = "mcqa",
    model: str = "openai/base",
    seed: int = 0,
    status: Literal["started", "success", "cancelled", "error"] = "success",
    more_asked: Sequence[str] = (),
    identity: str = "",
    **facts: Any,
) -> Path:
    """Write a log with these answers; `more_asked` are ids of which the log has no sample."""
    samples = [_sample(each, benchmark) for each in said]
    ids: list[str | int] = [each.id for each in said] + list(more_asked)
    spec = EvalSpec(
        created="2026-01-01T00:00:00+00:00",
        task=benchmark,
        task_id=identity or path.name,
        eval_id=identity or path.name,
        dataset=EvalDataset(samples=len(ids), sample_ids=ids),
        model=model,
        config=EvalConfig(epochs=1),
        metadata={**FACTS, "benchmark": benchmark, "seed": seed, **facts},
    )
    write_eval_log(EvalLog(version=2, status=status, eval=spec, samples=samples), path)
    return path


def _sample(said: Said, benchmark: str) -> EvalSample:
    metadata = {
        "question_id": said.id.partition("~")[0],
        "demo": said.demo,
        "task": said.task,
        "group": said.group,
        "options": list(said.options),
        **({} if said.in_training is None else {"in_training": said.in_training}),
    }
    content: list[Content] = [ContentText(text=said.text)]
    if said.picture:
        content.append(ContentImage(image=f"data:image/png;base64,{base64.b64encode(png()).decode()}"))
    user = ChatMessageUser(content=content)
    details = {"reason": said.reason, **({"judge": "rules"} if benchmark == "robot_r1_bench" else {})}
    scores = {"main": Score(value=said.value, answer=said.answer, metadata=details)} if said.value is not None else {}
    for number, (judge, value) in enumerate(said.judges.items()):
        scores[f"judge{number}"] = Score(value=value, answer=said.answer, metadata={"judge": judge})
    return EvalSample(
        id=said.id,
        epoch=1,
        input=[ChatMessageSystem(content=said.system), user] if said.system else [user],
        target=said.target,
        output=ModelOutput.from_content("base", said.completion),
        metadata=metadata,
        scores=scores,
        error=None if scores else EvalError(message="boom", traceback="", traceback_ansi=""),
    )


def png(color: tuple[int, int, int] = (0, 90, 160)) -> bytes:
    """A picture of one colour."""
    buffer = io.BytesIO()
    Image.new("RGB", (64, 64), color).save(buffer, "PNG")
    return buffer.getvalue()
