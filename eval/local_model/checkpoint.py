"""What a local model's path is: a checkpoint or a LoRA adapter with its base; and its training's picture sizes."""

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from robot_r1.errors import UserError

_HUB_ID = re.compile(r"[\w-][\w.-]*/[\w-][\w.-]*")
_GIVE = "give RUN/best or RUN/last of a run, a folder with a Qwen2.5-VL model, or the Hub id of one"
_WEIGHTS = ("*.safetensors", "*.bin")


@dataclass(frozen=True)
class Checkpoint:
    """Where weights and processor of a model are."""

    base: str
    """Folder or Hub id of the full weights."""
    base_revision: str | None
    adapter: Path | None
    processor: str
    """Folder or Hub id that tokenizer, image processor and chat template are read from."""
    weights: str | None
    """A digest that changes when the files of the weights do; None for the Hub's. Of names, sizes and times."""


def find_checkpoint(path: str, base: str | None = None) -> Checkpoint:
    """What there is at a path.

    Args:
        path: a folder, or a Hub id where there is no such folder.
        base: the base model of an adapter, where it is no longer the one that the adapter names.

    Raises:
        UserError: there is nothing, or nothing that can be read as a model.
    """
    folder = Path(path)
    if not folder.is_dir():
        if folder.exists() or not _HUB_ID.fullmatch(path):
            raise UserError(f"there is no folder {path}; {_GIVE}")
        return Checkpoint(path, None, None, path, None)
    if (folder / "adapter_config.json").is_file():
        return _adapter(folder, base)
    if base is not None:
        raise UserError(f"{path} is no LoRA adapter, so that base={base} has no meaning; leave out -M base")
    for name in ("config.json", "preprocessor_config.json", "tokenizer_config.json"):
        if name == "preprocessor_config.json" and (folder / "processor_config.json").is_file():
            continue  # newer releases of transformers write the image processor there
        if not (folder / name).is_file():
            raise UserError(f"{path} is no checkpoint: it has no {name}; {_GIVE}")
    if not any(file for pattern in _WEIGHTS for file in folder.glob(pattern)):
        raise UserError(f"{path} is no checkpoint: it has no *.safetensors; {_GIVE}")
    return Checkpoint(path, None, None, path, _digest(folder))


def _adapter(folder: Path, given: str | None) -> Checkpoint:
    config = _read_json(folder / "adapter_config.json")
    if not (folder / "adapter_model.safetensors").is_file():
        raise UserError(f"{folder} is no LoRA adapter: it has no adapter_model.safetensors; {_GIVE}")
    base = given or config.get("base_model_name_or_path")
    if not base:
        raise UserError(f"the adapter {folder} does not name its base model; give it: -M base=FOLDER")
    if not Path(base).is_dir() and not _HUB_ID.fullmatch(base):
        raise UserError(f"the base model {base} of the adapter {folder} is not there; say where it is: -M base=FOLDER")
    own = any((folder / name).is_file() for name in ("preprocessor_config.json", "processor_config.json"))
    revision = None if given else config.get("revision")
    digest = _digest(folder, *([Path(base)] if Path(base).is_dir() else []))
    return Checkpoint(base, revision, folder, str(folder) if own else base, digest)


def _digest(*folders: Path) -> str:
    files = [file for folder in folders for pattern in _WEIGHTS for file in sorted(folder.glob(pattern))]
    found = [(file.name, file.stat().st_size, file.stat().st_mtime_ns) for file in files]
    return hashlib.sha256(repr(found).encode()).hexdigest()[:16]


def _read_json(path: Path) -> dict[str, Any]:
    try:
        values = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise UserError(f"{path} cannot be read as JSON ({error}); copy it anew from where it was written") from error
    return values if isinstance(values, dict) else {}


def trained_pixels(path: str) -> tuple[int | None, int | None]:
    """The `min_pixels` and `max_pixels` of the run that a checkpoint belongs to; None where it set no limit.

    They are in the run's record one folder up, since training applies them to the data and not to the processor.
    """
    record = Path(path).parent / "run.json"
    if not record.is_file():
        return None, None
    try:
        run = _Run.model_validate_json(record.read_bytes())
    except (OSError, ValueError) as error:
        raise UserError(f"{record} is damaged; copy {path} to another folder and give -M max_pixels") from error
    settings = dict(run.settings)
    for resumption in run.resumed:
        settings |= {name: new for name, (_, new) in resumption.changed.items()}
    return settings.get("min_pixels"), settings.get("max_pixels")


class _Resumption(BaseModel):
    changed: dict[str, tuple[Any, Any]] = {}


class _Run(BaseModel):
    settings: dict[str, Any] = {}
    resumed: tuple[_Resumption, ...] = ()
