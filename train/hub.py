"""What the Hugging Face Hub is asked: whether it has a model, and to take one."""

import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from huggingface_hub import HfApi, try_to_load_from_cache
from huggingface_hub.errors import HFValidationError, HTTPError  # type: ignore[attr-defined]
from transformers import TrainingArguments

from robot_r1.errors import UserError
from robot_r1.files import write_text
from train.card import told

ADAPTER = "adapter_config.json"
_LOCAL = "training_args.bin"
"""A pickle that the trainer leaves; it names this machine and its folders, and no reader needs it."""


def ask_for_model(name: str, revision: str | None = None) -> None:
    """Ask once whether a name that is no folder is a model on the Hub; transformers would ask six times for each file.

    Raises:
        OSError: it is none, or the Hub does not answer.
    """
    if Path(name).is_dir():
        return
    try:
        if not isinstance(try_to_load_from_cache(name, "config.json", revision=revision), str):
            HfApi().model_info(name, revision=revision, timeout=10)
    except (HTTPError, HFValidationError) as error:
        reason = str(error).split("\n")[0]
        raise OSError(f"there is no such folder, and the Hub cannot be asked or has none: {reason}") from error


def upload_target(training: TrainingArguments) -> str | None:
    """The repository to upload to, if any, once access to it is certain.

    Raises:
        UserError: see `check_access`.
    """
    if not training.push_to_hub:
        return None
    repo: str = training.hub_model_id
    if training.process_index == 0:
        check_access(repo)
    return repo


def check_access(repo: str) -> None:
    """Make sure, before any work, that the Hub lets us write; the repository is made if it is missing.

    Raises:
        UserError: no or a refused token, a bad name, or no connection.
    """
    try:
        HfApi().create_repo(repo, repo_type="model", private=True, exist_ok=True)
    except HFValidationError as error:
        raise UserError(f"--hub_model_id {repo}: {error}; give ORG/NAME") from error
    except (HTTPError, OSError) as error:
        raise UserError(f"cannot write to {repo} on the Hub: {error}; check HF_TOKEN and the name ORG/NAME") from error


def upload(folder: Path, repo: str) -> str:
    """Upload a model's folder; returns its address.

    An adapter names its base model; of a folder on this machine, which means nothing to others, the last name is told.

    Raises:
        UserError: the Hub refuses, or cannot be reached.
    """
    api = HfApi()
    try:
        with _without_local_base(folder) as shown:
            api.upload_folder(
                folder_path=shown,
                repo_id=repo,
                repo_type="model",
                commit_message="Add the trained model",
                ignore_patterns=_LOCAL,
            )
    except (HTTPError, OSError) as error:
        retry = f"hf upload {repo} {folder} --exclude {_LOCAL}"
        raise UserError(f"the upload to {repo} failed: {error}; the model is in {folder}, try: {retry}") from error
    return f"{api.endpoint}/{repo}"


@contextmanager
def _without_local_base(folder: Path) -> Iterator[Path]:
    """The folder, or a copy of it where it holds an adapter of a base model in a folder."""
    config = folder / ADAPTER
    settings = json.loads(config.read_text(encoding="utf-8")) if config.is_file() else {}
    base = settings.get("base_model_name_or_path")
    if not base or not Path(base).exists():
        yield folder
        return
    with tempfile.TemporaryDirectory() as temporary:
        copy = Path(temporary) / folder.name
        shutil.copytree(folder, copy)
        write_text(copy / ADAPTER, json.dumps(settings | {"base_model_name_or_path": told(base)}, indent=2) + "\n")
        yield copy
