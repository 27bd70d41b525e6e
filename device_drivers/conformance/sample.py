"""Samples of a dialect: a message as it comes, and the facts that it says, or why it is refused.

A fixture is JSON: `source`, the `model` of its devices, and `samples`. A sample has a sentence
(`say`), where it came (`topic` for MQTT, `address` for a link), the message as `payload` (JSON),
`text`, `hex`, `file` (beside the fixture) or `registers` (address → hexadecimal words), and either
`facts` or `refused`, a pattern of the reason. A fact is a line of `lingdang decode`; what it leaves
out does not count, but `late` is false and `quality` good unless it says so.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources.abc import Traversable
from typing import Any

import msgspec

from hub.errors import ConfigError, Problem
from hub.ports import Envelope, Registers

RECEIVED = 1_764_000_000.0
"""The instant at which each sample arrives: 2025-11-25T00:00:00+08:00."""


class Sample(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One message of a fixture."""

    say: str
    topic: str = ""
    address: str = ""
    payload: Any = msgspec.UNSET
    text: str = ""
    hex: str = ""
    file: str = ""
    registers: dict[str, str] = {}
    retained: bool = False
    model: str = ""
    models: dict[str, str] = {}
    """Address → model, where devices of several are told of."""
    facts: list[dict[str, Any]] | None = None
    refused: str = ""
    newcomers: dict[str, str] = {}
    """Address → the guess, where nobody has adopted them."""


class Fixture(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One file of samples."""

    source: str
    model: str = ""
    samples: list[Sample]


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """One sample, ready to be decoded; `place` names it in sentences."""

    place: str
    sample: Sample
    envelope: Envelope


def read_folder(folder: Traversable) -> list[Message]:
    """Return the messages of all fixtures in a folder; other files there are what they name.

    Raises ConfigError for a fixture of another form.
    """
    messages: list[Message] = []
    files = [each for each in folder.iterdir() if each.name.endswith(".json")]
    for each in sorted(files, key=lambda file: file.name):
        text = each.read_bytes()
        if b'"samples"' not in text:
            continue
        try:
            messages += read_fixture(each.name, text, folder)
        except (ValueError, OSError) as error:
            raise ConfigError(
                Problem(
                    file=str(each),
                    message=f"it is no fixture: {error}",
                    hint="docs/third-party-drivers.md has its keys",
                )
            ) from error
    return messages


def read_fixture(name: str, text: bytes, folder: Traversable) -> Iterator[Message]:
    """Yield the messages of a fixture; raises ValueError with what is wrong with its form."""
    fixture = msgspec.json.decode(text, type=Fixture)
    for sample in fixture.samples:
        sample = msgspec.structs.replace(sample, model=sample.model or fixture.model)  # noqa: PLW2901
        envelope = Envelope(
            link="x",
            address=sample.topic or sample.address or "1",
            payload=_payload(sample, folder),
            received=RECEIVED,
            retained=sample.retained,
        )
        yield Message(place=f"{name}: {sample.say!r}", sample=sample, envelope=envelope)


def _payload(sample: Sample, folder: Traversable) -> bytes | tuple[Registers, ...]:
    if sample.registers:
        return tuple(_block(int(start, 0), words) for start, words in sample.registers.items())
    if sample.hex:
        return bytes.fromhex(sample.hex)
    if sample.file:
        return (folder / sample.file).read_bytes()
    if sample.payload is not msgspec.UNSET:
        return msgspec.json.encode(sample.payload)
    return sample.text.encode()


def _block(start: int, words: str) -> Registers:
    raw = bytes.fromhex(words)
    pairs = (raw[at : at + 2] for at in range(0, len(raw), 2))
    return Registers(function=0, start=start, words=tuple(int.from_bytes(p, "big") for p in pairs))
