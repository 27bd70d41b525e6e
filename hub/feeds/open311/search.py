"""Which requests a program asks for: GeoReport's filters, and `updated_after` with pages beside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from hub.errors import InvalidRequestError
from hub.feeds.catalogue import Known
from hub.feeds.open311.request import is_closed
from hub.feeds.open311.service import service_of
from hub.model.instant import from_rfc3339

LONGEST_SPAN = 90 * 86_400.0
MOST = 1000
"""GeoReport's own limits of one answer: so many days, and so many requests."""
STATUSES = ("open", "closed")


class Search(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked for; instants are epoch seconds, and what is empty or None excludes nothing."""

    ids: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    statuses: tuple[str, ...] = ()
    start: float | None = None
    end: float | None = None
    updated_after: float | None = None
    updated_before: float | None = None
    page: int = 1
    page_size: int = MOST
    extensions: bool = False

    @property
    def is_by_change(self) -> bool:
        """Tell whether it asks for what has changed, and not for what was reported."""
        return self.updated_after is not None or self.updated_before is not None

    def fits(self, known: Known) -> bool:
        """Tell whether a request is asked for; ids override everything else."""
        if self.ids:
            return known.incident in self.ids
        status = "closed" if is_closed(known.state, known.folded_into) else "open"
        return (
            (not self.statuses or status in self.statuses)
            and (not self.services or service_of(known.fault) in self.services)
            and _within(known.at, self.updated_after, self.updated_before)
            and _within(from_rfc3339(known.opened_at), self.start, self.end)
        )

    def page_of(self, found: Sequence[Known]) -> Sequence[Known]:
        """Return the page: what was reported last first, but what changed longest ago first."""
        if self.is_by_change:
            ordered = sorted(found, key=lambda known: (known.at, known.incident))
        else:
            ordered = sorted(found, key=lambda each: (each.opened_at, each.incident), reverse=True)
        first = (self.page - 1) * self.page_size
        return ordered[first : first + self.page_size]


def read_search(query: Mapping[str, str], now: float) -> Search:
    """Read the parameters; an empty one counts as none. InvalidRequestError names a wrong one.

    Without any instant the last 90 days are meant; with one of two, the 90 days beside it.
    """
    known = {name: query.get(name, "").strip() for name in PARAMETERS}
    start, end = (_instant(known, name) for name in ("start_date", "end_date"))
    search = Search(
        ids=_words(known["service_request_id"]),
        services=_words(known["service_code"]),
        statuses=_statuses(known["status"]),
        start=start,
        end=end,
        updated_after=_instant(known, "updated_after"),
        updated_before=_instant(known, "updated_before"),
        page=_number(known, "page", 1, 1_000_000),
        page_size=_number(known, "page_size", MOST, MOST),
        extensions=known["extensions"].lower() in {"true", "1"},
    )
    return search if search.is_by_change and start is end is None else _spanned(search, now)


PARAMETERS = (
    *("service_request_id", "service_code", "start_date", "end_date", "status"),
    *("updated_after", "updated_before", "page", "page_size", "extensions"),
)


def _spanned(search: Search, now: float) -> Search:
    start, end = search.start, search.end
    if start is None:
        start = (now if end is None else end) - LONGEST_SPAN
    elif end is None:
        end = start + LONGEST_SPAN
    if end is not None and not 0 <= end - start <= LONGEST_SPAN:
        raise _wrong("end_date", "it lies up to 90 days behind start_date; ask for less at once")
    return msgspec.structs.replace(search, start=start, end=end)


def _within(at: float, start: float | None, end: float | None) -> bool:
    return (start is None or start <= at) and (end is None or at <= end)


def _words(text: str) -> tuple[str, ...]:
    return tuple(word for each in text.split(",") if (word := each.strip()))


def _statuses(text: str) -> tuple[str, ...]:
    found = _words(text)
    if wrong := [each for each in found if each not in STATUSES]:
        raise _wrong("status", f"{wrong[0]!r} is none of: open, closed")
    return found


def _instant(known: Mapping[str, str], name: str) -> float | None:
    text = known[name]
    if not text:
        return None
    try:
        return from_rfc3339(text.replace(" ", "+"))
    except ValueError as error:
        raise _wrong(name, f"{text!r} is no instant; write 2026-11-24T08:00:00Z") from error


def _number(known: Mapping[str, str], name: str, default: int, most: int) -> int:
    text = known[name] or str(default)
    if text.isascii() and text.isdigit() and len(text) < 10 and 1 <= int(text) <= most:  # noqa: PLR2004 - digits
        return int(text)
    raise _wrong(name, f"{text!r} is no number from 1 to {most}")


def _wrong(field: str, why: str) -> InvalidRequestError:
    return InvalidRequestError(f"{field}: {why}.", problems={field: why})
