"""A decoder that breaks its promise at one word: a hunt that does not find it is blind."""

from __future__ import annotations

from tests.fuzz.target import Target

WORD = b"ling"


def check_word(data: bytes) -> str:
    """Read letter by letter, so that each right one is a branch of its own."""
    for place, letter in enumerate(WORD):
        if data[place : place + 1] != bytes([letter]):
            return "refused"
    raise AssertionError("the word was found")


TARGETS = {"gullible": Target([b"data"], [b"word"], check_word)}
