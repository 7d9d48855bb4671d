"""Uploading a finished data set to the Hugging Face Hub.

`huggingface_hub` is imported when it is needed: worker processes import the build command, and do not need it.
"""

import os
from pathlib import Path

from robot_r1.errors import UserError

_UNREACHABLE = (OSError, RuntimeError)
"""Errors of the Hub client's transports, which differ between its versions; all derive from these."""


def check_access(repo: str) -> None:
    """Make sure, before any work starts, that the Hub accepts the token.

    Raises:
        UserError: HF_TOKEN is missing or refused, or the Hub cannot be reached.
    """
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HfHubHTTPError

    token = os.environ.get("HF_TOKEN")
    if not token:
        raise UserError(f"--push-to-hub {repo} needs HF_TOKEN; make a write token in your Hub settings and export it")
    try:
        HfApi(token=token).whoami()
    except HfHubHTTPError as error:
        raise UserError(f"the Hub refused HF_TOKEN for {repo}; export a valid write token") from error
    except _UNREACHABLE as error:
        raise UserError(f"the Hub cannot be reached ({error}); build without --push-to-hub and push later") from error


def upload(folder: Path, repo: str) -> str:
    """Upload a data set and return its address.

    Raises:
        UserError: the Hub refused the upload; the data set on disk is whole.
    """
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HfHubHTTPError

    api = HfApi(token=os.environ["HF_TOKEN"])
    try:
        api.create_repo(repo, repo_type="dataset", exist_ok=True)
        api.upload_folder(folder_path=folder, repo_id=repo, repo_type="dataset", commit_message="Add data set")
    except HfHubHTTPError as error:
        raise UserError(
            f"the Hub refused the upload to {repo}: {error}; {folder} is finished, push it again"
        ) from error
    return f"https://huggingface.co/datasets/{repo}"
