"""Damaged input, made of good samples by a seed: the same each time, so that a finding stays."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from hub.ports import Envelope, Registers

ROUNDS = 400
HUGE = 262_144
"""Bytes of the longest message."""
NESTED = 60_000
_WORDS = (b"{", b"}", b"[", b"]", b'"', b"null", b"NaN", b"1e999", b"-1", b"\x00", b"\xff\xfe",
          b"99999999999999999999", b"true", b":", b",", b"\xe6\xb1", b"\n", b"\\ud800")  # fmt: skip
_TOPICS = ("", "/", "a", "a/b/c/d/e/f/g/h", "\x00", "ld/a/b/state")
_NAMES = ("", "a b", "+", "#", "x" * 300, "a\x00b", "铃", "../..")
_BLOCK = Registers(function=3, start=0, words=(0, 65_535, 1))


def damage(
    envelopes: Sequence[Envelope], *, topics: bool, rounds: int = ROUNDS
) -> Iterator[Envelope]:
    """Yield strange messages first, then good ones with bytes of them cut, changed or doubled.

    Strange `topics` as well, where devices choose them; else the link has written the address.
    """
    dice = random.Random(20_260_101)  # noqa: S311 - chance makes damage here, not keys
    for each in envelopes[:3]:
        yield from _strange(each)
        if topics:
            yield from (replace(each, address=topic) for topic in _strange_topics(each.address))
    for _ in range(rounds):
        one = dice.choice(envelopes)
        if isinstance(one.payload, bytes):
            yield replace(one, payload=_change(one.payload, dice))
        else:
            yield replace(one, payload=_change_words(one.payload, dice))


def _strange_topics(topic: str) -> Iterator[str]:
    """Yield topics of nobody, and the good one with each of its words turned strange."""
    yield from _TOPICS
    words = topic.split("/")
    for at in range(len(words)):
        for name in _NAMES:
            yield "/".join([*words[:at], name, *words[at + 1 :]])


def _strange(good: Envelope) -> Iterator[Envelope]:
    """Yield what has little to do with the sample: other kinds, far too much."""
    for payload in (
        b"",
        b"\x00",
        b"{}",
        b"[]",
        b"null",
        b'"x"',
        b"\xff" * 64,
        b"[" * NESTED,
        b'{"a":' * (NESTED // 5),
        b"1" * NESTED,
        b" " * HUGE,
        bytes(range(256)) * (HUGE // 256),
        (),
        (_BLOCK,),
        (Registers(function=3, start=65_535, exception=11),),
    ):
        yield replace(good, payload=payload)
        yield replace(good, payload=payload, retained=True)
    if isinstance(good.payload, bytes):
        yield replace(good, payload=good.payload * (HUGE // max(1, len(good.payload))))


def _change(payload: bytes, dice: random.Random) -> bytes:
    data = bytearray(payload)
    for _ in range(dice.randint(1, 4)):
        at = dice.randint(0, len(data))
        match dice.randrange(5):
            case 0:
                del data[at:]
            case 1:
                data[at:at] = dice.choice(_WORDS)
            case 2:
                data[at : at + dice.randint(1, 8)] = dice.choice(_WORDS)
            case 3 if at < len(data):
                data[at] ^= 1 << dice.randrange(8)
            case _:
                data[at:at] = data[at : at + dice.randint(1, 64)]
    return bytes(data)


def _change_words(blocks: Sequence[Registers], dice: random.Random) -> tuple[Registers, ...]:
    changed = []
    for block in blocks:
        words = list(block.words)
        if words:
            words[dice.randrange(len(words))] = dice.choice((0, 1, 0x7FFF, 0x8000, 0xFFFF, 0x7FC0))
        if dice.random() < 1 / 4:
            words = words[: dice.randrange(len(words) + 1)]
        changed.append(
            replace(block, words=tuple(words), start=block.start ^ dice.choice((0, 0, 1)))
        )
    return tuple(changed)
