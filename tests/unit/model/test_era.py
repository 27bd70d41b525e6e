"""Eras of a journal: what a restore gives up, and what it leaves in common."""

from __future__ import annotations

import msgspec
import pytest

from hub.model.era import Era, Eras, next_name, read_eras

FIRST, SECOND = "69248100", "69248200"
TWICE = Eras([Era(name=SECOND, first=9, at=2.0), Era(name=FIRST, first=5, at=1.0)])


def test_a_journal_that_was_never_restored_has_one_era_without_a_name() -> None:
    eras = Eras()
    assert (eras.now, eras.of(7)) == ("", "")
    assert eras.shares("", 10**9)
    assert not eras.shares(FIRST, 0), "an era that somebody else has begun"
    assert eras.name_item("gs", 7) == "gs-7"


def test_a_number_has_the_era_in_which_it_was_given() -> None:
    assert TWICE.now == SECOND
    named = [TWICE.name_item("gs", seq) for seq in (4, 5, 8, 9, 100)]
    assert named == [
        "gs-4",
        f"gs-{FIRST}-5",
        f"gs-{FIRST}-8",
        f"gs-{SECOND}-9",
        f"gs-{SECOND}-100",
    ]


@pytest.mark.parametrize(
    ("era", "seq", "shared"),
    [
        ("", 4, True),
        ("", 5, False),
        (FIRST, 4, True),
        (FIRST, 8, True),
        (FIRST, 9, False),
        (SECOND, 10**9, True),
        ("69248150", 3, False),
    ],
)
def test_what_was_told_before_a_restore_is_shared_up_to_the_backup(
    era: str, seq: int, shared: bool
) -> None:
    assert TWICE.shares(era, seq) is shared


def test_an_era_is_named_by_its_time_and_behind_all_others() -> None:
    assert next_name([], 1764000000.7) == "69248100"
    assert next_name(["69248100"], 1764000000.7) == "69248101", "two within a second"
    assert next_name(["69248100", "70000000"], 5.0) == "70000001", "a clock that was set back"


def test_eras_are_read_as_they_are_stored() -> None:
    era = Era(name=FIRST, first=5, at=1.0)
    assert read_eras({FIRST: msgspec.json.encode(era)}).now == FIRST
