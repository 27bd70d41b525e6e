"""RTSP as far as a probe needs it: requests, answers, the video of an SDP, and what was found.

Source: RFC 2326; vendors' paths are `/Streaming/Channels/101` (Hikvision) and
`/cam/realmonitor?channel=1&subtype=0` (Dahua).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

import msgspec

from hub.errors import ProtocolError

LONGEST_HEAD, LONGEST_BODY = 8192, 65_536
_STATUS = re.compile(r"RTSP/1\.\d (\d{3})(?: .*)?")
_PLACE = re.compile(
    r"(?:rtsp://)?((?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]{1,253}))(?::(\d{1,5}))?(/\S*)?"
)
OK, UNAUTHORIZED = 200, 401
UNANSWERED = -1
"""In place of a status, where a camera has answered OPTIONS and then no more."""


class Place(NamedTuple):
    """Where a stream is, without a name and password."""

    host: str
    port: int
    path: str

    @property
    def uri(self) -> str:
        """Return what stands in requests."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"rtsp://{host}:{self.port}{self.path}"


class Answer(NamedTuple):
    """One answer; `fields` in lower case, the last of several wins, but for challenges."""

    status: int
    fields: Mapping[str, str]
    challenges: tuple[str, ...] = ()
    body: str = ""


class Finding(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a probe has found: the status of each question, 0 where it was not asked, or UNANSWERED.

    `video` says whether the stream has any, `plays` whether pictures came when they were asked
    for last; None where that is not known.
    """

    options: int
    describe: int = 0
    video: bool = False
    plays: bool | None = None
    again: bool = False
    """It was told not long ago, and nothing has changed: only a sign of life."""


def read_place(text: str) -> Place:
    """Read `host[:port]/path`; raises ProtocolError where it is none."""
    found = _PLACE.fullmatch(text.strip())
    port = int(found[2] or 554) if found else 0
    if found is None or not 0 < port < 65_536 or "@" in text:
        raise ProtocolError(f"{text!r:.120} is not host:port/path of a stream")
    return Place(found[1].strip("[]"), port, found[3] or "/")


def write_request(method: str, uri: str, number: int, fields: Mapping[str, str]) -> bytes:
    """Return a request without a body."""
    lines = [f"{method} {uri} RTSP/1.0", f"CSeq: {number}", "User-Agent: lingdang"]
    lines += [f"{name}: {value}" for name, value in fields.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def read_head(head: bytes) -> tuple[Answer, int]:
    """Return an answer without its body, and how many bytes that has.

    Raises ProtocolError for what is no RTSP.
    """
    first, _, rest = head.decode("latin-1").partition("\r\n")
    found = _STATUS.fullmatch(first.strip())
    if found is None:
        raise ProtocolError(f"{first[:60]!r} is no answer of RTSP")
    pairs = [line.partition(":") for line in rest.split("\r\n") if ":" in line]
    fields = {name.strip().lower(): value.strip() for name, _, value in pairs}
    asked = [value.strip() for name, _, value in pairs if name.lower() == "www-authenticate"]
    length = fields.get("content-length", "0")
    if not re.fullmatch("[0-9]{1,6}", length) or int(length) > LONGEST_BODY:
        raise ProtocolError(f"its Content-Length is {length[:40]!r}")
    return Answer(int(found[1]), fields, tuple(asked)), int(length)


def find_video(sdp: str, base: str) -> str:
    """Return the URI of the first video of a description; empty where it has none."""
    control, is_video = "", False
    for line in sdp.splitlines():
        if line.startswith("m="):
            if is_video:
                break
            is_video = line.startswith("m=video")
        elif is_video and line.startswith("a=control:"):
            control = line.removeprefix("a=control:").strip()
    if not is_video:
        return ""
    if control.startswith("rtsp://") or control in {"", "*"}:
        return control if control.startswith("rtsp://") else base
    return f"{base.rstrip('/')}/{control}"


def read_finding(payload: bytes) -> Finding:
    """Read what a probe has found, or an answer to DESCRIBE as it came over the wire."""
    if payload[:5] == b"RTSP/":
        head, _, body = payload.partition(b"\r\n\r\n")
        answer, _ = read_head(head)
        has_video = bool(find_video(body.decode("utf-8", "replace"), "rtsp://"))
        return Finding(options=OK, describe=answer.status, video=has_video)
    try:
        return msgspec.json.decode(payload, type=Finding)
    except (ValueError, RecursionError) as error:
        raise ProtocolError(f"it is neither a finding nor an answer of RTSP: {error}") from error


def write_finding(finding: Finding) -> bytes:
    """Return it as JSON."""
    return msgspec.json.encode(finding)
