"""Damaging bytes at random, for tests and for `benchmarks/hostile`."""

import zlib

import numpy as np


def mutated(data: bytes, rng: np.random.Generator) -> bytes:
    """The data with one to three random faults: bits, bytes, cuts, repeats, moves."""
    result = bytearray(data)
    for _ in range(rng.integers(1, 4)):
        at, other = (int(i) for i in rng.integers(0, max(1, len(result)), 2))
        length = int(rng.integers(1, 9))
        match rng.integers(0, 6):
            case 0:
                result[at : at + 1] = bytes([result[at] ^ 1 << rng.integers(0, 8)]) if result else b"x"
            case 1:
                result[at : at + length] = rng.bytes(length)
            case 2:
                del result[at : at + length]
            case 3:
                result[at:at] = rng.bytes(length)
            case 4:
                result[at:at] = result[other : other + length]
            case 5:
                if rng.random() < 0.2:
                    del result[at:]
    return bytes(result)


def with_checksums(data: bytes) -> bytes:
    """A PNG with the checksums of its chunks put right, so that faults reach the decoder."""
    result = bytearray(data)
    position = 8
    while position + 12 <= len(result):
        end = position + 8 + int.from_bytes(result[position : position + 4], "big")
        result[end : end + 4] = zlib.crc32(result[position + 4 : end]).to_bytes(4, "big")
        position = end + 4
    return bytes(result)
