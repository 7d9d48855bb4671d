"""Sampling that depends on a request's own random numbers, not on which batch it is answered in."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from transformers import TemperatureLogitsWarper, TopKLogitsWarper, TopPLogitsWarper

from eval.local_model.batches import Decoding, Request


class Drawn:
    """A logits processor that leaves each row the one token that its generator draws; greedy decoding then takes it.

    transformers' own sampling draws for the whole batch from torch's global generator, so that an answer would depend
    on which other questions happened to be asked at the same time.
    """

    def __init__(self, decoding: Decoding, generators: Sequence[np.random.Generator]) -> None:
        self._generators = generators
        self._warpers: list[Any] = [TemperatureLogitsWarper(decoding.temperature)]
        if decoding.top_k:
            self._warpers.append(TopKLogitsWarper(decoding.top_k))
        if decoding.top_p < 1:
            self._warpers.append(TopPLogitsWarper(decoding.top_p))

    def __call__(self, input_ids: Any, scores: Any) -> Any:
        """Scores (batch, vocabulary) with all but the drawn token at minus infinity."""
        scores = scores.float()
        for warper in self._warpers:
            scores = warper(input_ids, scores)
        cumulated = scores.softmax(dim=-1).cumsum(dim=-1)
        numbers = torch.tensor([[rng.random()] for rng in self._generators], dtype=torch.float32)
        places = torch.searchsorted(cumulated, numbers.to(scores.device) * cumulated[:, -1:], right=True)
        return torch.full_like(scores, -torch.inf).scatter_(1, places.clamp_(max=scores.size(1) - 1), 0.0)


class Abandoned:
    """A stopping criterion that ends the rows for which nobody waits any more."""

    def __init__(self, requests: Sequence[Request]) -> None:
        self._requests = requests

    def __call__(self, input_ids: Any, scores: Any, **_: Any) -> Any:
        """Whether each row (batch,) is done."""
        return torch.tensor([request.abandoned for request in self._requests], device=input_ids.device)
