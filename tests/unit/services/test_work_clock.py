"""The working-time clock: holidays, shifted days, hours of the day, and years nobody knows."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from structlog.testing import capture_logs

from hub.config.holidays import parse_holidays, shipped_holidays
from hub.config.limits import LimitSettings, spans_of
from hub.model.alarm import Class, TicketSpec, Urgency
from hub.model.calendar import Calendar, Pace, is_worked, overlay
from hub.model.instant import from_rfc3339, to_local_text
from hub.services.tickets.deadline import Timing, renew_limits
from hub.services.tickets.work_clock import WorkingTime, build_timing, tell_unsure
from tests.unit.services.making import make_ticket

SHIPPED, _ = parse_holidays(shipped_holidays(), "hub/config/holidays.toml")
HOURS = spans_of(LimitSettings())
HOUR = 3600.0


def clock() -> WorkingTime:
    return WorkingTime(SHIPPED, HOURS)


def at(text: str) -> float:
    return from_rfc3339(text)


def days(calendar: Calendar, year: int, *, worked: bool) -> list[str]:
    return [str(day)[5:] for day in sorted(calendar.worked) if day.year == year
            and calendar.worked[day] is worked]  # fmt: skip


def test_the_shipped_table_is_the_notice_of_2026_whole() -> None:
    off = days(SHIPPED, 2026, worked=False)
    assert off[:3] == ["01-01", "01-02", "01-03"]
    assert off[3:12] == [f"02-{day}" for day in range(15, 24)]
    assert off[12:15] == ["04-04", "04-05", "04-06"]
    assert off[15:20] == [f"05-0{day}" for day in range(1, 6)]
    assert off[20:26] == ["06-19", "06-20", "06-21", "09-25", "09-26", "09-27"]
    assert off[26:] == [f"10-0{day}" for day in range(1, 8)]
    assert days(SHIPPED, 2026, worked=True) == [
        *("01-04", "02-14", "02-28", "05-09", "09-20", "10-10"),
    ]
    assert SHIPPED.years == {2026: False, 2027: True}


def test_every_shifted_working_day_is_a_weekend_and_every_table_is_without_fault() -> None:
    assert all(day.weekday() >= 5 for day, worked in SHIPPED.worked.items() if worked)
    assert parse_holidays(shipped_holidays(), "x")[1] == ()


def test_2027_has_the_statutory_days_alone() -> None:
    assert days(SHIPPED, 2027, worked=True) == []
    assert len(days(SHIPPED, 2027, worked=False)) == 13
    assert not is_worked(SHIPPED, date(2027, 2, 5))
    assert is_worked(SHIPPED, date(2027, 2, 9))


@pytest.mark.parametrize(
    ("start", "hours", "end"),
    [
        ("2026-11-30T08:30", 1, "2026-11-30 09:30"),
        ("2026-11-30T11:30", 1, "2026-11-30 14:30"),
        ("2026-11-30T03:00", 1, "2026-11-30 09:30"),
        ("2026-11-30T17:00", 1, "2026-12-01 09:00"),
        ("2026-11-28T10:00", 1, "2026-11-30 09:30"),
        ("2026-11-30T08:30", 7, "2026-11-30 17:30"),
        ("2026-09-30T17:00", 1, "2026-10-08 09:00"),
        ("2026-02-14T17:00", 1, "2026-02-24 09:00"),
        ("2026-05-08T17:00", 24, "2026-05-13 11:00"),
    ],
)
def test_in_working_time_an_hour_is_a_working_hour(start: str, hours: float, end: str) -> None:
    by = clock().after(at(start), hours * HOUR)
    assert to_local_text(by) == end
    assert clock().between(at(start), by) == hours * HOUR


@given(st.floats(0, 300 * 86400), st.floats(0.001, 200 * HOUR), st.floats(0.001, 200 * HOUR))
def test_the_clock_adds_up(offset: float, first: float, second: float) -> None:
    start, time = at("2026-01-01") + offset, clock()
    middle = time.after(start, first)
    assert time.between(start, middle) == pytest.approx(first, abs=1e-3)
    assert time.after(middle, second) == pytest.approx(time.after(start, first + second), abs=1e-3)
    assert middle <= time.after(start, first + second) + 1e-3


def test_nothing_to_wait_for_ends_where_it_begins_even_at_night() -> None:
    assert clock().after(at("2026-11-28T03:00"), 0.0) == at("2026-11-28T03:00")
    assert clock().between(at("2026-11-28T03:00"), at("2026-11-29T03:00")) == 0.0


def test_a_year_that_nobody_knows_has_weekends_and_fixed_days_and_is_told_once() -> None:
    time = clock()
    with capture_logs() as logs:
        assert to_local_text(time.after(at("2030-09-30T17:00"), HOUR)) == "2030-10-04 09:00"
        time.after(at("2030-12-31T17:00"), HOUR)
        time.after(at("2030-06-01T17:00"), HOUR)
    assert [entry["year"] for entry in logs] == [2030, 2031]
    [first, second] = tell_unsure(time)
    assert "2030" in first.message
    assert "missing" in first.message
    assert "2031" in second.message


def test_a_provisional_year_says_that_it_is_and_a_known_one_nothing() -> None:
    time = clock()
    time.after(at("2026-06-01"), HOUR)
    assert tell_unsure(time) == []
    time.after(at("2027-06-01"), HOUR)
    [problem] = tell_unsure(time)
    assert "provisional" in problem.message


def test_the_sites_table_lies_over_the_shipped_one() -> None:
    own, problems = parse_holidays(
        "[[year]]\nyear = 2027\n[[off]]\nfrom = 2027-02-09\nto = 2027-02-11\n"
        "[[work]]\nday = 2026-10-01\n",
        "own.toml",
    )
    assert problems == ()
    both = overlay(SHIPPED, own)
    assert both.years == {2026: False, 2027: False}
    assert is_worked(both, date(2026, 10, 1))
    assert not is_worked(both, date(2027, 2, 9))
    assert not is_worked(both, date(2027, 2, 8))


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("[[off]]\nto = 2026-01-01\n", 1, "from"),
        ("[[off]]\nfrom = 2026-01-03\nto = 2026-01-01\n", 3, "cannot be"),
        ("[[off]]\nfrom = 2026-01-03\nto = 2027-01-01\n", 3, "cannot be"),
        ('[[off]]\nfrom = "tomorrow"\n', 2, "write 2026-10-01"),
        ("[[off]]\nform = 2026-01-03\n", 2, "did you mean 'from'?"),
        ("[off]\nfrom = 2026-01-03\n", 1, "[[off]]"),
        ("[[work]]\nday = 2026-01-03\n[[off]]\nfrom = 2026-01-03\n", 2, "off and worked"),
        ("[[year]]\nyear = 26\n", 2, "four digits"),
        ("[[holiday]]\n", 1, "holiday"),
        ("[[year\n", 1, "no TOML"),
    ],
)
def test_a_fault_in_a_table_is_told_with_its_line(text: str, line: int, said: str) -> None:
    _, problems = parse_holidays(text, "own.toml")
    assert any(problem.line == line and said in str(problem) for problem in problems), problems
    assert all(str(problem).startswith("own.toml:") for problem in problems)


def test_what_is_good_in_a_faulty_table_counts() -> None:
    calendar, problems = parse_holidays(
        "[[off]]\nfrom = 2026-01-06\n[[off]]\nfrom = 1\n[[year]]\nyear = 2026\n", "own.toml"
    )
    assert len(problems) == 1
    assert (calendar.worked, calendar.years) == ({date(2026, 1, 6): False}, {2026: False})


def test_the_urgency_the_class_and_before_both_the_trade_say_how_a_limit_runs() -> None:
    start = at("2026-11-27T17:00")
    ticket = make_ticket(ticket=TicketSpec(urgency=Urgency.NORMAL, class_=Class.GENERAL, trade="x"))
    settings = LimitSettings(urgency={Urgency.NORMAL: Pace.WORKING}, trade={"lift": Pace.WORKING})

    def limits(timing: Timing, trade: str = "x") -> tuple[str, str]:
        made = renew_limits(replace(ticket, opened_at=start, trade=trade), timing)
        assert made.take_by is not None
        assert made.finish_by is not None
        return to_local_text(made.take_by), to_local_text(made.finish_by)

    timing = build_timing(settings, clock())
    assert limits(timing) == ("2026-11-27 17:30", "2026-11-28 17:00")
    assert limits(timing, "lift") == ("2026-11-27 17:30", "2026-12-03 11:00")
    by_class = LimitSettings(class_={Class.GENERAL: Pace.WORKING}, trade={"lift": Pace.CONTINUOUS})
    timing = build_timing(by_class, clock())
    assert limits(timing) == ("2026-11-27 17:30", "2026-12-03 11:00")
    assert limits(timing, "lift") == ("2026-11-27 17:30", "2026-11-28 17:00")
