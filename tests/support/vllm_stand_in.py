"""A stand-in for vLLM, which needs a GPU: what TRL's own `VLLMGeneration` calls of it, over a model on the CPU.

TRL's class runs as it is, in both modes, weights included. Of vLLM this has what its documentation and TRL's client
promise, and it refuses what vLLM refuses: a colocated one expands each image's one placeholder itself, a server takes
them expanded; sampling parameters that it does not know are errors; the token that ends a completion is part of it.
"""

import inspect
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from importlib.machinery import ModuleSpec
from types import SimpleNamespace
from typing import Any, ClassVar

import pytest
import torch
from transformers import AutoProcessor, GenerationConfig, LogitsProcessorList, Qwen2_5_VLForConditionalGeneration
from trl.generation import vllm_generation
from trl.generation.vllm_client import VLLMClient

from train import preflight


@dataclass
class SamplingParams:
    """Those of vLLM's that this project or TRL sets; any other name is an error, as there."""

    n: int = 1
    repetition_penalty: float = 1.0
    temperature: float = 1.0
    top_p: float = 1.0
    top_k: int = 0
    min_p: float = 0.0
    max_tokens: int = 16
    logprobs: int | None = None
    logit_bias: dict[int, float] = field(default_factory=dict)
    stop_token_ids: list[int] = field(default_factory=list)
    structured_outputs: Any = None


@dataclass
class Asked:
    """What a call of vLLM was given."""

    prompts: list[list[int]]
    settings: SamplingParams
    pictures: int


class Engine:
    """A model of its own, loaded from the folder that training began with."""

    def __init__(self, folder: str) -> None:
        self.model = Qwen2_5_VLForConditionalGeneration.from_pretrained(folder).eval()
        self.processor = AutoProcessor.from_pretrained(folder)
        self.asked: list[Asked] = []
        self.loaded = 0
        """Tensors that training has sent."""

    def load(self, weights: Iterable[tuple[str, torch.Tensor]]) -> None:
        own = dict(self.model.named_parameters())
        for name, value in weights:
            own[name].data.copy_(value)
            self.loaded += 1

    def patches(self, picture: Any) -> Any:
        return self.processor.image_processor([picture], return_tensors="pt")

    def answer(self, ids: list[int], picture: Any, settings: SamplingParams) -> tuple[list[int], list[float]]:
        """One completion of a prompt whose image tokens are expanded, and the log-probability of each token."""
        pixels = self.patches(picture)
        image = self.processor.image_token_id
        assert ids.count(image) == int(pixels["image_grid_thw"].prod()) // 4
        eos = self.model.generation_config.eos_token_id
        ends = {*([eos] if isinstance(eos, int) else eos or []), *settings.stop_token_ids}

        def biased(_: Any, scores: torch.Tensor) -> torch.Tensor:
            for token, bias in settings.logit_bias.items():
                scores[:, int(token)] += bias
            return scores

        greedy = settings.temperature == 0
        sampling = {} if greedy else {"temperature": settings.temperature, "top_p": settings.top_p, "top_k": 0}
        inputs = torch.tensor([ids])
        found = self.model.generate(
            input_ids=inputs,
            attention_mask=torch.ones_like(inputs),
            mm_token_type_ids=(inputs == image).int(),
            **pixels,
            generation_config=GenerationConfig(
                max_new_tokens=settings.max_tokens,
                do_sample=not greedy,
                repetition_penalty=settings.repetition_penalty,
                eos_token_id=sorted(ends),
                pad_token_id=0,
                output_scores=True,
                return_dict_in_generate=True,
                **sampling,
            ),
            logits_processor=LogitsProcessorList([biased]),
        )
        tokens = found.sequences[0, len(ids) :].tolist()
        log_probs = [float(row[0].log_softmax(0)[token]) for row, token in zip(found.scores, tokens, strict=True)]
        return tokens, log_probs


class LLM(Engine):
    """A colocated vLLM."""

    made: ClassVar[list["LLM"]] = []

    def __init__(self, model: str, **settings: Any) -> None:
        super().__init__(model)
        self.settings, self.awake = settings, True
        LLM.made.append(self)
        runner = SimpleNamespace(model=SimpleNamespace(load_weights=self.load))
        worker = SimpleNamespace(driver_worker=SimpleNamespace(model_runner=runner))
        self.llm_engine = SimpleNamespace(model_executor=worker)

    def wake_up(self, tags: list[str]) -> None:
        self.awake = True

    def sleep(self, level: int) -> None:
        self.awake = False
        for parameter in self.model.parameters():
            parameter.data.zero_()  # level 2 throws the weights away

    def reset_prefix_cache(self) -> None:
        pass

    def generate(self, prompts: list[dict[str, Any]], sampling_params: SamplingParams, use_tqdm: bool) -> list[Any]:
        assert self.awake
        image = self.processor.image_token_id
        asked, outputs = [], []
        for prompt in prompts:
            ids, picture = prompt["prompt_token_ids"], prompt["multi_modal_data"]["image"]
            if ids.count(image) != 1:
                raise ValueError(f"{ids.count(image)} placeholders for 1 image")  # as vLLM, after it has expanded one
            place, tokens = ids.index(image), int(self.patches(picture)["image_grid_thw"].prod()) // 4
            expanded = ids[:place] + [image] * tokens + ids[place + 1 :]
            asked.append(expanded)
            completion, log_probs = self.answer(expanded, picture, sampling_params)
            each = [
                {token: SimpleNamespace(rank=1, logprob=value)}
                for token, value in zip(completion, log_probs, strict=True)
            ]
            logprobs = None if sampling_params.logprobs is None else each
            output = SimpleNamespace(token_ids=completion, logprobs=logprobs)
            outputs.append(SimpleNamespace(prompt_token_ids=expanded, outputs=[output]))
        self.asked.append(Asked(asked, sampling_params, len(prompts)))
        return outputs


class Client:
    """TRL's client, with a server behind it: the same calls with the same arguments (a test compares them)."""

    folder = ""
    made: ClassVar[list["Client"]] = []

    def __init__(
        self,
        base_url: str | None = None,
        host: str = "0.0.0.0",
        server_port: int = 8000,
        group_port: int = 51216,
        connection_timeout: float = 0.0,
    ) -> None:
        self.engine = Engine(Client.folder)
        self.sent = 0
        """Pictures that were sent."""
        Client.made.append(self)

    def init_communicator(self, device: Any = 0) -> None:
        pass

    def get_server_info(self) -> dict[str, Any]:
        return {"model_config": {"logprobs_mode": "processed_logprobs"}}

    def update_named_params(
        self, metadata: list[tuple[str, str, list[int]]], named_params: Iterable[tuple[str, torch.Tensor]]
    ) -> None:
        given = [(name, value) for name, value in named_params]
        assert [(name, list(value.shape)) for name, value in given] == [(name, shape) for name, _, shape in metadata]
        self.engine.load(given)

    def reset_prefix_cache(self) -> None:
        pass

    def image_features(
        self, images: list[list[Any] | None], max_concurrent_requests: int = 64
    ) -> list[dict[str, Any] | None]:
        self.sent += sum(own is not None for own in images)
        return [None if own is None else {"mm_placeholders": {"image": [{}]}, "picture": own[0]} for own in images]

    def generate(
        self,
        prompts: list[list[int]],
        features: list[dict[str, Any] | None] | None = None,
        n: int = 1,
        repetition_penalty: float = 1.0,
        temperature: float = 1.0,
        top_p: float = 1.0,
        top_k: int = 0,
        min_p: float = 0.0,
        max_tokens: int = 16,
        logprobs: int | None = 0,
        structured_outputs_regex: str | None = None,
        generation_kwargs: dict[str, Any] | None = None,
    ) -> dict[str, Any]:
        given = (n, repetition_penalty, temperature, top_p, top_k, min_p, max_tokens, logprobs)
        settings = SamplingParams(*given, **(generation_kwargs or {}))
        assert features is not None
        completions, log_probs = [], []
        for ids, own in zip(prompts, features, strict=True):
            assert own is not None
            (place,) = own["mm_placeholders"]["image"]
            image = self.engine.processor.image_token_id
            assert ids[place["offset"] : place["offset"] + place["length"]] == [image] * ids.count(image)
            for _ in range(n):
                tokens, values = self.engine.answer(ids, own["picture"], settings)
                completions.append(tokens)
                log_probs.append([[value] for value in values])
        self.engine.asked.append(Asked([list(ids) for ids in prompts], settings, len(prompts)))
        return {
            "prompt_ids": [list(ids) for ids in prompts],
            "completion_ids": completions,
            "logprobs": None if logprobs is None else log_probs,
            "logprob_token_ids": [[[token] for token in tokens] for tokens in completions],
        }


def stand_in(monkeypatch: pytest.MonkeyPatch, folder: str) -> None:
    """Let TRL find this in the place of vLLM.

    Args:
        folder: of the model that a server was started with.
    """
    monkeypatch.setattr(vllm_generation, "is_vllm_available", lambda: True)
    for name, value in (("LLM", LLM), ("SamplingParams", SamplingParams), ("VLLMClient", Client)):
        monkeypatch.setattr(vllm_generation, name, value, raising=False)
    monkeypatch.setattr(LLM, "made", [])
    monkeypatch.setattr(Client, "made", [])
    monkeypatch.setattr(Client, "folder", folder)
    found = preflight.find_spec
    monkeypatch.setattr(preflight, "find_spec", lambda name: ModuleSpec(name, None) if name == "vllm" else found(name))
    for name in ("RANK", "LOCAL_RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT"):
        monkeypatch.setenv(name, "")  # so that what VLLMGeneration sets is taken back
        monkeypatch.delenv(name)


def engines() -> Sequence[Engine]:
    """Those that were made since `stand_in`."""
    return [*LLM.made, *(client.engine for client in Client.made)]


def parameters(function: Any) -> list[str]:
    return [name for name in inspect.signature(function).parameters if name not in ("self", "kwargs")]


def same_calls(name: str) -> bool:
    """Whether a call of the client here takes what TRL's takes."""
    return parameters(getattr(Client, name)) == parameters(getattr(VLLMClient, name))
