"""Who is on: shifts, turns, nights, holidays, substitutes, and holes."""

from __future__ import annotations

from typing import Any

import msgspec

from hub.model.access import Identity, Role
from hub.model.roster import OnDuty, SpecialDay, Substitute, Turn
from hub.model.rung import Duty
from hub.services.duty.roster import Almanac, kind_of_day, on_duty, stretches
from hub.services.duty.staff import Staff
from tests.support.duty import DAY, HOUR, PEOPLE, TODAY, TUESDAY, roster, shift

NIGHT = shift("li", "wang", "zhao", start=18, end=32, turn=Turn.DAY, first=TODAY)
DAYS = shift("chen", start=8, end=18, days=("mon", "tue", "wed", "thu", "fri"))
CREW = roster("crew", DAYS, NIGHT)
NONE = Almanac()


def at(hours: float, days: float = 0, almanac: Almanac = NONE) -> tuple[str, ...]:
    return on_duty(CREW, TUESDAY + hours * HOUR + days * DAY, almanac).people


def put(**fields: object) -> Almanac:
    given: dict[str, Any] = {"id": "s-1", "roster": "crew", "start": TUESDAY, "end": TUESDAY + DAY}
    return Almanac(substitutes=(Substitute(**given | fields),))


def test_a_shift_is_on_from_its_start_until_just_before_its_end() -> None:
    assert at(8) == ("chen",)
    assert at(18 - 1 / 3600) == ("chen",)
    assert at(18) == ("li",)


def test_a_night_belongs_to_the_day_on_which_it_begins() -> None:
    assert at(23) == at(24) == at(31.9) == ("li",)
    assert at(18, days=1) == at(31, days=1) == ("wang",)
    assert at(20, days=3) == ("li",), "after the last one it is the first one's turn again"


def test_turns_by_week_change_with_the_day_of_the_first_one() -> None:
    weekly = roster("w", shift("li", "wang", turn=Turn.WEEK, first=TODAY))
    who = [on_duty(weekly, TUESDAY + day * DAY, NONE).people[0] for day in (0, 6, 7, 13, 14)]
    assert who == ["li", "li", "wang", "wang", "li"]
    fortnight = roster("w", shift("li", "wang", turn=Turn.WEEK, each=2, first=TODAY))
    assert on_duty(fortnight, TUESDAY + 13 * DAY, NONE).people == ("li",)
    assert on_duty(fortnight, TUESDAY + 14 * DAY, NONE).people == ("wang",)


def test_before_the_first_day_of_a_rotation_nobody_is_on() -> None:
    later = roster("w", shift("li", turn=Turn.DAY, first=TODAY + 1))
    assert on_duty(later, TUESDAY, NONE).people == ()
    assert on_duty(later, TUESDAY + DAY, NONE).people == ("li",)


def test_people_of_shifts_that_overlap_are_all_on_and_nobody_twice() -> None:
    both = roster("w", shift("li", "wang"), shift("wang", "zhao", start=8, end=9))
    assert on_duty(both, TUESDAY + 8 * HOUR, NONE).people == ("li", "wang", "zhao")


def test_a_hole_is_nobody_and_says_so_in_both_languages() -> None:
    on = on_duty(CREW, TUESDAY + 7 * HOUR, NONE)
    assert on == OnDuty(
        people=(), reason={"zh": "crew；没有排班", "en": "crew; no shift has anybody"}
    )


def test_a_substitute_is_on_for_the_one_who_is_away_and_only_as_long_as_it_counts() -> None:
    instead = put(out="chen", by="zhao")
    assert at(9, almanac=instead) == ("zhao",)
    assert at(9, days=1, almanac=instead) == ("chen",)
    assert "zhao 替 chen" in on_duty(CREW, TUESDAY + 9 * HOUR, instead).reason["zh"]
    assert at(19, almanac=instead) == ("li",), "it is chen who is away"


def test_who_is_away_without_a_substitute_leaves_a_hole_and_who_is_put_beside_fills_one() -> None:
    assert at(9, almanac=put(out="chen")) == ()
    assert at(7, almanac=put(by="zhao")) == ("zhao",)
    assert at(9, almanac=put(by="zhao")) == ("chen", "zhao")


def test_a_substitute_who_was_ended_or_is_of_another_roster_does_not_count() -> None:
    assert at(9, almanac=put(out="chen", by="li", ended_at=TUESDAY + HOUR)) == ("chen",)
    assert at(9, almanac=put(out="chen", by="li", roster="other")) == ("chen",)


def test_of_two_substitutes_the_second_may_stand_in_for_the_first() -> None:
    first, second = (
        put(out="chen", by="li").substitutes[0],
        put(id="s-2", out="li", by="wang").substitutes[0],
    )
    assert at(9, almanac=Almanac(substitutes=(first,))) == ("li",)
    # who is away is who was planned: `li` is not, so the second says nothing
    assert at(9, almanac=Almanac(substitutes=(first, second))) == ("li",)


def test_whoever_has_left_is_nobody_and_is_named_in_the_reason() -> None:
    on = on_duty(CREW, TUESDAY + 9 * HOUR, Almanac(known={"li"}))
    assert on.people == ()
    assert on.reason["en"] == "crew; chen is not known or disabled"


def test_a_holiday_has_shifts_of_its_own_where_the_roster_names_some() -> None:
    feast = (SpecialDay(first=TODAY, last=TODAY, name="feast"),)
    with_feast = roster("w", DAYS, shift("li", days=("sun", "holiday")))
    almanac = Almanac(days=feast)
    assert on_duty(with_feast, TUESDAY + 9 * HOUR, almanac).people == ("li",)
    assert on_duty(with_feast, TUESDAY + DAY + 9 * HOUR, almanac).people == ("chen",)
    assert at(9, almanac=almanac) == ("chen",), "no shift of this roster is for holidays"


def test_a_sunday_that_is_worked_counts_like_the_day_it_stands_for() -> None:
    sunday = TODAY + 5
    moved = Almanac(days=(SpecialDay(first=sunday, last=sunday, like="thu"),))
    assert at(9, days=5) == ()
    assert at(9, days=5, almanac=moved) == ("chen",)
    assert [kind_of_day(day, ()) for day in (TODAY, sunday, sunday + 1)] == ["tue", "sun", "mon"]


def test_a_weeks_stretches_have_no_gap_and_show_each_hole() -> None:
    week = stretches(CREW, TUESDAY, TUESDAY + DAY, NONE)
    assert [(s.start - TUESDAY, s.end - TUESDAY, s.on.people) for s in week] == [
        (0, 8 * HOUR, ()),
        (8 * HOUR, 18 * HOUR, ("chen",)),
        (18 * HOUR, DAY, ("li",)),
    ]
    broken = stretches(CREW, TUESDAY, TUESDAY + DAY, put(out="chen", start=TUESDAY + 9 * HOUR))
    assert [s.on.people for s in broken] == [(), ("chen",), (), ("li",)]


def test_every_instant_of_a_stretch_says_the_same() -> None:
    for stretch in stretches(CREW, TUESDAY - DAY, TUESDAY + 9 * DAY, put(out="li", by="chen")):
        for instant in (stretch.start, (stretch.start + stretch.end) / 2, stretch.end - 1):
            assert on_duty(CREW, instant, put(out="li", by="chen")) == stretch.on


def test_a_substitute_lives_in_the_store_as_it_is() -> None:
    one = put(out="chen", by="li").substitutes[0]
    assert msgspec.json.decode(msgspec.json.encode(one), type=Substitute) == one


def staff(*substitutes: Substitute) -> Staff:
    vendor = roster("vendor", shift("wang", "lift-man", days=("sun",)))
    duty = Duty(plans=(), rosters={"crew": CREW, "vendor": vendor})
    there = [*PEOPLE, "chen", "lift-man"]
    people = [Identity(name=name, role=Role.CREW) for name in there]
    return Staff(duty, people, substitutes)


def test_the_team_is_the_roster_by_which_somebody_is_on_or_else_that_which_names_them() -> None:
    assert staff().team_of("chen", TUESDAY + 9 * HOUR) == "crew"
    assert staff().team_of("chen", TUESDAY + 20 * HOUR) == "crew", "off duty, but of the crew"
    assert staff().team_of("key:lift-man", TUESDAY) == "vendor", "a key is its owner"
    sunday = TUESDAY + 5 * DAY + 9 * HOUR
    assert staff().team_of("wang", sunday) == "vendor", "where they are on now goes first"
    assert staff().team_of("wang", TUESDAY + 9 * HOUR) == "crew"
    assert staff().team_of("fang", TUESDAY) == ""


def test_who_stands_in_is_of_that_team_for_as_long() -> None:
    stand_in = Substitute(
        id="s-1", roster="crew", start=TUESDAY, end=TUESDAY + DAY, out="chen", by="lift-man"
    )
    assert staff(stand_in).team_of("lift-man", TUESDAY + 9 * HOUR) == "crew"
    assert staff(stand_in).team_of("lift-man", TUESDAY + 2 * DAY) == "vendor"
