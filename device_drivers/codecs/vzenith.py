"""What plate cameras of the Vzenith family push over HTTP, what is kept of it, and the replies.

Plates, pictures and the camera's own password (its heartbeat brings it) are left out here. A plate
goes on as a keyed hash, in the vendor's form with `licenseHash` in place of `license`.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import msgspec

from hub.errors import ProtocolError

NO_PLATE = "_无_"
HIDDEN = "hidden"
NO_PASSAGE = frozenset({64, 65, 66})
"""Triggers of vehicles that stay or turn back."""
FRESH_SECONDS = 10.0
"""How old a record may be that lifts a barrier: longer no order lives."""
_SERIAL = re.compile(r"[A-Za-z0-9_-]{1,64}")
_PLATE = re.compile(r"[\u4e00-\u9fffA-Z0-9]{5,10}")
_FIELD = re.compile(
    rb'name="serialno"[^\r\n]*\r?\n(?:[A-Za-z-]+:[^\r\n]*\r?\n)*\r?\n([A-Za-z0-9_-]{1,64})'
    rb"|(?:^|&)serialno=([A-Za-z0-9_-]{1,64})"
)
_PICTURE = re.compile(rb"[A-Za-z0-9+/=\\]{200,}")

Mask = Callable[[str], str]
"""Makes a keyed hash of a plate."""


class Record(NamedTuple):
    """What a camera has said; without `plate_id` only that it is alive.

    `plate` is a hash, empty where none was read; `at` is in epoch seconds, None without a clock.
    `lifts` and `rate` are the hub's: the answer lifted the barrier, and in so many percent of the
    last vehicles a plate was read.
    """

    serial: str
    plate_id: int | None = None
    plate: str = ""
    confidence: int | None = None
    trigger: int = 0
    is_offline: bool = False
    is_fake: bool = False
    at: float | None = None
    lifts: bool = False
    rate: int | None = None


def read_record(body: bytes, mask: Mask | None = None) -> Record:
    """Read what came; without a `mask` a plate in the clear is only said to be there.

    Raises ProtocolError where it is no message of this family.
    """
    text = body.lstrip(b"\x00\xef\xbb\xbf \r\n")
    if text[:1] != b"{":
        return Record(_serial_of_form(body))
    try:
        said = msgspec.json.decode(text)
    except (ValueError, RecursionError) as error:
        raise ProtocolError(f"it is no JSON: {error}") from error
    for kind in ("AlarmInfoPlate", "AlarmGioIn", "SerialData", "Heartbeat"):
        if isinstance(inner := said.get(kind), dict):
            serial = _serial(inner.get("serialno"))
            result = _inner(_inner(inner, "result"), "PlateResult")
            return _plate(serial, result, mask) if result else Record(serial)
    return Record(_serial(said.get("serialno")))


def write_record(record: Record) -> bytes:
    """Return the record in the vendor's form, with nothing in it that the hub does not use."""
    if record.plate_id is None:
        return msgspec.json.encode({"Heartbeat": {"serialno": record.serial}})
    result: dict[str, Any] = {
        "licenseHash": record.plate,
        "plateid": record.plate_id,
        "triggerType": record.trigger,
        "isoffline": int(record.is_offline),
        "is_fake_plate": int(record.is_fake),
    }
    if record.lifts:
        result["lifts"] = True
    if record.rate is not None:
        result["rate"] = record.rate
    if record.confidence is not None:
        result["confidence"] = record.confidence
    if record.at is not None:
        result["timeStamp"] = {"Timeval": {"sec": record.at}}
    plate = {"serialno": record.serial, "result": {"PlateResult": result}}
    return msgspec.json.encode({"AlarmInfoPlate": plate})


def is_passage(record: Record) -> bool:
    """Tell whether a vehicle has come by just now, whose plate was to be read."""
    is_vehicle = record.plate_id is not None and record.trigger not in NO_PASSAGE
    return is_vehicle and not (record.is_offline or record.is_fake)


def may_lift(record: Record, now: float) -> bool:
    """Tell whether a car waits: no replay, no fake plate, a plate was read, and just now."""
    is_old = record.at is not None and now - record.at > FRESH_SECONDS
    return bool(record.plate) and not (record.is_offline or record.is_fake or is_old)


def reply_to(record: Record) -> bytes:
    """Return the answer: it stops the repetition, and lifts the barrier only if the record does.

    A camera that has kept records goes on with them only where it is told to.
    """
    if record.plate_id is None:
        return msgspec.json.encode({"Response_AlarmInfoPlate": {"info": "no"}})
    said: dict[str, Any] = {
        "info": "ok" if record.lifts else "no",
        "content": "retransfer_stop",
        "is_pay": "false",
        "plateid": record.plate_id,
        "serialData": [],
    }
    if record.is_offline:
        said["ContinuePushOffline"] = {"plateid": record.plate_id, "continue": 1}
    return msgspec.json.encode({"Response_AlarmInfoPlate": said})


def cut_pictures(body: bytes) -> bytes:
    """Return what nobody can read without the pictures that may be in it."""
    return _PICTURE.sub(lambda found: b"[%d bytes]" % len(found[0]), body[:65_536])


def _plate(serial: str, result: Mapping[str, Any], mask: Mask | None) -> Record:
    return Record(
        serial=serial,
        plate_id=_number(result.get("plateid"), "plateid") or 0,
        plate=_hash(result, mask),
        confidence=_number(result.get("confidence"), "confidence"),
        trigger=_number(result.get("triggerType"), "triggerType") or 0,
        is_offline=_flag(result.get("isoffline")),
        is_fake=_flag(result.get("is_fake_plate")),
        at=_instant(_inner(_inner(result, "timeStamp"), "Timeval").get("sec")),
        lifts=mask is None and result.get("lifts") is True,
        rate=None if mask else _number(result.get("rate"), "rate"),
    )


def _hash(result: Mapping[str, Any], mask: Mask | None) -> str:
    known = result.get("licenseHash")
    if isinstance(known, str) and _SERIAL.fullmatch(known):
        return known
    plate = _clear(str(result.get("license") or ""))
    if not plate:
        return ""
    return mask(plate) if mask else HIDDEN


def _clear(text: str) -> str:
    """Return the plate as text; some firmware writes it in base64. Empty where none was read."""
    plain = text.strip()
    if not _PLATE.fullmatch(plain):
        try:
            decoded = base64.b64decode(plain, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError, ValueError):
            decoded = ""
        plain = decoded if _PLATE.fullmatch(decoded) else plain
    return "" if plain in {"", NO_PLATE} else plain


def _flag(value: object) -> bool:
    return str(value).lower() in {"1", "true"}


def _inner(fields: object, name: str) -> Mapping[str, Any]:
    found = fields.get(name) if isinstance(fields, dict) else None
    return found if isinstance(found, dict) else {}


def _serial_of_form(body: bytes) -> str:
    found = _FIELD.search(body[:16_384])
    if found is None:
        raise ProtocolError("it is neither JSON nor a form with a serialno")
    return (found[1] or found[2]).decode()


def _serial(value: object) -> str:
    if not isinstance(value, str) or not _SERIAL.fullmatch(value):
        raise ProtocolError(f"its serialno is {value!r:.80}, which no device has as address")
    return value


def _number(value: object, name: str) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**63:
        raise ProtocolError(f"its {name} is {value!r:.40}")
    return value


def _instant(value: object) -> float | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and 0 < float(value) < 1e11 else None  # type: ignore[arg-type]
