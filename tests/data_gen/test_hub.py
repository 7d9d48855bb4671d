"""The Hub's refusals against a local server; a successful upload against a stand-in for its client."""

import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import huggingface_hub
import pytest

from data_gen.hub import check_access, upload
from robot_r1.errors import UserError


class _Server(http.server.ThreadingHTTPServer):
    status = 200


class _Handler(http.server.BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        body = b'{"name": "me", "type": "user"}'
        self.send_response(self.server.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET  # noqa: N815 (the name that http.server looks for)

    def log_message(self, *_: object) -> None:
        """Keep the test's output clean."""


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[_Server]:
    with _Server(("127.0.0.1", 0), _Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        _use(monkeypatch, f"http://127.0.0.1:{server.server_port}")
        yield server
        server.shutdown()


def _use(monkeypatch: pytest.MonkeyPatch, endpoint: str) -> None:
    original = huggingface_hub.HfApi
    monkeypatch.setattr(huggingface_hub, "HfApi", lambda token: original(endpoint=endpoint, token=token))
    monkeypatch.setenv("HF_TOKEN", "hf_test")


def test_a_token_that_is_accepted(hub: _Server) -> None:
    check_access("me/mine")


@pytest.mark.parametrize("status", [401, 403])
def test_a_token_that_is_refused(hub: _Server, status: int) -> None:
    hub.status = status
    with pytest.raises(UserError, match="refused HF_TOKEN for me/mine"):
        check_access("me/mine")


def test_no_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HF_TOKEN", raising=False)
    with pytest.raises(UserError, match="needs HF_TOKEN"):
        check_access("me/mine")


def test_no_hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    _use(monkeypatch, "http://127.0.0.1:9")
    with pytest.raises(UserError, match="cannot be reached"):
        check_access("me/mine")
    with pytest.raises(UserError, match="the upload to me/mine failed"):
        upload(tmp_path, "me/mine")


def test_upload_sends_the_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    calls: list[tuple[object, ...]] = []

    class Api:
        endpoint = "https://hub"

        def __init__(self, token: str) -> None:
            calls.append(("token", token))

        def create_repo(self, repo: str, repo_type: str, exist_ok: bool) -> None:
            calls.append(("create", repo, repo_type, exist_ok))

        def upload_folder(self, folder_path: Path, repo_id: str, repo_type: str, commit_message: str) -> None:
            calls.append(("upload", folder_path, repo_id, repo_type))

    monkeypatch.setattr(huggingface_hub, "HfApi", Api)
    monkeypatch.setenv("HF_TOKEN", "hf_test")
    assert upload(tmp_path, "me/mine") == "https://hub/datasets/me/mine"
    assert calls == [
        ("token", "hf_test"),
        ("create", "me/mine", "dataset", True),
        ("upload", tmp_path, "me/mine", "dataset"),
    ]
