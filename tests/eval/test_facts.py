import contextvars
from pathlib import Path

import pytest
from inspect_ai.model import GenerateConfig, get_model

from eval.facts import Facts, decoding, with_engine
from tests.support.scripted_model import scripted_model

FACTS = Facts(
    benchmark="mcqa",
    dataset="folder",
    dataset_version="1",
    prompt="own",
    image_resolution=("256x256",),
    decoding=decoding(GenerateConfig(temperature=0.0, max_tokens=9, max_retries=3)),
    seed=1,
)


def test_without_a_model_the_engine_is_not_told() -> None:
    metadata = contextvars.Context().run(FACTS.metadata, split="test")
    assert "engine" not in metadata
    assert (metadata["benchmark"], metadata["split"], metadata["decoding"]) == (
        "mcqa",
        "test",
        {"temperature": 0.0, "max_tokens": 9},
    )


def test_a_server_is_told_by_engine_address_and_version(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    config = GenerateConfig(top_p=0.5, max_connections=2)
    model = get_model("openai/m", base_url="http://user:secret@host:1/v1?key=secret", config=config, memoize=False)
    metadata = with_engine(FACTS.metadata(), model)
    assert (metadata["engine"], metadata["base_url"]) == ("openai", "http://host:1/v1")
    assert set(metadata["versions"]) == {"robot-r1", "inspect-ai", "openai"}
    assert metadata["decoding"] == {"temperature": 0.0, "max_tokens": 9, "top_p": 0.5}
    assert "secret" not in str(metadata)


def test_a_checkpoint_is_told_by_its_files(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"one")
    before = with_engine({}, scripted_model(str(tmp_path), lambda _: ""))
    again = with_engine({}, scripted_model(str(tmp_path), lambda _: ""))
    (tmp_path / "model.safetensors").write_bytes(b"three")
    after = with_engine({}, scripted_model(str(tmp_path), lambda _: ""))
    assert before["checkpoint"] == again["checkpoint"] != after["checkpoint"]
    assert "checkpoint" not in with_engine({}, scripted_model("name", lambda _: ""))
