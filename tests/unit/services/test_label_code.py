"""Codes on labels, for progress and in forms: drawn from one secret, and told from guesses."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.model.device import Kind, Lifecycle
from hub.model.place import Place
from hub.services.reports.label_book import LabelBook, path_words
from hub.services.reports.label_code import (
    FORM_LIFE,
    Codes,
    check_digit,
    in_groups,
    is_well_typed,
    tidy_code,
)
from tests.unit.services.making import NOW, make_device

CODES = Codes(b"a secret of this test")
PLACES = {
    path: Place(path=path, name=name, kind=kind)
    for path, name, kind in (
        ("g", "关山社区", "community"),
        ("g/a", "甲小区", "compound"),
        ("g/a/b1", "1栋", "building"),
        ("g/a/b1/101", "101", "household"),
    )
}
GATE = msgspec.structs.replace(make_device("gate-1", place="g/a"), name="西门道闸")
METER = make_device("m-1", place="g/a/b1", kind=Kind.WATER_METER, attributes={"scope": "household"})
OLD = make_device("gate-0", place="g/a", state=Lifecycle.RETIRED)


def test_the_check_digit_is_damms() -> None:
    assert check_digit("572") == 4  # the example of Damm's dissertation


@given(st.text("0123456789", min_size=11, max_size=11), st.integers(0, 11), st.integers(1, 9))
def test_one_wrong_digit_is_always_seen(digits: str, place: int, off: int) -> None:
    code = digits + str(check_digit(digits))
    wrong = code[:place] + str((int(code[place]) + off) % 10) + code[place + 1 :]
    assert is_well_typed(code)
    assert not is_well_typed(wrong)


@given(st.text("0123456789", min_size=11, max_size=11), st.integers(0, 10))
def test_two_neighbours_that_changed_places_are_seen(digits: str, place: int) -> None:
    code = digits + str(check_digit(digits))
    left, right = code[place : place + 2]
    swapped = code[:place] + right + left + code[place + 2 :]
    assert is_well_typed(swapped) == (left == right)


@pytest.mark.parametrize("typed", ["", "123", "x" * 12, "１２３４５６７８９０１２", "12345678901٣"])
def test_what_is_no_code_is_none(typed: str) -> None:
    assert not is_well_typed(typed)


def test_a_code_reads_in_groups_and_is_taken_with_spaces() -> None:
    code = CODES.label("device:u1")
    assert tidy_code(in_groups(code)) == code
    assert [len(each) for each in in_groups(code).split()] == [4, 4, 4]


def test_labels_stay_the_same_for_ever_and_differ_by_secret() -> None:
    assert CODES.label("device:u1") == Codes(b"a secret of this test").label("device:u1")
    assert CODES.label("device:u1") != Codes(b"another").label("device:u1")


def test_a_forms_key_is_ours_and_good_for_half_a_day() -> None:
    key = CODES.form(NOW)
    assert CODES.is_form(key, NOW + FORM_LIFE)
    assert not CODES.is_form(key, NOW + FORM_LIFE + 1)
    assert not Codes(b"another").is_form(key, NOW)
    assert CODES.form(NOW) != key
    for broken in ("", "x", key[:-1], "0" + key, f"zz.{key}", key.replace(".", "")):
        assert not CODES.is_form(broken, NOW), broken


def test_every_public_thing_has_a_code_and_a_household_none() -> None:
    book = LabelBook(CODES, [GATE, METER, OLD], PLACES)
    labels = book.labels("g/a")
    assert [each.target.subject for each in labels] == ["g/a", "gate-1", "g/a/b1"]
    assert all(is_well_typed(each.code) for each in labels)
    found = book.find(labels[1].code)
    assert found is not None
    assert (found.name, found.where, found.uid) == ("西门道闸", "甲小区", GATE.uid)
    assert book.find("000000000000") is None
    flat = book.find_subject("g/a/b1/101")
    assert flat is not None
    assert flat.where == "甲小区 1栋 101"
    assert book.find_subject("gate-0") is None
    assert path_words("g/nowhere", PLACES) == "关山社区"
    named = {**PLACES, "g/a/b1": Place(path="g/a/b1", name="甲小区 1栋")}
    assert path_words("g/a/b1/101", named) == "甲小区 1栋 101"
    assert path_words("x", {}) == "x"


def test_two_that_would_share_a_code_have_two() -> None:
    class Narrow(Codes):
        def label(self, subject: str, turn: int = 0) -> str:
            return f"{turn:012d}"

    book = LabelBook(Narrow(b""), [GATE], PLACES)
    assert len({each.code for each in book.labels()}) == 4
