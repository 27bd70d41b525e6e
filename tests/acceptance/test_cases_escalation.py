"""The cases of another engine's smoke tests of escalation, told in our words, on our rungs.

The other engine is target/goalert. Where we differ on purpose the row says so in `ours`, and
docs/escalation.md lists it, with which of its tests were read.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import msgspec
import pytest

from hub.model.roster import SpecialDay, Substitute, Turn
from hub.model.ticket import TicketFlag, TicketState
from hub.services.duty.roster import Almanac, on_duty
from hub.services.tickets.ticket import step
from tests.chaos.simulation import ShuffledLoop
from tests.support.belfry import House, make_ring
from tests.support.duty import (
    DAY,
    HOUR,
    TODAY,
    TUESDAY,
    Play,
    identities,
    plan,
    roster,
    rung,
    shift,
)
from tests.unit.services.making import NOW, make_ticket, wish

TWO = plan(rung("one", "person:li"), rung("two", "person:wang", after=30))
DUTY = plan(rung("one", "roster:r"), rung("two", "person:wang", after=60))
NOBODY = {"r": roster("r")}


class Case(msgspec.Struct, frozen=True):
    """One case: its name there, what happens, who is rung, and what we do otherwise."""

    theirs: str
    run: Callable[[], list[str]]
    rung: list[str]
    ours: str = ""


def started(ladder: object = TWO, **fields: object) -> Play:
    play = Play(ladder, **fields)  # type: ignore[arg-type]
    play.look()
    return play


def everything(play: Play, minutes: float = 10_000) -> list[str]:
    play.wait(minutes)
    return [ring.person for ring in play.rings]


def acknowledged() -> list[str]:
    play = started()
    play.change(revision=2, acknowledged_by="li", acknowledged_at=play.now)
    return everything(play)


def heard(tale: Callable[[House], Awaitable[None]]) -> list[str]:
    """Return who was told over which channel, in order, while a tale is told and a day after."""

    async def run() -> list[str]:
        async with House(("a", "b")) as house:
            await tale(house)
            await asyncio.sleep(DAY)
            return [f"{each.person} {each.bell}" for each in house.heard]

    with asyncio.Runner(loop_factory=lambda: ShuffledLoop(1)) as runner:
        return runner.run(run())


async def call(house: House, person: str, rung: int = 1) -> None:
    """Ring somebody of a rung by two channels, one after the other."""
    name = f"GS-1/{rung}/{person}"
    await house.ring(make_ring(id=name, person=person, rung=rung, channels=("a", "b")))


async def one_of_two_acknowledges(house: House) -> None:
    for person in ("li", "wang"):
        await call(house, person)
    await asyncio.sleep(100)
    await house.act("ticket.acknowledged", "GS-1")


async def a_rung_comes_after_it(house: House) -> None:
    await one_of_two_acknowledges(house)
    await asyncio.sleep(HOUR)
    await call(house, "li", rung=2)


def two_acknowledge() -> list[str]:
    """Return the entries and who they name."""
    ticket, told = make_ticket(), []
    for person in ("li", "wang"):
        ticket, drafts = step(ticket, wish("acknowledge", person), healthy=True, now=NOW)
        told += [f"{draft.type} {draft.actor}" for draft in drafts]
    return told


def left_alone_for_a_month() -> list[str]:
    play = started()
    play.wait(30 * 24 * 60)
    assert play.climb is not None, "it is still there"
    return [ring.person for ring in play.rings]


def closed() -> list[str]:
    play = started()
    play.change(state=TicketState.CLOSED)
    return everything(play)


def taken() -> list[str]:
    play = started()
    play.change(state=TicketState.TAKEN)
    return everything(play)


def recovered() -> list[str]:
    play = started()
    play.change(flags=(TicketFlag.RECOVERED,))
    return everything(play)


def deleted_person() -> list[str]:
    play = started(people={n: one for n, one in identities().items() if n != "wang"})
    return everything(play)


def deleted_plan() -> list[str]:
    play = started()
    play.plan = plan(rung("other", "person:zhao"))
    return everything(play)


def moved_to_another_plan() -> list[str]:
    play = started()
    play.plan = plan(rung("x", "person:zhao"), rung("y", "person:chen", after=60))
    return everything(play)


def moved_and_back() -> list[str]:
    play = started()
    play.plan = plan(rung("x", "person:zhao"))
    play.look()
    play.plan = TWO
    return everything(play)


def same_fault_again() -> list[str]:
    play = started()
    play.change(revision=2)
    play.change(revision=3)
    return everything(play, 29)


def in_progress() -> list[str]:
    play = started()
    play.now += 35 * 60
    play.restart()
    return everything(play)


def one_person_twice() -> list[str]:
    return everything(started(plan(rung("one", "person:li", "roster:r"), rung("two", "person:li"))))


def put_in(**fields: object) -> Substitute:
    given = {"id": "s", "roster": "r", "start": TUESDAY, "end": TUESDAY + DAY}
    return Substitute(**given | fields)  # type: ignore[arg-type]


def on_at(*shifts: object, hours: float = 9, **almanac: object) -> list[str]:
    found = Almanac(**almanac)  # type: ignore[arg-type]
    return list(on_duty(roster("r", *shifts), TUESDAY + hours * HOUR, found).people)  # type: ignore[arg-type]


def turns(*hours: float, people: int = 2, turn: Turn = Turn.DAY, each: int = 1) -> list[str]:
    names = ("li", "wang", "zhao")[:people]
    one = shift(*names, turn=turn, each=each, first=TODAY)
    return [name for hour in hours for name in on_at(one, hours=hour)]


CASES = [
    Case(
        "escalation: the second step after the delay of the first",
        lambda: everything(started(), 30),
        ["li", "wang"],
    ),
    Case("escalation: not before", lambda: everything(started(), 29.9), ["li"]),
    Case(
        "escalationgap: steps whose numbers do not begin at the first",
        lambda: everything(started(plan(rung("seven", "person:li")))),
        ["li"],
    ),
    Case(
        "escalationnotification, multistep: each step once it is its turn",
        lambda: everything(
            started(
                plan(
                    *(
                        rung(n, f"person:{n}", after=5.0 * i)
                        for i, n in enumerate(("li", "wang", "zhao"))
                    )
                )
            )
        ),
        ["li", "wang", "zhao"],
    ),
    Case(
        "escalationskipifempty: an empty step is passed at once",
        lambda: everything(started(DUTY, rosters=NOBODY), 0),
        ["chen", "zhao", "wang"],
        "always, without a switch; and the managers are told of the hole",
    ),
    Case(
        "escalationskipifempty: without the switch it waits",
        lambda: everything(started(DUTY, rosters=NOBODY), 0),
        ["chen", "zhao", "wang"],
        "there is no waiting on a step that has nobody",
    ),
    Case(
        "escalationskipifempty: a single empty step does not spin",
        lambda: everything(started(plan(rung("one", "roster:r")), rosters=NOBODY)),
        ["chen", "zhao"],
        "told once; there is no repeat to be used up",
    ),
    Case(
        "missinguser: a roster without people, one that begins later, a person who is gone",
        lambda: everything(
            started(
                plan(rung("one", "roster:r", "person:gone", "person:li")),
                rosters={"r": roster("r", shift("wang", turn=Turn.DAY, first=TODAY + 1))},
            )
        ),
        ["li"],
    ),
    Case(
        "manualescalation, inprogress: acknowledging stops the climb",
        acknowledged,
        ["li", "wang"],
        "it stops the bells, not the climb: only taking does",
    ),
    Case(
        "simplenotification, multiuser: everybody of a step",
        lambda: everything(started(plan(rung("one", "role:crew")))),
        ["li", "wang"],
    ),
    Case(
        "multiack: one who acknowledges does not silence the others",
        lambda: heard(one_of_two_acknowledges),
        ["li a", "wang a"],
        "it silences all who were called: somebody has got it, and the climb goes on",
    ),
    Case(
        "multiack: a step that comes after it is told to who has acknowledged before",
        lambda: heard(a_rung_comes_after_it),
        ["li a", "wang a", "li a", "li b"],
    ),
    Case(
        "multiack: a second one who acknowledges is written down, too",
        two_acknowledge,
        ["ticket.acknowledged li", "ticket.acknowledged wang"],
    ),
    Case("multiack: closing ends everything", closed, ["li"]),
    Case("a step that is taken", taken, ["li"]),
    Case(
        "alertautoclose: nothing has happened to it for days",
        left_alone_for_a_month,
        ["li", "wang"],
        "nothing is closed for being old",
    ),
    Case(
        "genericapiclose: the source says that it is over",
        recovered,
        ["li", "wang"],
        "a person still looks: it climbs until somebody takes it",
    ),
    Case(
        "dedupnotifications: two ways to one person are one call",
        one_person_twice,
        ["li", "li"],
        "one for each rung; the second has a delay of its own",
    ),
    Case("genericapidedup: the same fault again", same_fault_again, ["li"]),
    Case(
        "inprogress: what was sent before an upgrade is not sent again", in_progress, ["li", "wang"]
    ),
    Case(
        "userdeletion: a person who is gone in the middle of the climb",
        deleted_person,
        ["li", "chen", "zhao"],
        "the hole is told to the managers",
    ),
    Case(
        "deleteescalationpolicy: the plan is gone",
        deleted_plan,
        ["li"],
        "a plan stands behind it; what has rung has rung",
    ),
    Case(
        "policyreassignment: another plan rings from its first step",
        moved_to_another_plan,
        ["li", "chen"],
        "it goes on at the same height: nothing rings twice",
    ),
    Case("policyreassignment: back again", moved_and_back, ["li", "wang"], "the same"),
    Case(
        "policy repeat: from the first step again after the last",
        lambda: everything(started()),
        ["li", "wang"],
        "never: a reopened ticket starts one rung higher instead",
    ),
    Case(
        "graphqloncall: a person on the step itself",
        lambda: everything(started(plan(rung("one", "person:li")))),
        ["li"],
    ),
    Case("graphqloncall: one of a rotation", lambda: turns(9, people=1), ["li"]),
    Case("graphqloncall: put beside nobody", lambda: on_at(substitutes=(put_in(by="li"),)), ["li"]),
    Case(
        "graphqloncall: replaced",
        lambda: on_at(shift("wang"), substitutes=(put_in(out="wang", by="li"),)),
        ["li"],
    ),
    Case("graphqloncall: not replaced", lambda: on_at(shift("wang")), ["wang"]),
    Case(
        "graphqloncall: a rotation's one is replaced",
        lambda: on_at(
            shift("wang", turn=Turn.WEEK, first=TODAY), substitutes=(put_in(out="wang", by="li"),)
        ),
        ["li"],
    ),
    Case(
        "graphqloncall: removed",
        lambda: on_at(shift("wang"), substitutes=(put_in(out="wang"),)),
        [],
    ),
    Case(
        "graphqloncall: a rotation's one is removed",
        lambda: on_at(
            shift("wang", turn=Turn.WEEK, first=TODAY), substitutes=(put_in(out="wang"),)
        ),
        [],
    ),
    Case(
        "override: before it begins and after it ends",
        lambda: on_at(shift("wang"), hours=25, substitutes=(put_in(out="wang", by="li"),)),
        ["wang"],
    ),
    Case(
        "overrideconflict: the same person put in twice",
        lambda: on_at(substitutes=(put_in(by="li"), put_in(id="s2", by="li"))),
        ["li"],
        "it is no fault: whoever is on is on once",
    ),
    Case(
        "rotation, daily: handed over at midnight",
        lambda: turns(0, 23.9, 24, 47.9, 48),
        ["li", "li", "wang", "wang", "li"],
    ),
    Case(
        "rotation, weekly",
        lambda: turns(0, 167.9, 168, 336, turn=Turn.WEEK),
        ["li", "li", "wang", "li"],
    ),
    Case(
        "rotation, several at a time",
        lambda: turns(0, 24, 47.9, 48, each=2),
        ["li", "li", "li", "wang"],
    ),
    Case(
        "rotation, of one: always somebody",
        lambda: turns(0, 100, 1000, people=1),
        ["li", "li", "li"],
    ),
    Case("rotation, without people: nobody", lambda: on_at(shift()), []),
    Case(
        "rotationdst: no turn is longer where the clock is set",
        lambda: turns(24 * 124, 24 * 125),
        ["li", "wang"],
        "China has no summer time: each day has 24 hours",
    ),
    Case(
        "rotation of a shift: handed over with the shift",
        lambda: on_at(shift("li", "wang", start=18, end=32, turn=Turn.DAY, first=TODAY), hours=25),
        ["li"],
        "a night belongs to the day on which it begins",
    ),
    Case("schedule rule: only on its days", lambda: on_at(shift("li", days=("mon",))), []),
    Case(
        "schedule rule: over midnight",
        lambda: on_at(shift("li", start=22, end=30, days=("tue",)), hours=29),
        ["li"],
    ),
    Case("schedule rules: two at once", lambda: on_at(shift("li"), shift("wang")), ["li", "wang"]),
    Case(
        "temporary schedule: other people for some days",
        lambda: on_at(
            shift("li"),
            shift("wang", days=("holiday",)),
            days=(SpecialDay(first=TODAY, last=TODAY),),
        ),
        ["wang"],
        "for holidays, which a roster names; else substitutes",
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.theirs)
def test_a_case_of_the_other_engine(case: Case) -> None:
    assert case.run() == case.rung, case.ours


def test_a_reopened_ticket_starts_one_rung_higher_where_theirs_would_repeat() -> None:
    play = started()
    play.change(state=TicketState.CLOSED)
    again = {"state": TicketState.DISPATCHED, "reopened": 1, "reopened_at": TUESDAY + HOUR}
    play.now += HOUR
    assert play.change(**again) == ["wang", "(li)"]
