"""Random generators that depend on what they are for, never on the number of workers or on order."""

import zlib

import numpy as np


def generator(seed: int, *purpose: str | int) -> np.random.Generator:
    """A generator derived from the seed and a purpose such as (demo id, frame, question type)."""
    words = (word if isinstance(word, int) else zlib.crc32(word.encode()) for word in purpose)
    return np.random.default_rng([seed, *words])
