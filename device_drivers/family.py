"""What dialects of MQTT beside the hub's own have in common: their topics, addresses, reports."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from hashlib import blake2b
from typing import Any

import msgspec

from device_drivers.codecs.json_fields import FieldTable, Flat
from device_drivers.contract import has_control_characters
from hub.errors import ProtocolError
from hub.model.catalogue import DeviceModel
from hub.model.device import Device
from hub.model.report import Quality, Report, Topic
from hub.ports import Envelope

LONGEST_NAME = 200
"""Characters of a name that a device may have on its broker."""
MILLISECONDS_FROM = 1e11
_ADDRESS = re.compile(r"[A-Za-z0-9_-]{1,64}")
_OTHER = re.compile(r"[^A-Za-z0-9_-]+")
_READABLE = 48


class Topics(msgspec.Struct, frozen=True, kw_only=True):
    """Where a dialect speaks; `{p}` is its prefix with the slash behind it, `{a}` an address.

    `hears` are the filters of the hub. `says` and `reads` are what one device may write and read;
    where `says` is empty one client, named like the link, speaks for all below `{p}`. `{o}` is an
    address with a slash behind it, or nothing for the device `alone`, whose topics name nobody.
    `shared`: whoever speaks any further dialect may write what the hub hears here. `largest` is the
    longest packet (bytes) that a client sends.
    """

    hears: tuple[str, ...]
    prefix: str = ""
    says: tuple[str, ...] = ()
    reads: tuple[str, ...] = ()
    alone: str = ""
    shared: bool = False
    largest: int = 65_536

    def fill(self, templates: Iterable[str], prefix: str | None, address: str = "") -> list[str]:
        """Write templates out; the dialect's own prefix counts where `prefix` is None."""
        own = self.prefix if prefix is None else prefix
        front = f"{own}/" if own else ""
        named = "" if address == self.alone else f"{address}/"
        return [each.format(p=front, a=address, o=named) for each in templates]


class Tree:
    """The topics below one prefix."""

    def __init__(self, topics: Topics, prefix: str | None) -> None:
        (self.front,) = topics.fill(("{p}",), prefix)

    def words(self, topic: str) -> list[str]:
        """Return the words below the prefix; raises ProtocolError for a topic of another tree."""
        if not topic.startswith(self.front):
            raise ProtocolError(f"topic {topic!r:.120} does not begin with {self.front!r}")
        return topic[len(self.front) :].split("/")


class Vocabulary:
    """The models of a dialect, and what each makes of a message."""

    def __init__(self, driver: str, models: Mapping[str, DeviceModel]) -> None:
        self._driver = driver
        self._models = models
        self._tables: dict[str, FieldTable] = {}

    def of(self, model: str) -> FieldTable:
        """Return the fields of a model."""
        table = self._tables.get(model)
        if table is None:
            table = self._tables[model] = FieldTable(self._models[model])
        return table

    def guess(self, flat: Flat) -> str:
        """Name the model that knows most of a message, and why; the dialect where none does."""
        worth = {
            model.id: sum(
                sample.quality is Quality.GOOD for sample in self.of(model.id).samples(flat)
            )
            for model in self._models.values()
            if model.driver == self._driver and model.fields
        }
        best = max(worth, key=worth.__getitem__, default="")
        if not best or not worth[best]:
            return self._driver
        known = len({field.point for field in self._models[best].fields if field.point})
        return f"{best} ({worth[best]} of its {known} points)"


@lru_cache(maxsize=16_384)
def address_of(name: str) -> str:
    """Return the address under which the books have a device of that name on its broker.

    A name of other letters than an address may have keeps those that it can, and gets a hash.
    """
    if not name or len(name) > LONGEST_NAME or has_control_characters(name):
        raise ProtocolError(f"{name!r:.80} is no name of a device")
    if _ADDRESS.fullmatch(name):
        return name
    readable = _OTHER.sub("-", name)[:_READABLE].strip("-") or "n"
    return f"{readable}-{blake2b(name.encode(), digest_size=4).hexdigest()}"


def instant_of(said: object, received: float) -> float:
    """Return epoch seconds, of seconds or milliseconds; arrival where a device says no number."""
    if isinstance(said, bool) or not isinstance(said, int | float) or not 0 < said < 1e15:
        return received
    return said / 1000 if said > MILLISECONDS_FROM else float(said)


def report(envelope: Envelope, device: Device, topic: Topic, **said: Any) -> Report:  # noqa: ANN401 - fields of a Report
    """Return a report about what an envelope says of a device; without `at` arrival counts."""
    filled = {"at": envelope.received, "retained": envelope.retained, **said}
    return Report(
        address=device.address, uid=device.uid, topic=topic, received=envelope.received, **filled
    )


def availability(envelope: Envelope, device: Device, *, online: bool, grace: float) -> Report:
    """Return that a device is there, or that its connection broke; see `Report.grace`."""
    return report(envelope, device, Topic.AVAIL, online=online, grace=0.0 if online else grace)


def digest_of(payload: bytes, topic: Topic) -> str:
    """Return what a message without a number of its own is known by."""
    return blake2b(payload, digest_size=16, person=topic.value.encode()).hexdigest()
