"""Small decisions about rows: ties, orders, pages."""

from __future__ import annotations

import pytest

from hub.store.order import ticket_order, tie
from hub.store.paging import cut_page
from tests.contract.store_cases import NOW, event, reading


def test_a_tie_is_the_messages_number_where_it_has_one() -> None:
    assert tie(event(seq=17), index=3) == 17


def test_ties_without_a_number_follow_arrival_then_place_in_the_batch() -> None:
    early, late = event(received=NOW + 1), event(received=NOW + 2)
    ties = [tie(early, 0), tie(early, 1), tie(late, 0)]
    assert ties == sorted(set(ties))


def test_a_tie_fits_even_when_the_device_believes_in_1970() -> None:
    assert abs(tie(event(0.0, received=NOW), index=65_535)) < 2**63


@pytest.mark.parametrize(
    ("number", "order"),
    [
        ("GS-20261124-0007", ("20261124", 7)),
        ("A-B-20261124-12345", ("20261124", 12345)),
        ("odd", ("", 0)),
        ("", ("", 0)),
        ("GS-20261124-x", ("", 0)),
    ],
)
def test_tickets_are_ordered_by_day_and_count(number: str, order: tuple[str, int]) -> None:
    assert ticket_order(number) == order


def test_an_instant_that_does_not_fit_a_page_is_read_whole() -> None:
    rows = [reading(NOW, float(n), seq=n) for n in range(5)]
    page = cut_page(rows, 2)
    assert page.rows == rows
    assert page.next is not None
    assert NOW < page.next < NOW + 0.001
