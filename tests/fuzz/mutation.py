"""Damages good input by a seed, as wires, broken firmware and malice do."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from random import Random

SEED = int(os.environ.get("FUZZ_SEED", "20261125"))
SCALE = float(os.environ.get("FUZZ_SCALE", "1"))
"""How many times as many inputs as in `make test`; the long run takes 100."""
TELLING = 10
"""A share of fewer inputs is chance."""


def times(count: int) -> range:
    """Return the numbers of the inputs of a run."""
    return range(int(count * SCALE))


def is_enough(found: int, least: int) -> bool:
    """Tell whether a run found its share, of which `least` are wanted at SCALE 1.

    A run that is too small to want even ten has nothing to say about shares.
    """
    wanted = least * SCALE
    return wanted < TELLING or found >= wanted


def damage(
    good: Sequence[bytes], words: Sequence[bytes], count: int, *, seed: int = SEED
) -> Iterator[bytes]:
    """Yield `count` × SCALE inputs: good ones after one to four damages; `words` are put in."""
    chance = Random(seed)
    for _ in times(count):
        data = bytearray(chance.choice(good))
        for _ in range(1 + int(chance.random() * chance.random() * 4)):
            chance.choice(_DAMAGES)(data, chance, good, words)
        yield bytes(data)


def _place(data: bytearray, chance: Random) -> int:
    return int(chance.random() * (len(data) + 1))


def _flip(data: bytearray, chance: Random, *_: Sequence[bytes]) -> None:
    if data:
        data[int(chance.random() * len(data))] ^= 1 << int(chance.random() * 8)


def _replace(data: bytearray, chance: Random, *_: Sequence[bytes]) -> None:
    if data:
        data[int(chance.random() * len(data))] = int(chance.random() * 256)


def _cut(data: bytearray, chance: Random, *_: Sequence[bytes]) -> None:
    del data[_place(data, chance) :]


def _drop(data: bytearray, chance: Random, *_: Sequence[bytes]) -> None:
    start = _place(data, chance)
    del data[start : start + 1 + int(chance.random() * 8)]


def _repeat(data: bytearray, chance: Random, *_: Sequence[bytes]) -> None:
    start = _place(data, chance)
    end = start + 1 + int(chance.random() * 20)
    data[end:end] = data[start:end]


def _insert(data: bytearray, chance: Random, good: Sequence[bytes], words: Sequence[bytes]) -> None:
    at = _place(data, chance)
    data[at:at] = chance.choice(words)


def _overwrite(
    data: bytearray, chance: Random, good: Sequence[bytes], words: Sequence[bytes]
) -> None:
    at, word = _place(data, chance), chance.choice(words)
    data[at : at + len(word)] = word


def _splice(data: bytearray, chance: Random, good: Sequence[bytes], words: Sequence[bytes]) -> None:
    other = chance.choice(good)
    data[_place(data, chance) :] = other[int(chance.random() * (len(other) + 1)) :]


_DAMAGES: tuple[Callable[..., None], ...] = (
    _flip,
    _replace,
    _cut,
    _drop,
    _repeat,
    _insert,
    _overwrite,
    _splice,
)
