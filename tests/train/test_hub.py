"""Upload to the Hub: refusals against a local server, a whole run against a stand-in for the Hub's client."""

import http.server
import json
import threading
from collections.abc import Iterator
from pathlib import Path

import huggingface_hub
import pytest
from transformers import Trainer

from robot_r1.errors import UserError
from tests.conftest import ShortRun
from train import grpo, hub
from train.arguments import ModelArguments
from train.hub import check_access, upload
from train.model import read_processor


class _Server(http.server.ThreadingHTTPServer):
    status = 200


class _Handler(http.server.BaseHTTPRequestHandler):
    server: _Server

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        body = f'{{"url": "http://127.0.0.1:{self.server.server_port}/me/mine", "error": "as told"}}'.encode()
        self.send_response(self.server.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Keep the test's output clean."""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[_Server]:
    with _Server(("127.0.0.1", 0), _Handler) as running:
        threading.Thread(target=running.serve_forever, args=(0.01,), daemon=True).start()
        _use(monkeypatch, f"http://127.0.0.1:{running.server_port}")
        yield running
        running.shutdown()


def _use(monkeypatch: pytest.MonkeyPatch, endpoint: str) -> None:
    monkeypatch.setattr(hub, "HfApi", lambda: huggingface_hub.HfApi(endpoint=endpoint, token="hf_test"))


def test_a_hub_that_lets_us_write(server: _Server) -> None:
    check_access("me/mine")


@pytest.mark.parametrize("status", [401, 403, 500])
def test_a_hub_that_refuses(server: _Server, status: int) -> None:
    server.status = status
    with pytest.raises(UserError, match="cannot write to me/mine on the Hub") as raised:
        check_access("me/mine")
    assert "check HF_TOKEN and the name ORG/NAME" in str(raised.value)


def test_a_bad_name(server: _Server) -> None:
    with pytest.raises(UserError, match=r"--hub_model_id a/b/c: .*give ORG/NAME"):
        check_access("a/b/c")


def test_no_hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    _use(monkeypatch, "http://127.0.0.1:9")
    with pytest.raises(UserError, match="cannot write to me/mine on the Hub"):
        check_access("me/mine")
    with pytest.raises(UserError, match=f"the upload to me/mine failed: .*the model is in {tmp_path}, try: hf upload"):
        upload(tmp_path, "me/mine")


class _Api:
    """Remembers what it is asked for."""

    endpoint = "https://hub"
    calls: list[tuple[object, ...]]
    local: tuple[bytes, ...] = ()
    """What names a folder of this machine."""

    def create_repo(self, repo: str, repo_type: str, private: bool, exist_ok: bool) -> None:
        self.calls.append(("create", repo, repo_type, private, exist_ok))

    def upload_folder(
        self, folder_path: Path, repo_id: str, repo_type: str, ignore_patterns: str, **_: object
    ) -> None:
        uploaded = [path for path in Path(folder_path).rglob("*") if not path.match(ignore_patterns)]
        files = {path.name for path in uploaded}
        self.calls.append(("upload", Path(folder_path).name, repo_id, repo_type))
        assert {"model.safetensors", "README.md", "config.json", "chat_template.jinja", "tokenizer.json"} <= files
        assert not [name for name in files if name.endswith((".parquet", ".jsonl", ".pt"))]
        texts = {path.name: path.read_bytes() for path in uploaded if path.suffix != ".safetensors"}
        assert not [name for name, text in texts.items() if any(local in text for local in self.local)]


def test_only_the_best_model_is_uploaded(
    short_run: ShortRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def never(*_: object, **__: object) -> None:
        raise AssertionError("the trainer uploads by itself")

    _Api.calls = []
    monkeypatch.setattr(_Api, "local", tuple(str(path).encode() for path in (tmp_path, short_run.folder.parent)))
    monkeypatch.setattr(hub, "HfApi", _Api)
    for name in ("init_hf_repo", "push_to_hub", "_push_from_checkpoint"):
        monkeypatch.setattr(Trainer, name, never)
    monkeypatch.setenv("HF_TOKEN", "hf_test")
    grpo.main(
        [
            *[*short_run.arguments, "--output_dir", str(tmp_path), "--push_to_hub", "true"],
            *["--hub_model_id", "me/mine", "--save_steps", "1"],
        ]
    )
    assert _Api.calls == [("create", "me/mine", "model", True, True), ("upload", "best", "me/mine", "model")]
    assert "pushed to https://hub/me/mine" in capsys.readouterr().out
    assert '"push_to_hub": true' in (tmp_path / "run.json").read_text()
    assert "hf_test" not in (tmp_path / "run.json").read_text() + (tmp_path / "last" / "README.md").read_text()


def test_an_adapter_does_not_tell_where_its_base_lies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    base, adapter = tmp_path / "models" / "tiny", tmp_path / "run" / "best"
    base.mkdir(parents=True)
    adapter.mkdir(parents=True)
    config = adapter / "adapter_config.json"
    uploaded: dict[str, str] = {}

    class Api:
        endpoint = "https://hub"

        def upload_folder(self, folder_path: Path, **_: object) -> None:
            uploaded.update({path.name: path.read_text() for path in Path(folder_path).iterdir()})

    monkeypatch.setattr(hub, "HfApi", Api)
    for name, told in ((str(base), "tiny"), ("Qwen/Qwen2.5-VL-3B-Instruct", "Qwen/Qwen2.5-VL-3B-Instruct")):
        config.write_text(json.dumps({"base_model_name_or_path": name, "r": 8}))
        (adapter / "README.md").write_text("card")
        upload(adapter, "me/mine")
        assert json.loads(uploaded["adapter_config.json"]) == {"base_model_name_or_path": told, "r": 8}
        assert uploaded["README.md"] == "card"
        assert json.loads(config.read_text())["base_model_name_or_path"] == name  # evaluation and merging need it


def test_a_refusal_comes_before_the_run_begins(
    short_run: ShortRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that the same command can be given again."""
    _use(monkeypatch, "http://127.0.0.1:9")
    monkeypatch.setenv("HF_TOKEN", "hf_test")
    run = tmp_path / "run"
    with pytest.raises(UserError, match="cannot write to me/mine on the Hub"):
        grpo.main(
            [*short_run.arguments, "--output_dir", str(run), "--push_to_hub", "true", "--hub_model_id", "me/mine"]
        )
    assert not (run / "run.json").exists()


def test_a_missing_token_or_name(short_run: ShortRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    arguments = [*short_run.arguments, "--output_dir", str(tmp_path), "--push_to_hub", "true"]
    monkeypatch.setenv("HF_TOKEN", "hf_test")
    with pytest.raises(UserError, match="--push_to_hub needs the name of the repository; add --hub_model_id ORG/NAME"):
        grpo.main(arguments)
    monkeypatch.delenv("HF_TOKEN")
    with pytest.raises(UserError, match="--push_to_hub needs a token with write access; set HF_TOKEN"):
        grpo.main([*arguments, "--hub_model_id", "me/mine"])


@pytest.mark.parametrize("name", ["models/none", "/no/such/folder", "a b/c", "models"])
def test_a_mistyped_model_is_told_after_one_question(
    name: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(UserError, match=f"no processor in {name} .*there is no such folder.*; give a folder with a"):
        read_processor(ModelArguments(model_name_or_path=name))
    assert "Retrying" not in capfd.readouterr().err
