"""Upload of a model to the Hugging Face Hub."""

from pathlib import Path

from huggingface_hub import HfApi
from huggingface_hub.errors import HFValidationError, HTTPError  # type: ignore[attr-defined]
from transformers import TrainingArguments

from robot_r1.errors import UserError


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

    Raises:
        UserError: the Hub refuses, or cannot be reached.
    """
    api = HfApi()
    try:
        api.upload_folder(folder_path=folder, repo_id=repo, repo_type="model", commit_message="Add the trained model")
    except (HTTPError, OSError) as error:
        retry = f"hf upload {repo} {folder}"
        raise UserError(f"the upload to {repo} failed: {error}; the model is in {folder}, try: {retry}") from error
    return f"{api.endpoint}/{repo}"
