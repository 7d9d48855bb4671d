"""Uploading a finished data set to the Hugging Face Hub.

`huggingface_hub` is imported when it is needed: worker processes import the build command, and do not need it.
Its `HTTPError` is the base error of whichever HTTP client its version uses; connection errors are no `OSError` in all.
"""

import os
from pathlib import Path

from robot_r1.errors import UserError

_REFUSALS = (401, 403)


def check_access(repo: str) -> None:
    """Make sure, before any work starts, that the Hub accepts the token.

    Raises:
        UserError: HF_TOKEN is missing or refused, or the Hub cannot be reached.
    """
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HfHubHTTPError, HTTPError  # type: ignore[attr-defined]

    token = os.environ.get("HF_TOKEN")
    if not token:
        raise UserError(f"--push-to-hub {repo} needs HF_TOKEN; make a write token in your Hub settings and export it")
    try:
        HfApi(token=token).whoami()
    except (HTTPError, OSError) as error:
        if isinstance(error, HfHubHTTPError) and error.response.status_code in _REFUSALS:
            raise UserError(f"the Hub refused HF_TOKEN for {repo}; export a valid write token") from error
        raise UserError(f"the Hub cannot be reached ({error}); build without --push-to-hub and push later") from error


def upload(folder: Path, repo: str) -> str:
    """Upload a data set and return its address.

    Raises:
        UserError: the Hub refused the upload or went away; the data set on disk is whole.
    """
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HTTPError  # type: ignore[attr-defined]

    api = HfApi(token=os.environ["HF_TOKEN"])
    try:
        api.create_repo(repo, repo_type="dataset", exist_ok=True)
        api.upload_folder(folder_path=folder, repo_id=repo, repo_type="dataset", commit_message="Add data set")
    except (HTTPError, OSError) as error:
        raise UserError(
            f"the upload to {repo} failed: {error}; {folder} is finished: run the same command again to push it"
        ) from error
    return f"{api.endpoint}/datasets/{repo}"
