"""How far a dialect can be relied on, by what stands behind it (`device_drivers/quality.toml`)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from importlib.resources import files
from importlib.resources.abc import Traversable

import msgspec

from hub.config.toml_text import parse_toml
from hub.model.catalogue import DeviceModel

TWO = 2
NONE = "none: "
"""What begins a word about something that a dialect cannot have."""
_OF_SILVER = {
    "silence": "what silence means",
    "silent": "tests of silence",
    "simulator": "simulator",
    "reading": "the way to a reading",
    "event": "the way to an event",
    "ticket": "the way to a ticket",
}
"""What silver demands → how that is said."""


class Level(StrEnum):
    """The quality scale of dialects, lowest first."""

    UNRATED = "unrated"
    BRONZE = "bronze"
    SILVER = "silver"
    GOLD = "gold"


class Proof(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What stands behind a dialect: paths in the source tree, and words.

    `reading`, `event` and `ticket` name the test (`path::name`) that shows the way there from a
    device's socket through a hub, `silent` those of what silence means; a dialect that cannot have
    one says `none: why`. `field` names the device on which it was tried; empty while none was.
    """

    samples: str = ""
    unit: str = ""
    silence: str = ""
    simulator: str = ""
    reading: str = ""
    event: str = ""
    ticket: str = ""
    silent: tuple[str, ...] = ()
    firmwares: tuple[str, ...] = ()
    field: str = ""

    @property
    def level(self) -> Level:
        """Return the highest step of the scale whose demands are all met."""
        if not (self.samples and self.unit):
            return Level.UNRATED
        if not all(getattr(self, name) for name in _OF_SILVER):
            return Level.BRONZE
        return Level.GOLD if len(self.firmwares) >= TWO and self.field else Level.SILVER

    def missing(self) -> str:
        """Say what the next step of the scale needs; empty at its top."""
        if self.level is Level.GOLD:
            return ""
        if self.level is Level.SILVER:
            needs = {
                "a second firmware": len(self.firmwares) < TWO,
                "a real device": not self.field,
            }
        else:
            needs = {
                _OF_SILVER.get(name, name): not getattr(self, name)
                for name in ("samples", "unit", *_OF_SILVER)
            }
        return ", ".join(name for name, is_missing in needs.items() if is_missing)


def read_proofs(package: Traversable | None = None) -> dict[str, Proof]:
    """Return what stands behind each dialect that is rated, by the word of its own package.

    Nothing where a package says nothing, or nothing that can be read.
    """
    file = (package or files("device_drivers")) / "quality.toml"
    try:
        return msgspec.convert(parse_toml(file.read_text(encoding="utf-8")), dict[str, Proof])
    except (OSError, ValueError):
        if package is None:
            raise
        return {}


def proof_of(dialect: str, proofs: Mapping[str, Proof]) -> Proof:
    """Return what stands behind a dialect; nothing where it is not rated."""
    return proofs.get(dialect, Proof())


def confidence_of(model: DeviceModel) -> str:
    """Return how far the facts of a model are believed, in its own first word."""
    words = re.split(r"[\s:;,]", model.confidence, maxsplit=1)
    return words[0] or Level.UNRATED.value
