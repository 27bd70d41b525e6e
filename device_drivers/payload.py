"""Checks of JSON that came from outside, for every dialect that speaks it."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from hashlib import blake2b
from typing import Any

import msgspec

from device_drivers.contract import MAX_INTEGER, has_control_characters
from hub.errors import ProtocolError

MAX_BYTES = 65_536
MAX_DEPTH = 8
SMALLEST_IMAGE = 512
"""Bytes of a word from which on it is taken for a picture."""
_IMAGE = re.compile(rb"(?:[A-Za-z0-9+_-]|\\?/){512,}={0,2}")
"""Base64, or the like, that is longer than any word; JSON may escape its slashes."""


def strip_front(payload: bytes) -> bytes:
    """Return the payload without what some gateways put in front: zero bytes, a byte-order mark.

    Raises ProtocolError for a payload of more than 64 KiB.
    """
    if len(payload) > MAX_BYTES:
        raise ProtocolError(f"it has {len(payload)} bytes, more than {MAX_BYTES}")
    if payload[:1] == b"{":
        return payload
    return payload.lstrip(b"\x00").removeprefix(b"\xef\xbb\xbf")


def read_json(payload: object) -> object:
    """Return what JSON says, in UTF-8 or, as some firmware writes it, in GB 18030.

    Raises ProtocolError for what is none, or for a number that is not finite.
    """
    if not isinstance(payload, bytes):
        raise ProtocolError("it is a register block, not JSON; check the device's model")
    text = strip_front(payload)
    try:
        return msgspec.json.decode(_in_utf8(text))
    except RecursionError as error:
        raise ProtocolError("it is nested too deeply") from error
    except ValueError as error:
        raise ProtocolError(f"it is no JSON: {error}") from error


def read_table(payload: object) -> dict[str, object]:
    """Return what a JSON object says; raises ProtocolError for anything else."""
    said = read_json(payload)
    if not isinstance(said, dict):
        raise ProtocolError("it is no JSON object")
    return said


def _in_utf8(text: bytes) -> bytes:
    try:
        text.decode()
    except UnicodeDecodeError:
        return text.decode("gb18030").encode()
    return text


def cut_images(payload: bytes) -> bytes:
    """Return the payload with each picture in it replaced by its length and hash."""
    return _IMAGE.sub(_note_image, payload)


def _note_image(found: re.Match[bytes]) -> bytes:
    digest = blake2b(found[0], digest_size=8).hexdigest()
    return b"[%d bytes, blake2b %s]" % (len(found[0]), digest.encode())


def refuse_twins(payload: bytes, keys: int) -> None:
    """Raise ProtocolError when a key comes twice: nobody can say which value is meant.

    Each key has one colon, so a message of `keys` decoded keys and no further colon needs no
    second look.
    """
    if payload.count(b":") > keys:
        json.loads(payload, object_pairs_hook=_single)


def _single(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    table = dict(pairs)
    if len(table) != len(pairs):
        names = [name for name, _ in pairs]
        twin = next(name for name in names if names.count(name) > 1)
        raise ProtocolError(f"it says {twin!r:.80} twice")
    return table


@lru_cache(maxsize=16_384)
def clean(text: str) -> str:
    """Return the text, or raise ProtocolError for control characters in it.

    Words such as a boot come again and again: each is looked at once and kept once.
    """
    if has_control_characters(text):
        raise ProtocolError(f"{text!r:.80} holds control characters")
    return text


def check_data(value: object, depth: int = 1) -> None:
    """Raise ProtocolError for what a store or a screen could not hold."""
    if depth > MAX_DEPTH:
        raise ProtocolError(f"its data is nested more than {MAX_DEPTH} deep")
    if isinstance(value, str):
        clean(value)
    elif isinstance(value, int) and abs(value) > MAX_INTEGER:
        raise ProtocolError("its data has an integer beyond 2**63")
    elif isinstance(value, dict | list):
        for part in (*value, *value.values()) if isinstance(value, dict) else value:
            check_data(part, depth + 1)
