"""SIP as far as GB/T 28181 needs it for status: requests, answers, and their frames in a stream.

Names of users are 20 digits and domains 10, which no library of SIP takes for a host. Answers go to
where a packet came from, since what stands in Via and Contact lies behind routers.
Source: RFC 3261, RFC 3581; GB/T 28181-2016, section 9 and annex J.
"""

from __future__ import annotations

import re
from hashlib import blake2b
from typing import NamedTuple

from hub.errors import ProtocolError

LONGEST_HEAD, LONGEST = 8192, 65_536
MOST_FIELDS = 64
_REQUEST = re.compile(r"([A-Z]{3,10}) (sips?:\S{1,256}) SIP/2\.0")
_STATUS = re.compile(r"SIP/2\.0 (\d{3})(?: .*)?")
_LENGTH = re.compile(rb"(?:^|\n)(?:content-length|l)\s*:\s*(\d{1,6})\s*\r", re.IGNORECASE)
_ID = re.compile(r"sips?:(\d{20})@")
_COMPACT = {
    "v": "via", "f": "from", "t": "to", "i": "call-id", "m": "contact", "l": "content-length",
    "c": "content-type", "e": "content-encoding", "s": "subject",
}  # fmt: skip
REASONS = {
    200: "OK", 400: "Bad Request", 401: "Unauthorized", 403: "Forbidden",
    405: "Method Not Allowed", 481: "Call Does Not Exist", 503: "Service Unavailable",
}  # fmt: skip


class Message(NamedTuple):
    """One message; `method` is empty and `status` set for an answer.

    `fields` are pairs in lower case and in their order, since Via may come more than once.
    """

    method: str
    uri: str
    status: int
    fields: tuple[tuple[str, str], ...]
    body: bytes = b""

    def get(self, name: str) -> str:
        """Return the first field of that name; empty where there is none."""
        return next((value for key, value in self.fields if key == name), "")

    @property
    def sender(self) -> str:
        """Return the 20 digits of who has sent it; empty where From has none."""
        found = _ID.search(self.get("from"))
        return found[1] if found else ""

    @property
    def transaction(self) -> str:
        """Return what a repetition of this request has in common with it."""
        branch = re.search(r"branch=([^;,\s]+)", self.get("via"))
        said = f"{branch[1] if branch else ''} {self.get('call-id')} {self.get('cseq')}"
        return blake2b(said.encode(), digest_size=16).hexdigest()


def frame_length(waiting: bytes) -> int | None:
    """Return how long the first message of a stream is; None where more of it has to come.

    Raises ProtocolError for one that is too long, or says no length that fits.
    """
    end = waiting.find(b"\r\n\r\n")
    if end < 0:
        if len(waiting) > LONGEST_HEAD:
            raise ProtocolError(f"its head has no end within {LONGEST_HEAD} bytes")
        return None
    found = _LENGTH.search(waiting[: end + 2])
    whole = end + 4 + (int(found[1]) if found else 0)
    if whole > LONGEST:
        raise ProtocolError(f"it has {whole} bytes, more than {LONGEST}")
    return whole if len(waiting) >= whole else None


def read_message(raw: bytes) -> Message:
    """Read one message, or raise ProtocolError."""
    head, mark, body = raw.partition(b"\r\n\r\n")
    if not mark or len(head) > LONGEST_HEAD or len(raw) > LONGEST:
        raise ProtocolError("it is no whole message of SIP")
    first, _, rest = head.decode("utf-8", "replace").partition("\r\n")
    asked, answered = _REQUEST.fullmatch(first), _STATUS.fullmatch(first)
    lines = rest.split("\r\n")
    if not (asked or answered) or len(lines) > MOST_FIELDS:
        raise ProtocolError(f"{first[:60]!r} is no beginning of a message of SIP")
    pairs = [line.partition(":") for line in lines if ":" in line]
    keys = [name.strip().lower() for name, _, _ in pairs]
    fields = tuple(
        (_COMPACT.get(key, key), value.strip())
        for key, (_, _, value) in zip(keys, pairs, strict=True)
    )
    if asked:
        return Message(asked[1], asked[2], 0, fields, body)
    return Message("", "", int(answered[1]) if answered else 0, fields, body)


def write_answer(
    asked: Message, status: int, source: tuple[str, int], more: tuple[tuple[str, str], ...] = ()
) -> bytes:
    """Return the answer to a request that came from `source`."""
    lines = [f"SIP/2.0 {status} {REASONS[status]}"]
    vias = [value for name, value in asked.fields if name == "via"]
    for place, via in enumerate(vias):
        lines.append(f"Via: {_fill_in(via, source) if place == 0 else via}")
    to = asked.get("to")
    tag = "" if "tag=" in to else ";tag=lingdang"
    lines += [f"From: {asked.get('from')}", f"To: {to}{tag}"]
    lines += [f"Call-ID: {asked.get('call-id')}", f"CSeq: {asked.get('cseq')}"]
    lines += [f"{name}: {value}" for name, value in more]
    return ("\r\n".join([*lines, "Content-Length: 0"]) + "\r\n\r\n").encode()


class Route(NamedTuple):
    """From whom a request of ours goes to whom: ids, domain, and how it is sent."""

    server: str
    domain: str
    device: str
    transport: str
    host: str
    port: int


def write_request(route: Route, number: int, key: str, body: bytes) -> bytes:
    """Return a MESSAGE with XML in it; `key` makes branch, tag and Call-ID of their own."""
    lines = [
        f"MESSAGE sip:{route.device}@{route.domain} SIP/2.0",
        f"Via: SIP/2.0/{route.transport} {route.host}:{route.port};rport;branch=z9hG4bK{key}",
        f"From: <sip:{route.server}@{route.domain}>;tag={key}",
        f"To: <sip:{route.device}@{route.domain}>",
        f"Call-ID: {key}",
        f"CSeq: {number} MESSAGE",
        "Max-Forwards: 70",
        "User-Agent: lingdang",
        "Content-Type: Application/MANSCDP+xml",
        f"Content-Length: {len(body)}",
    ]
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body


def expires_of(message: Message) -> int:
    """Return the seconds that a registration is asked for; 0 is the goodbye."""
    inner = re.search(r"expires=(\d{1,9})", message.get("contact"), re.IGNORECASE)
    text = message.get("expires") or (inner[1] if inner else "3600")
    return int(text) if re.fullmatch("[0-9]{1,9}", text) else 3600


def _fill_in(via: str, source: tuple[str, int]) -> str:
    """Say in the first Via where the packet came from."""
    bare = re.sub(r";(?:rport(?:=\d+)?|received=[^;]+)", "", via)
    return f"{bare};rport={source[1]};received={source[0]}"
