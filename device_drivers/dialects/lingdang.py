"""The hub's own dialect, for gateways built to it.

Topics are `ld/{community}/{address}/{state|telemetry|event|avail|ack}`; JSON in UTF-8, at most
64 KiB. A state: `{"boot":"b7","seq":17,"ts":1764000000.123,"points":{"arm.position":"open"}}`.
`ts` is in seconds, milliseconds (by magnitude) or RFC 3339; without one arrival time counts, as
it does when the device's time lies before 2020 or more than five minutes ahead.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from hashlib import blake2b
from typing import Annotated, Any, Literal

import msgspec
from msgspec.structs import astuple

from device_drivers.contract import (
    MAX_INTEGER,
    PointTable,
    suggest,
)
from device_drivers.payload import check_data, clean, refuse_twins, strip_front
from hub.errors import ProtocolError
from hub.model.catalogue import DeviceModel
from hub.model.command import Command
from hub.model.device import Device
from hub.model.instant import from_rfc3339
from hub.model.kinds import HUB_MADE_EVENTS
from hub.model.report import Report, Sample, Topic
from hub.ports import Envelope

MILLISECONDS_FROM = 1e11

_Word = Annotated[str, msgspec.Meta(max_length=64)]
_Seq = Annotated[int, msgspec.Meta(ge=0, le=MAX_INTEGER)]
_Instant = float | int | str | None
_ADDRESS = re.compile(r"[A-Za-z0-9_-]{1,64}")
_NEVER_RETAINED = (Topic.EVENT, Topic.ACK)
_UNSET = msgspec.UNSET
_NOTHING: dict[str, Any] = {}
_TOPICS = {topic.value: topic for topic in Topic}


class _Body(msgspec.Struct):
    """What messages have in common; also tells how many keys an unambiguous message has."""

    boot: _Word | msgspec.UnsetType = msgspec.UNSET
    seq: _Seq | msgspec.UnsetType | None = msgspec.UNSET
    ts: _Instant | msgspec.UnsetType = msgspec.UNSET
    late: bool | msgspec.UnsetType = msgspec.UNSET


class _Points(_Body, kw_only=True):
    points: dict[str, bool | int | float | str | None]


class _Event(_Body, kw_only=True):
    name: _Word
    data: dict[str, Any] | msgspec.UnsetType = msgspec.UNSET


class _Avail(_Body, kw_only=True):
    state: Literal["online", "offline"]


class _Ack(_Body, kw_only=True):
    id: _Word
    result: Literal["received", "executed", "refused", "failed"]
    why: Annotated[str, msgspec.Meta(max_length=500)] | msgspec.UnsetType = msgspec.UNSET


class LingdangDriver:
    """Translates the hub's own dialect for the models that it is given."""

    name = "lingdang"

    def __init__(self, models: Mapping[str, DeviceModel]) -> None:
        self._models = models
        self._tables: dict[str, PointTable] = {}

    def device_address(self, envelope: Envelope) -> str:
        """Return the third word of the topic, or raise ProtocolError."""
        return _split(envelope.address)[0]

    def decode(self, envelope: Envelope, device: Device) -> Sequence[Report]:
        """Translate one message into one report, or raise ProtocolError."""
        address, topic = _split(envelope.address)
        try:
            payload = _read_payload(envelope, topic)
            body = _FORMS[topic].decode(payload)
            refuse_twins(payload, _count_keys(body))
            boot = clean(body.boot) if body.boot else ""
            samples, rest = self._read_body(body, device)
            at, digest = _instant(body, envelope.received), _digest(body, topic, payload)
        except RecursionError as error:
            raise ProtocolError(f"{envelope.address}: it is nested too deeply") from error
        except (ValueError, OverflowError, ProtocolError) as error:
            raise ProtocolError(f"{envelope.address}: {error}") from error
        report = Report(
            address=address,
            uid=device.uid,
            topic=topic,
            at=at,
            received=envelope.received,
            boot=boot,
            seq=body.seq if body.seq is not _UNSET else None,
            late=body.late is True,
            retained=envelope.retained,
            samples=samples,
            digest=digest,
        )
        return (msgspec.structs.replace(report, **rest) if rest else report,)

    def _read_body(self, body: _Body, device: Device) -> tuple[tuple[Sample, ...], dict[str, Any]]:
        """Return the samples of a body, and whatever else it says."""
        if body.__class__ is _Points:
            table = self._tables.get(device.model) or self._table(device.model)
            return table.judge_all(body.points), _NOTHING
        if isinstance(body, _Event):
            return (), self._read_event(body, device)
        if isinstance(body, _Ack):
            return (), {"ack": clean(body.id), "result": body.result, "why": clean(body.why or "")}
        return (), {"online": isinstance(body, _Avail) and body.state == "online"}

    def _read_event(self, body: _Event, device: Device) -> dict[str, Any]:
        names = self._models[device.model].events
        if body.name not in names or body.name in HUB_MADE_EVENTS:
            hint = suggest(body.name, names)
            raise ProtocolError(f"model {device.model} has no event {body.name!r}{hint}")
        data = body.data or {}
        check_data(data)
        return {"event": body.name, "data": data}

    def _table(self, model: str) -> PointTable:
        table = self._tables[model] = PointTable(self._models[model])
        return table


def encode_command(command: Command) -> tuple[str, bytes]:
    """Return (last word of the topic, payload) of a command; times in epoch seconds."""
    return "cmd", msgspec.json.encode(
        {
            "id": command.id,
            "do": command.do,
            "issued": command.issued,
            "expires": command.expires,
        }
    )


@lru_cache(maxsize=32_768)
def _split(topic: str) -> tuple[str, Topic]:
    words = topic.split("/")
    if len(words) != 4 or words[0] != "ld":
        raise ProtocolError(f"topic {topic!r:.120} is not ld/community/address/kind")
    kind = _TOPICS.get(words[3])
    if kind is None:
        raise ProtocolError(
            f"topic {topic!r:.120} ends in none of {', '.join(_TOPICS)}{suggest(words[3], _TOPICS)}"
        )
    if not _ADDRESS.fullmatch(words[2]):
        raise ProtocolError(f"topic {topic!r:.120}: {words[2]!r:.80} is no address")
    return words[2], kind


def _read_payload(envelope: Envelope, topic: Topic) -> bytes:
    payload = envelope.payload
    if not isinstance(payload, bytes):
        raise ProtocolError("it is a register block, not JSON; check the device's model")
    if envelope.retained and topic in _NEVER_RETAINED:
        raise ProtocolError("it is retained, and what happened once must not be kept")
    return strip_front(payload)


def _count_keys(body: _Body) -> int:
    if body.__class__ is _Points:
        unset = (body.boot is _UNSET) + (body.seq is _UNSET) + (body.ts is _UNSET)
        return 5 - unset - (body.late is _UNSET) + len(body.points)
    values = astuple(body)
    return len(values) - values.count(_UNSET)


def _instant(body: _Body, received: float) -> float:
    """Return epoch seconds as the device says; arrival time where it says nothing.

    Whether that can be true is for the timekeeping: a wrong clock is a fault to be told.
    """
    ts = body.ts
    if ts.__class__ is float and ts <= MILLISECONDS_FROM:
        return ts
    if ts is _UNSET or ts is None:
        return received
    seconds = from_rfc3339(ts) if isinstance(ts, str) else float(ts)
    if seconds > MILLISECONDS_FROM:
        seconds /= 1000
    return seconds


def _digest(body: _Body, topic: Topic, payload: bytes) -> str:
    """Return the content's hash where it identifies the message: it has a time but no `seq`.

    Availability repeats itself word for word, and saying it twice does no harm.
    """
    identified = body.seq.__class__ is int or body.ts is None or body.ts is _UNSET
    if identified and topic is not Topic.ACK:
        return ""
    return _hash(topic, payload)


def _hash(topic: Topic, payload: bytes) -> str:
    return blake2b(payload, digest_size=16, person=topic.value.encode()).hexdigest()


_FORMS: Mapping[Topic, msgspec.json.Decoder[Any]] = {
    Topic.STATE: msgspec.json.Decoder(_Points),
    Topic.TELEMETRY: msgspec.json.Decoder(_Points),
    Topic.EVENT: msgspec.json.Decoder(_Event),
    Topic.AVAIL: msgspec.json.Decoder(_Avail),
    Topic.ACK: msgspec.json.Decoder(_Ack),
}
