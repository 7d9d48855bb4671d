"""What every log says of how it came about: engine, versions, prompts, data set, pictures and decoding."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from inspect_ai.model import GenerateConfig, Model
from inspect_ai.model._model import active_model
from pydantic import BaseModel, ConfigDict

from eval.local_model.api import LocalModelAPI
from robot_r1.versions import versions_of

PACKAGES = ("robot-r1", "inspect-ai")
_LOCAL = ("torch", "transformers", "peft")
_ENGINE_PACKAGES: dict[str, tuple[str, ...]] = {
    "robot-r1": _LOCAL,
    "hf": _LOCAL,
    "vllm": ("vllm", "openai"),
    "sglang": ("sglang", "openai"),
    "anthropic": ("anthropic",),
    "google": ("google-genai",),
    "mistral": ("mistralai",),
    "groq": ("groq",),
    "none": (),
}
"""The packages that shape an engine's answers; every engine that is not named speaks through `openai`."""

_NOT_DECODING = {"cache", "max_retries", "max_connections", "timeout", "attempt_timeout", "adaptive_connections"}


class Facts(BaseModel):
    """What is known of a run before a model is chosen."""

    model_config = ConfigDict(frozen=True)

    benchmark: str
    dataset: str
    """Folder, or name on the Hub."""
    dataset_version: str
    """Follows from the content: another data set at the same place has another one."""
    prompt: str
    """Which templates, and their digest."""
    image_resolution: tuple[str, ...]
    """`WIDTHxHEIGHT` in pixels of the pictures as they are sent."""
    decoding: dict[str, Any]
    """The settings of `GenerateConfig` that are set."""
    seed: int

    def metadata(self, **more: object) -> dict[str, Any]:
        """`Task.metadata`: these facts, `more`, versions, and the engine where Inspect has chosen a model already."""
        known = {**self.model_dump(mode="json"), **more, "versions": versions_of(PACKAGES)}
        model = active_model()
        return with_engine(known, model) if model is not None else known


def decoding(config: GenerateConfig) -> dict[str, Any]:
    """The settings that are set and shape answers, as plain values."""
    settings: dict[str, Any] = config.model_dump(mode="json", exclude_none=True, exclude=_NOT_DECODING)
    return settings


def with_engine(metadata: Mapping[str, Any], model: Model) -> dict[str, Any]:
    """The metadata of a task with what is known of its model: engine, its packages, address and checkpoint.

    Keys: `engine`, `versions`, `decoding`; where they apply `base_url`, without credentials, `local_model`, the facts
    of our own engine, and `checkpoint`, which follows from names, sizes and times of the files of another's.
    """
    engine = str(model).split("/")[0]
    versions = {**metadata.get("versions", {}), **versions_of(_ENGINE_PACKAGES.get(engine, ("openai",)))}
    known = {**metadata, "engine": engine, "versions": versions}
    known["decoding"] = {**metadata.get("decoding", {}), **decoding(model.config)}
    if model.api.base_url:
        known["base_url"] = _without_credentials(model.api.base_url)
    if isinstance(model.api, LocalModelAPI):
        known["local_model"] = model.api.facts()
    elif files := _checkpoint(str(model)):
        known["checkpoint"] = files
    return known


def digest(*texts: str) -> str:
    """Twelve hexadecimal digits that follow from the texts."""
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()[:12]


def _without_credentials(url: str) -> str:
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def _checkpoint(model: str) -> str | None:
    folder = Path(model.partition("/")[2]).expanduser()
    if model.count("/") == 0 or not folder.is_dir():
        return None
    files = sorted((path.name, path.stat()) for path in folder.iterdir() if path.is_file())
    return digest(json.dumps([(name, state.st_size, state.st_mtime_ns) for name, state in files]))
