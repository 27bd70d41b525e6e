"""Pages by update time: who asks window by window has every item, whatever happens meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.feeds.profiles.pages import UpdateIndex
from hub.ports import FeedRow
from tests.unit.access.web_fakes import NOW, FakeBooks


def item(seq: int, at: float, place: str = "t/a") -> FeedRow:
    return FeedRow(seq=seq, incident=f"T-{seq % 5}", place=place, type="x", at=at, body=b"{}")


def run(index: UpdateIndex, start: float, end: float, *, now: float, size: int) -> Iterator[int]:
    """Read a window page by page."""
    number = 1
    while True:
        window = asyncio.run(index.page(start, end, now=now, number=number, size=size))
        yield from (row.seq for row in window.rows)
        if number * size >= window.total:
            return
        number += 1


Moves = Sequence[tuple[int, float, int]]


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 4), st.floats(-30, 5), st.integers(1, 4)), min_size=1, max_size=40
    )
)
def test_window_by_window_nothing_is_missed(moves: Moves) -> None:
    """Items are committed late, with instants that go back; the next window begins at `until`."""
    books, seen, since, now, seq = FakeBooks(), set[int](), 0.0, NOW, 0
    index = UpdateIndex(books, "", lambda _row: True)
    for count, shift, size in moves:
        now += 1.0
        seen.update(run(index, since, now, now=now, size=size))
        since = now
        for _ in range(count):
            seq += 1
            books.rows.append(item(seq, now + shift))
    seen.update(run(index, since, now + 60, now=now + 60, size=3))
    assert seen == set(range(1, seq + 1))


def test_a_page_stays_as_it_was_while_items_come() -> None:
    books = FakeBooks()
    books.rows = [item(seq, NOW + seq) for seq in range(1, 11)]
    index = UpdateIndex(books, "", lambda _row: True)

    def page(number: int) -> list[int]:
        window = asyncio.run(index.page(NOW, NOW + 50, now=NOW + 50, number=number, size=3))
        return [row.seq for row in window.rows]

    first, second = page(1), page(2)
    books.rows += [item(seq, NOW) for seq in range(11, 20)]
    assert (page(1), page(2)) == (first, second) == ([1, 2, 3], [4, 5, 6])


def test_what_is_not_wanted_or_not_theirs_is_not_counted() -> None:
    books = FakeBooks()
    books.rows = [item(seq, NOW + seq, "t/a" if seq % 2 else "t/b") for seq in range(1, 11)]
    index = UpdateIndex(books, "t/a", lambda row: row.seq != 3)
    window = asyncio.run(index.page(0, NOW + 99, now=NOW + 99, number=1, size=100))
    assert ([row.seq for row in window.rows], window.total) == ([1, 5, 7, 9], 4)


def test_what_retention_has_taken_is_told() -> None:
    books = FakeBooks()
    books.rows = [item(seq, NOW + seq) for seq in range(1, 11)]
    index = UpdateIndex(books, "", lambda _row: True)
    whole = asyncio.run(index.page(0, NOW + 99, now=NOW + 99, number=1, size=100))
    assert whole.kept_from == 0
    books.oldest = 4
    window = asyncio.run(index.page(0, NOW + 99, now=NOW + 99, number=1, size=100))
    assert window.kept_from == NOW + 5
    books.oldest = 10
    after = asyncio.run(index.page(0, NOW + 99, now=NOW + 99, number=1, size=100))
    assert after.kept_from >= NOW + 10
    assert msgspec.structs.asdict(books.rows[0])["seq"] == 1
