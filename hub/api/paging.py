"""Lists: `{"items":[…],"next":…}`, their cursors and limits, and instants in queries."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Annotated, Any, TypeVar

import msgspec
from fastapi import Query, Response

from hub.errors import InvalidRequestError
from hub.model.instant import LATEST, from_rfc3339

PAGE = 200
LONGEST_PAGE = 1000
EPOCH_MILLISECONDS = 1e11
"""A number above it counts milliseconds: in seconds it would lie in the year 5138."""

Limit = Annotated[int, Query(ge=1, le=LONGEST_PAGE, description="how many items at most")]
Cursor = Annotated[str, Query(max_length=200, description="`next` of the page before")]
Instant = Annotated[str, Query(max_length=40, description="RFC 3339, or epoch seconds")]

Item = TypeVar("Item")


def json_response(content: Any, status: int = 200, **headers: str) -> Response:  # noqa: ANN401 - anything that JSON holds
    """Answer with JSON that msgspec writes."""
    return Response(
        msgspec.json.encode(content),
        status_code=status,
        media_type="application/json",
        headers=headers,
    )


def page(items: Sequence[Any], following: str | None, **more: object) -> Response:
    """Answer with a list; `following` is the cursor of the next page, None at the end."""
    return json_response({"items": items, "next": following, **more})


async def collect(
    fetch: Callable[[str], Awaitable[Sequence[Item]]],
    key: Callable[[Item], str],
    wanted: Callable[[Item], bool],
    *,
    start: str,
    limit: int,
) -> tuple[list[Item], str | None]:
    """Read on from the cursor `start` until one more than `limit` wanted items are found.

    The cursor is None when that one is not there: even a full page then is the last.
    """
    found: list[Item] = []
    cursor = start
    while rows := await fetch(cursor):
        for row in rows:
            cursor = key(row)
            if wanted(row) and len(found) == limit:
                return found, key(found[-1])
            if wanted(row):
                found.append(row)
    return found, None


def cut(
    items: Iterable[Item], key: Callable[[Item], str], *, after: str, limit: int
) -> tuple[list[Item], str | None]:
    """Cut a page out of a list in memory, behind the item whose key is `after`.

    Raises InvalidRequestError when no item has that key.
    """
    rest = list(items)
    if after:
        keys = [key(item) for item in rest]
        if after not in keys:
            raise InvalidRequestError(
                f"The cursor {after!r} is unknown; start again without `after`.",
                problems={"after": "unknown cursor"},
            )
        rest = rest[keys.index(after) + 1 :]
    found = rest[:limit]
    return found, key(found[-1]) if len(rest) > limit else None


def instant(text: str, field: str, default: float) -> float:
    """Read an instant of a query; a `+` that the URL has turned into a space is understood.

    Raises InvalidRequestError naming the field.
    """
    if not text:
        return default
    try:
        seconds = _number(text) if text.replace(".", "", 1).isdigit() else _moment(text)
    except ValueError as error:
        raise _no_instant(text, field) from error
    if seconds > LATEST:
        raise _no_instant(text, field)
    return seconds


def _no_instant(text: str, field: str) -> InvalidRequestError:
    return InvalidRequestError(
        f"{field}: {text!r} is no instant; write 2026-11-24T08:00:00+08:00.",
        problems={field: "not an instant"},
    )


def _number(text: str) -> float:
    value = float(text)
    return value / 1000 if value > EPOCH_MILLISECONDS else value


def _moment(text: str) -> float:
    head, gap, offset = text.rpartition(" ")
    if gap and "T" in head:
        text = f"{head}+{offset}"
    return from_rfc3339(text)
