"""A message is taken once, however often and in whatever order it is delivered."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from hub.intake.identity import MAX_GAPS, IdentityBook, Seen
from hub.model.device import DeviceUid
from hub.model.report import Report, Topic


def message(
    seq: int | None, *, boot: str = "b1", digest: str = "", topic: Topic = Topic.STATE
) -> Report:
    return Report(
        address="gate-1",
        uid=DeviceUid("d_1"),
        topic=topic,
        at=0.0,
        received=0.0,
        boot=boot,
        seq=seq,
        digest=digest,
    )


def test_a_redelivered_message_is_a_duplicate() -> None:
    book = IdentityBook([])
    assert book.take(message(1)) is Seen.NEW
    assert book.take(message(2)) is Seen.NEW
    assert book.take(message(2)) is Seen.DUPLICATE
    assert book.take(message(1)) is Seen.DUPLICATE


def test_the_same_number_after_a_boot_or_on_another_topic_is_new() -> None:
    book = IdentityBook([])
    assert book.take(message(1)) is Seen.NEW
    assert book.take(message(1, boot="b2")) is Seen.NEW
    assert book.take(message(1, topic=Topic.EVENT)) is Seen.NEW


def test_what_fills_a_gap_later_is_new_once() -> None:
    book = IdentityBook([])
    book.take(message(1))
    assert book.take(message(5)) is Seen.NEW_AFTER_GAP
    assert book.take(message(3)) is Seen.NEW
    assert book.take(message(3)) is Seen.DUPLICATE
    assert book.take(message(2)) is Seen.NEW
    assert book.take(message(4)) is Seen.NEW
    assert book.take(message(4)) is Seen.DUPLICATE


def test_the_book_forgets_nothing_over_a_restart() -> None:
    book = IdentityBook([])
    for seq in (1, 2, 6):
        book.take(message(seq))
    rows, _ = book.take_rows()
    again = IdentityBook(rows)
    assert again.take(message(6)) is Seen.DUPLICATE
    assert again.take(message(4)) is Seen.NEW
    assert again.take(message(7)) is Seen.NEW


def test_rows_hold_only_what_has_changed_since_the_last_commit() -> None:
    book = IdentityBook([])
    book.take(message(1))
    assert len(book.take_rows()[0]) == 1
    assert book.take_rows() == ([], [])


def test_without_a_number_the_content_identifies_the_message() -> None:
    book = IdentityBook([])
    assert book.take(message(None, digest="x")) is Seen.NEW
    assert book.take(message(None, digest="x")) is Seen.DUPLICATE
    assert book.take(message(None, digest="y")) is Seen.NEW
    rows = book.take_rows()[1]
    assert [row.digest for row in rows] == ["x", "y"]
    assert IdentityBook([], rows).take(message(None, digest="x")) is Seen.DUPLICATE


@given(
    numbers=st.lists(st.integers(1, 30), min_size=1, max_size=80),
    seed=st.integers(0, 1000),
)
def test_any_order_with_any_repeats_takes_each_number_above_the_first_once(
    numbers: list[int], seed: int
) -> None:
    random.Random(seed).shuffle(numbers)
    book = IdentityBook([])
    taken = [seq for seq in numbers if book.take(message(seq)) is not Seen.DUPLICATE]
    assert len(taken) == len(set(taken))
    assert set(taken) >= {seq for seq in numbers if seq >= numbers[0]}


def test_holes_are_bounded() -> None:
    book = IdentityBook([])
    for seq in range(0, 10 * MAX_GAPS, 2):
        book.take(message(seq))
    (row,), _ = book.take_rows()
    assert len(row.gaps) == MAX_GAPS


def test_what_the_hub_has_dropped_itself_leaves_no_gap_and_comes_too_late_afterwards() -> None:
    book = IdentityBook([])
    book.take(message(1))
    assert book.take(message(50), skipped=True) is Seen.NEW
    assert book.take(message(20)) is Seen.DUPLICATE
    assert book.take(message(51)) is Seen.NEW
    assert book.take(message(50), skipped=True) is Seen.DUPLICATE
