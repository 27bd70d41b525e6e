"""Small decisions about rows: codes, ties, orders, numbers of names, pages."""

from __future__ import annotations

import math

import pytest

from hub.model.report import Quality
from hub.store.order import ticket_order, tie
from hub.store.paging import cut_page
from hub.store.series import Numbers
from hub.store.value import NUMBERED, QUALITY_CODE, decode_quality, decode_value, encode_value
from tests.contract.store_cases import NOW, reading


@pytest.mark.parametrize(
    "value", [None, True, False, 0, 12, 2**53 + 1, 1.0, -0.5, math.inf, "", "0"]
)
@pytest.mark.parametrize("quality", list(Quality))
def test_a_value_and_its_quality_share_one_code(
    value: float | str | None, quality: Quality
) -> None:
    kind, num, txt = encode_value(value)
    code = kind | QUALITY_CODE[quality] | NUMBERED
    found = decode_value(code, num, txt)
    assert (found, type(found)) == (value, type(value))
    assert decode_quality(code) is quality


def test_whole_numbers_beyond_a_double_are_kept_as_text() -> None:
    assert encode_value(2**53)[1:] == (2**53, None)
    assert encode_value(-(2**53) - 1)[1:] == (None, str(-(2**53) - 1))


def test_a_tie_is_the_messages_number_where_it_has_one() -> None:
    assert tie(reading(seq=17), index=3) == 17


def test_ties_without_a_number_follow_arrival_then_place_in_the_batch() -> None:
    early, late = reading(received=NOW + 1), reading(received=NOW + 2)
    ties = [tie(early, 0), tie(early, 1), tie(late, 0)]
    assert ties == sorted(set(ties))


def test_a_tie_fits_even_when_the_device_believes_in_1970() -> None:
    assert abs(tie(reading(0.0, received=NOW), index=65_535)) < 2**63


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


def test_numbers_of_a_rolled_back_transaction_are_given_again() -> None:
    names = Numbers({"a": 4})
    assert names.number("b") == 5
    names.forget()
    assert names.number("c") == 5
    names.keep()
    assert names.number("b") == 6
    written: list[tuple[int, str]] = []
    names.write(lambda number, name: written.append((number, name)))
    assert written == [(6, "b")], "only what is new in this transaction"
    names.forget()
    assert names.ids == {"a": 4, "c": 5}


def test_an_instant_that_does_not_fit_a_page_is_read_whole() -> None:
    rows = [reading(NOW, float(n), seq=n) for n in range(5)]
    page = cut_page(rows[:3], 2, lambda at: [row for row in rows if row.at == at])
    assert page.rows == rows
    assert page.next is not None
    assert NOW < page.next < NOW + 0.001
