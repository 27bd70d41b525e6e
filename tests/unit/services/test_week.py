"""A manager's week: when it begins, what is worst in it, and what the hub missed."""

from __future__ import annotations

import pytest

from hub.model.instant import from_rfc3339
from hub.model.journal import Entry
from hub.services.figures.figure import Cell, Group
from hub.services.figures.week import Cut, cuts, starts, week_of, worst, wrong_rules

MONDAY, NEXT = from_rfc3339("2026-11-23T00:00"), from_rfc3339("2026-11-30T00:00")


@pytest.mark.parametrize(
    ("text", "now"),
    [
        ("2026-11-23", "2027-01-01T12:00"),
        ("2026-11-29", "2027-01-01T12:00"),
        ("", "2026-11-24T00:00"),
        ("", "2026-11-29T23:59"),
        ("", "2026-11-30T08:00"),
        ("2026-99-99", "2026-11-30T08:00"),
    ],
)
def test_a_week_is_read_until_the_monday_after_it(text: str, now: str) -> None:
    assert week_of(text, from_rfc3339(now)) == (MONDAY, NEXT)


def group(key: str, **figures: float) -> Group:
    cells = {name: Cell(value=value, numbers=("a", "b")) for name, value in figures.items()}
    return Group(key=key, cells=cells)


def test_the_worst_come_first_and_who_has_nothing_is_not_there() -> None:
    groups = [group("a", down=1, tickets=1), group("b", down=0, tickets=0), group("c", down=9)]
    groups.append(group("d", down=1, tickets=2))
    assert [each.key for each in worst(groups, "down", "tickets")] == ["c", "d", "a"]
    rules = [group("", false_alarms=1), group("x", false_alarms=0.5), group("y", false_alarms=1)]
    found = [(each.key, times) for each, times in wrong_rules(rules)]
    assert found == [("y", 2), ("x", 1)], "what no rule has said is no rule's mistake"


def entry(seq: int, at: float, kind: str, link: str) -> Entry:
    return Entry(seq=seq, at=at, type=kind, subject=link, actor="hub", place="", data={})


def test_a_lost_connection_is_counted_once_and_lasts_until_it_is_back() -> None:
    entries = [
        entry(1, 10, "link.up", "a"),
        entry(2, 20, "link.down", "a"),
        entry(3, 25, "link.down", "a"),
        entry(4, 50, "link.gap", "a"),
        entry(5, 60, "link.up", "b"),
        entry(6, 90, "link.down", "b"),
        entry(7, 95, "link.up", "a"),
    ]
    assert cuts(entries, 100) == [
        Cut(link="a", times=1, seconds=30),
        Cut(link="b", times=1, seconds=10),
    ]
    assert starts(entries) == 2, "a came up twice without having been lost"
