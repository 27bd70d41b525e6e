"""Instants as text: epoch seconds to RFC 3339 in the community's time, and back."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

COMMUNITY_TIME = timezone(timedelta(hours=8), "CST")
"""China has one zone and no summer time."""
LATEST = datetime(9999, 12, 31, tzinfo=COMMUNITY_TIME).timestamp()
"""What lies behind it cannot be written as text any more."""


def to_rfc3339(instant: float | None) -> str | None:
    """Write epoch seconds as `2026-11-24T15:48:17.123+08:00`; None stays None."""
    if instant is None:
        return None
    return datetime.fromtimestamp(instant, COMMUNITY_TIME).isoformat(timespec="milliseconds")


def from_rfc3339(text: str) -> float:
    """Read RFC 3339 text as epoch seconds; text without an offset is community time.

    Raises ValueError when the text is no instant, or one outside the years 1 to 9999.
    """
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=COMMUNITY_TIME)
    try:
        return moment.astimezone(UTC).timestamp()
    except OverflowError as error:
        raise ValueError(f"{text!r} is out of range") from error


def to_local_text(instant: float) -> str:
    """Write epoch seconds for people, in the community's time: `2026-11-24 15:48`."""
    return datetime.fromtimestamp(instant, COMMUNITY_TIME).strftime("%Y-%m-%d %H:%M")


def local_day(instant: float) -> str:
    """Return the community's calendar day as `YYYYMMDD`."""
    return datetime.fromtimestamp(instant, COMMUNITY_TIME).strftime("%Y%m%d")


def seconds_of_day(instant: float) -> float:
    """Return the seconds since local midnight."""
    return (instant + 8 * 3600) % 86400


def day_number(instant: float) -> int:
    """Return the community's calendar day, counted from 1970-01-01."""
    return int((instant + 8 * 3600) // 86400)


def day_from_text(text: str) -> int:
    """Read `2026-12-05` as a day, counted from 1970-01-01; ValueError where it is none."""
    return date.fromisoformat(text).toordinal() - date(1970, 1, 1).toordinal()


def start_of_day(day: int) -> float:
    """Return the local midnight with which a day begins, by its number."""
    return day * 86400.0 - 8 * 3600
