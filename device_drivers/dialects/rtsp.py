"""Cameras by RTSP: whether they answer, have a stream, and send pictures.

Three levels: OPTIONS (200 or 401 is alive), DESCRIBE with Digest (the description has `m=video`),
and now and then PLAY for five seconds (pictures come). The first is `online`, the others are
`stream.ok`. A password that is refused is the site's fault and not the camera's: then nothing is
known of the stream. Whether a picture is black or frozen is not seen.

Sample: `{"options":200,"describe":200,"video":true,"plays":true}`.
Liveness: two probes without an answer to OPTIONS, at least 3 s apart, are silence.
Firmware seen: none. Source: RFC 2326.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from device_drivers.codecs.rtsp import OK, UNAUTHORIZED, Finding, read_finding
from device_drivers.meaning import Circumstance, Interpreter, Meaning
from hub.errors import ProtocolError
from hub.model.catalogue import DeviceModel
from hub.model.device import Device
from hub.model.report import Report
from hub.ports import Envelope

BUSY = frozenset({403, 453, 503})
"""The recorder has no stream left for us, or not for this user: it says nothing of the camera."""


class RtspDriver:
    """Translates findings of every model whose driver is `rtsp`."""

    name = "rtsp"

    def __init__(self, models: Mapping[str, DeviceModel]) -> None:
        self._interpreter = Interpreter(models)

    def device_address(self, envelope: Envelope) -> str:
        """Return the camera's address; the link puts it into the envelope."""
        return envelope.address

    def decode(self, envelope: Envelope, device: Device) -> Sequence[Report]:
        """Translate what one probe has found."""
        if not isinstance(envelope.payload, bytes):
            raise ProtocolError(f"{device.id}: a finding must be bytes, not registers")
        try:
            finding = read_finding(envelope.payload)
        except ProtocolError as error:
            raise ProtocolError(f"{device.id}: {error}") from error
        points: dict[str, bool | None] = {"online": True, "stream.ok": _is_streaming(finding)}
        if not finding.describe:
            del points["stream.ok"]
        if finding.again:
            points = {}
        return self._interpreter.reports(Meaning(points), Circumstance(), envelope, device)


def _is_streaming(finding: Finding) -> bool | None:
    if finding.describe == UNAUTHORIZED or finding.describe in BUSY:
        return None
    return finding.describe == OK and finding.video and finding.plays is not False
