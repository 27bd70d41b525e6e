"""What callers of the API send: cursors, instants, terms, codes, names, bodies."""

from __future__ import annotations

import math
from collections.abc import Callable

import msgspec

from hub.access.body import read_struct
from hub.access.code import as_given
from hub.access.key_cabinet import NewKey
from hub.access.people import NewPerson, PersonChange
from hub.access.term import read_term
from hub.access.word import LONGEST_NAME, read_name, read_phone
from hub.api.commands import Order
from hub.api.keys import Rotation
from hub.api.paging import instant
from hub.api.tickets import StepBody
from hub.errors import InvalidRequestError
from hub.feeds import cursor
from hub.feeds.actions import ActionBody
from hub.feeds.grid import _since
from hub.feeds.subscriptions import ReplayBody, SubscriptionBody
from hub.model.instant import to_rfc3339
from tests.fuzz.target import Target

COMMUNITY, SCOPE = "guanshan", "guanshan/a"
BODIES = (
    ActionBody,
    SubscriptionBody,
    ReplayBody,
    StepBody,
    Order,
    NewKey,
    Rotation,
    NewPerson,
    PersonChange,
)
YEAR_5138 = 1e11
"""Behind it a number counts milliseconds."""


def check_cursor(data: bytes) -> str:
    """Read a cursor as it came, and one whose check was made to fit."""
    text = data.decode(errors="replace")
    head = f"{COMMUNITY}|{text}|{cursor._tag(SCOPE)}"
    _read(cursor.base64.urlsafe_b64encode(f"{head}|{cursor._tag(head)}".encode()).decode())
    return _read(text)


def _read(text: str) -> str:
    try:
        seq = cursor.read_cursor(text, COMMUNITY, SCOPE).seq
    except InvalidRequestError as error:
        assert error.problems["after"]
        return "refused"
    assert seq >= 0
    assert (
        cursor.read_cursor(cursor.write_cursor(COMMUNITY, seq, SCOPE), COMMUNITY, SCOPE).seq == seq
    )
    return "read"


def check_word(data: bytes) -> str:
    """Read one text as everything that a caller may write into a field or a query."""
    text = data.decode(errors="replace")
    verdicts = [_take(read, text, check) for read, check in READERS]
    as_given(text)
    return "read" if "read" in verdicts else "refused"


def _take(read: Callable[[str], object], text: str, check: Callable[[object], None]) -> str:
    try:
        found = read(text)
    except InvalidRequestError as error:
        assert str(error)
        return "refused"
    check(found)
    return "read"


def _is_number(found: object) -> None:
    assert isinstance(found, float)
    assert math.isfinite(found)


def _is_instant(found: object) -> None:
    _is_number(found)
    assert isinstance(found, float)
    assert to_rfc3339(found)


def _is_name(found: object) -> None:
    assert isinstance(found, str)
    assert 0 < len(found) <= LONGEST_NAME
    assert ":" not in found
    assert read_name(found) == found


def _is_term(found: object) -> None:
    assert isinstance(found, float)
    assert 60 <= found <= 86400 * 365


READERS: tuple[tuple[Callable[[str], object], Callable[[object], None]], ...] = (
    (lambda text: instant(text, "from", 0.0), _is_instant),
    (_since, _is_number),
    (lambda text: read_term(text, "expires", least=60, most=86400 * 365), _is_term),
    (read_name, _is_name),
    (read_phone, lambda found: None),
)


def check_body(data: bytes) -> str:
    """Read a body as that of each call; what is taken can be stored and shown."""
    verdict = "refused"
    for kind in BODIES:
        try:
            found = read_struct(data, kind)
        except InvalidRequestError as error:
            assert error.problems
            continue
        verdict = "read"
        assert msgspec.json.decode(msgspec.json.encode(found), type=kind) == found
    return verdict


TARGETS = {
    "cursors": Target(
        [
            cursor.write_cursor(COMMUNITY, 17, SCOPE).encode(),
            cursor.write_cursor(COMMUNITY, 0, "").encode(),
            cursor.write_cursor("other", 2**62, SCOPE).encode(),
            b"17",
        ],
        (b"|", b"=", b"-", b"_", b"+1", b"1_0", b" 1", "１".encode(), b"9" * 40, b"\x00"),
        check_cursor,
    ),
    "words": Target(
        [
            b"2026-11-24T08:00:00+08:00", b"2026-11-24T08:00:00 08:00", b"1764000000.5",
            b"1764000000123", b"2026-W48-2", b"20261124T080000Z", b"90d", b"12h", b"K7QM-2XFD-9TRA",
            "王小明".encode(), b"crew-1", b"027-81234567", b"13900000000",
        ],
        (
            b"0001-01-01", b"9999-12-31", b"T23:59:59", b"-14:00", b"+14:00", b"Z", b"9" * 39,
            b".", b"-", b" ", "²".encode(), b"\xcc\x88", b"\xe2\x80\xae", b"nan", b"inf", b":",
        ),
        check_word,
    ),
    "bodies": Target(
        [
            b'{"do":"take"}',
            b'{"do":"complete","code":"repaired","reason":"x","text":"y","to":"li","extra":{"a":1}}',
            b'{"device":"gate-1","do":"open","reason":"ambulance"}',
            b'{"name":"crew-1","role":"crew","place":"test/a","expires":"90d"}',
            b'{"overlap":"7d"}',
            b'{"name":"li","role":"guard","place":"","phone":"13900000000"}',
            b'{"role":"guard","place":null,"phone":null}',
        ],
        (
            b"null", b"{}", b"[]", b"[" * 2000, b'{"a":' * 2000, b"\\ud800", b"\\u0000", b"1e999",
            b"9" * 400, b'"do"', b'"extra":', b"\xff", b'""', b":", b",", b"NaN", b"-0",
        ),
        check_body,
    ),
}  # fmt: skip
