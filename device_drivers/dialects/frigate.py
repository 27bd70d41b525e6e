"""Frigate, a recorder that counts what its cameras see: are they there, and what kinds were seen.

Topics below the prefix `frigate`: `available` says `online` and, as its will, `offline`, retained;
`stats` every minute how many frames each camera brings, and how full the disks are; `events` each
object that is new, changes or ends; `reviews` (from 0.14 on) the same for people, with a severity.
One program speaks for all cameras: the device `frigate` is the program itself, a camera's address
is its name in Frigate's configuration.

Privacy: of an object only its kind and the zones are taken, of a review the kinds and zones. Names
and plates that Frigate has recognised (`sub_label`, `recognized_license_plate`), boxes, ids and
pictures are left out before anything is kept, and the topics with pictures are not heard at all.

Liveness: Frigate restarts a camera's ffmpeg by itself, and `camera_fps` is 0 while no frame comes:
the stream is lost then, and the camera is heard through Frigate all the same. In the first two
minutes after its start 0 means nothing. A camera that was switched off in Frigate brings 0 frames
too: take it out of service. Without a word for three minutes, or by the will, all are silent.

Sample: `frigate/stats` `{"cameras":{"gate_w":{"camera_fps":5.0,"process_fps":5.0,"skipped_fps":0.0,
"detection_fps":1.2}},"service":{"uptime":86400,"storage":{"/media/frigate/recordings":{"total":
938000.0,"used":610000.0,"free":328000.0}}}}`.
Firmware seen: documents of 0.13 to 0.16. Not tried on an installation of ours.
Source: docs.frigate.video (MQTT, HTTP API); frigate/stats/util.py of its source for what a
snapshot holds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

import msgspec

from device_drivers.family import Topics, Tree, address_of, availability, instant_of, report
from hub.errors import ProtocolError
from hub.model.catalogue import DeviceModel
from hub.model.device import Device
from hub.model.report import Quality, Report, Sample, Topic
from hub.ports import EVERYBODY, Envelope, Part

T = TypeVar("T")
PROGRAM = "frigate"
"""The address of the program itself."""
GRACE = 90.0
SETTLING = 120.0
"""Seconds after a start of Frigate in which a camera may still bring no frames."""
RECORDINGS = "/media/frigate/recordings"
MOST_WORDS, LONGEST_WORD = 20, 60
WORDS = {b"online": True, b"offline": False}
_VERIFIED = "-verified"
"""Behind a kind whose name Frigate knows: the kind is the same."""


class _Camera(msgspec.Struct, frozen=True):
    camera_fps: float | None = None
    process_fps: float | None = None
    skipped_fps: float | None = None
    detection_fps: float | None = None


class _Service(msgspec.Struct, frozen=True):
    uptime: float = 0.0
    storage: dict[str, dict[str, Any]] = {}


class _Stats(msgspec.Struct, frozen=True):
    cameras: dict[str, _Camera] = {}
    service: _Service = _Service()


class _Said(msgspec.Struct, frozen=True):
    """What is taken of an object or a review, and nothing else."""

    camera: str = ""
    label: str = ""
    severity: str = ""
    start_time: float | None = None
    entered_zones: list[str] = []
    current_zones: list[str] = []
    data: dict[str, Any] = {}


class _Change(msgspec.Struct, frozen=True):
    type: str = ""
    after: _Said = _Said()


class _Cut(msgspec.Struct, frozen=True):
    """A camera's part of the stats: all that is passed on."""

    camera: _Camera
    uptime: float


class FrigateDriver:
    """Translates what Frigate says of itself and its cameras: models whose driver is `frigate`."""

    name = "frigate"
    topics = Topics(
        prefix="frigate",
        hears=("{p}available", "{p}stats", "{p}events", "{p}reviews"),
        largest=1_048_576,
    )

    def __init__(self, models: Mapping[str, DeviceModel], prefix: str | None = None) -> None:
        self._models = models
        self._tree = Tree(self.topics, prefix)

    def device_address(self, envelope: Envelope) -> str:
        """Return the first device that a message tells of."""
        parts = self.split(envelope)
        if not parts:
            raise ProtocolError(f"topic {envelope.address!r:.120} is of no device")
        return parts[0].address

    def split(self, envelope: Envelope) -> Sequence[Part]:
        """Return what a message says of the program, and of each camera."""
        match self._tree.words(envelope.address):
            case ["available"]:
                parts = [Part(address=PROGRAM, envelope=envelope)]
                if not _is_online(envelope):
                    parts.append(Part(address=EVERYBODY, envelope=envelope))
                return parts
            case ["stats"]:
                return list(_of_stats(envelope, _read(envelope, _Stats)))
            case ["events" | "reviews"]:
                return _of_change(envelope, _read(envelope, _Change))
        return ()

    def guess(self, envelope: Envelope) -> str:
        """Name the model: what is not the program is a camera."""
        words = self._tree.words(envelope.address)
        payload = envelope.payload
        is_camera = isinstance(payload, bytes) and payload.startswith(b'{"camera"')
        if words[0] == "available" or not is_camera:
            return "frigate-recorder (it is the program)"
        return "frigate-camera (one of its cameras)"

    def decode(self, envelope: Envelope, device: Device) -> Sequence[Report]:
        """Translate one part: whether somebody is there, frames, disks, or what was seen."""
        match self._tree.words(envelope.address):
            case ["available"]:
                online = _is_online(envelope)
                return (availability(envelope, device, online=online, grace=GRACE),)
            case ["stats"] if device.address == PROGRAM:
                reports = [_read_service(envelope, device)]
            case ["stats"]:
                reports = [_read_camera(envelope, device)]
            case _:
                reports = list(_read_change(envelope, device))
        return tuple(_fit(reports, self._models[device.model]))


def _fit(reports: Iterable[Report], model: DeviceModel) -> Iterator[Report]:
    """Leave out what the model does not know: the books may take a camera for the program."""
    for each in reports:
        samples = tuple(sample for sample in each.samples if sample.point in model.points)
        if samples or each.online or each.event in model.events:
            yield msgspec.structs.replace(each, samples=samples)


def _read(envelope: Envelope, kind: type[T]) -> T:
    """Read what is known of a message; all else in it is passed over unread."""
    payload = envelope.payload
    if not isinstance(payload, bytes):
        raise ProtocolError("it is a register block, not JSON; check the device's model")
    try:
        return msgspec.json.decode(payload, type=kind)
    except RecursionError as error:
        raise ProtocolError("it is nested too deeply") from error
    except ValueError as error:
        raise ProtocolError(f"it is nothing that Frigate says: {error}") from error


def _is_online(envelope: Envelope) -> bool:
    said = envelope.payload if isinstance(envelope.payload, bytes) else b""
    online = WORDS.get(said.strip())
    if online is None:
        raise ProtocolError(f"{said[:40]!r} is neither online nor offline")
    return online


def _of_stats(envelope: Envelope, stats: _Stats) -> Iterator[Part]:
    service = msgspec.json.encode(_Stats(service=stats.service))
    yield Part(address=PROGRAM, envelope=msgspec.structs.replace(envelope, payload=service))
    for name, camera in stats.cameras.items():
        address = address_of(name)
        if address != PROGRAM:
            cut = msgspec.json.encode(_Cut(camera=camera, uptime=stats.service.uptime))
            yield Part(address=address, envelope=msgspec.structs.replace(envelope, payload=cut))


def _of_change(envelope: Envelope, change: _Change) -> Sequence[Part]:
    """Return the camera's part, cut down to kinds and zones; none for what only goes on."""
    if change.type != "new" or not change.after.camera or envelope.retained:
        return ()
    after, data = change.after, change.after.data
    told = _Said(
        label=_kind(after.label),
        severity=after.severity[:LONGEST_WORD],
        start_time=after.start_time,
        entered_zones=_words((*after.entered_zones, *after.current_zones, *_list(data, "zones"))),
        data={"objects": _words(map(_kind, _list(data, "objects")))},
    )
    payload = msgspec.json.encode(_Change(type="new", after=told))
    part = msgspec.structs.replace(envelope, payload=payload)
    return (Part(address=address_of(after.camera), envelope=part, quiet=True),)


def _list(data: Mapping[str, Any], name: str) -> list[str]:
    found = data.get(name)
    return [each for each in found if isinstance(each, str)] if isinstance(found, list) else []


def _kind(label: str) -> str:
    return label.removesuffix(_VERIFIED)


def _words(said: Iterable[str]) -> list[str]:
    return [word[:LONGEST_WORD] for word in dict.fromkeys(said)][:MOST_WORDS]


def _read_service(envelope: Envelope, device: Device) -> Report:
    service = _read(envelope, _Stats).service
    disk = service.storage.get(RECORDINGS)
    samples = [Sample("online", value=True)]
    if disk is not None:
        # Frigate writes an empty table for a disk that it cannot read.
        samples.append(Sample("disk.ok", value=bool(disk)))
        total, used = _number(disk.get("total")), _number(disk.get("used"))
        if 0 <= used <= total and total > 0:
            samples.append(Sample("disk.used", round(100 * used / total, 1)))
    return report(envelope, device, Topic.STATE, samples=tuple(samples))


def _number(said: object) -> float:
    is_number = isinstance(said, int | float) and not isinstance(said, bool)
    return float(said) if is_number else -1.0  # type: ignore[arg-type]


def _read_camera(envelope: Envelope, device: Device) -> Report:
    cut = _read(envelope, _Cut)
    frames = cut.camera.camera_fps
    samples = [Sample("online", value=True)]
    if frames is None:
        samples.append(Sample("stream.ok", None, Quality.BAD))
    elif frames > 0 or cut.uptime >= SETTLING:
        samples.append(Sample("stream.ok", frames > 0))
    for point, value in (
        ("frames.camera", frames),
        ("frames.detected", cut.camera.detection_fps),
        ("frames.skipped", cut.camera.skipped_fps),
    ):
        if value is not None:
            samples.append(Sample(point, value))
    return report(envelope, device, Topic.STATE, samples=tuple(samples))


def _read_change(envelope: Envelope, device: Device) -> Iterator[Report]:
    words, said = envelope.address.rpartition("/")[2], _read(envelope, _Change).after
    at = instant_of(said.start_time, envelope.received)
    zones = {"zones": said.entered_zones} if said.entered_zones else {}
    if words == "events" and said.label:
        data = {"kind": said.label[:LONGEST_WORD], **zones}
        yield report(envelope, device, Topic.EVENT, event="object.seen", data=data, at=at)
    elif words == "reviews" and said.severity == "alert":
        data = {"kinds": said.data.get("objects", []), **zones}
        yield report(envelope, device, Topic.EVENT, event="review.alert", data=data, at=at)
    else:
        yield availability(envelope, device, online=True, grace=0.0)
