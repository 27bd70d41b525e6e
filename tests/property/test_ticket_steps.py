"""Whatever people do in whatever order: nobody closes alone, and nothing is done unseen."""

from __future__ import annotations

import contextlib
from collections import Counter
from typing import NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from hub.errors import HubError, InvalidRequestError
from hub.model.access import Role
from hub.model.alarm import Action, Decision
from hub.model.ticket import ClosingCode, Ticket, TicketAction, TicketState, TicketStep
from hub.services.tickets.desk_book import DeskBook
from hub.services.tickets.follow_up import is_open
from hub.services.tickets.ticket import possible_steps, step
from hub.services.tickets.transition import same_person
from tests.support.detour import EXTRA
from tests.unit.services.making import HOUR, NOW, decide, make_book, make_device, make_ticket

PEOPLE = ("wang", "key:wang", "Li", "li", "chen")
NUMBERS = tuple(f"GS-20251125-000{number}" for number in range(1, 6))
ALARMS = tuple(f"A000000000{number}" for number in range(1, 6))
WISHES = st.builds(
    TicketStep,
    do=st.sampled_from(TicketAction),
    actor=st.sampled_from(PEOPLE),
    role=st.sampled_from([role.value for role in Role]),
    at=st.just(NOW),
    reason=st.sampled_from(["", "because"]),
    code=st.sampled_from(["", *(code.value for code in ClosingCode), "nonsense"]),
    to=st.sampled_from(["", "li", *NUMBERS]),
    text=st.sampled_from(["", "words"]),
    extra=st.sampled_from([{}, *EXTRA.values()]),
)
SPLITS = st.builds(
    TicketStep,
    do=st.just(TicketAction.SPLIT),
    actor=st.just("chen"),
    role=st.just("manager"),
    at=st.just(NOW),
    reason=st.just("because"),
    extra=st.sampled_from([*ALARMS, "gate-2"]).map(lambda part: {"part": part}),
)
MERGES = st.builds(
    TicketStep,
    do=st.just(TicketAction.MERGE),
    actor=st.just("chen"),
    role=st.just("manager"),
    at=st.just(NOW),
    to=st.sampled_from(NUMBERS),
)
ORDER = (
    "take arrive complete verify close reopen dispatch reject transfer return".split()  # noqa: SIM905
)
"""Ways on before ways back."""


class Urge(NamedTuple):
    """A leader does one of what is possible, so that long lives are reached."""

    which: int
    actor: str

    def to_wish(self, ticket: Ticket) -> TicketStep:
        possible = possible_steps(ticket, "manager")
        steps = sorted((do for do in possible if do in ORDER), key=ORDER.index)
        do = steps[self.which % len(steps)] if steps else "comment"
        return TicketStep(
            do=TicketAction(do),
            actor=self.actor,
            role="manager",
            at=NOW,
            reason="because",
            to="li",
            text="words",
            extra=EXTRA.get(do, {}),
        )


def as_wish(event: TicketStep | Urge, ticket: Ticket) -> TicketStep:
    return event.to_wish(ticket) if isinstance(event, Urge) else event


URGES = st.builds(Urge, st.sampled_from((0, 0, 0, 1, 2)), st.sampled_from(PEOPLE))
EVENTS = st.one_of(URGES, URGES, URGES, WISHES)
LIVES = st.lists(st.tuples(EVENTS, st.booleans(), st.floats(0, 20 * HOUR)), min_size=8, max_size=60)
Life = list[tuple[TicketStep | Urge, bool, float]]


@given(LIVES)
def test_no_ticket_is_closed_unless_one_completed_and_another_verified(
    life: Life,
) -> None:
    ticket, now = make_ticket(), NOW
    completer = verifier = ""
    for event, healthy, pause in life:
        now += pause
        wish = as_wish(event, ticket)
        with contextlib.suppress(HubError):
            before = ticket
            ticket, [draft] = step(ticket, wish, healthy=healthy, now=now)
            assert ticket.revision == before.revision + 1 == draft.data["revision"]
            completer = wish.actor if wish.do is TicketAction.COMPLETE else completer
            verifier = wish.actor if wish.do is TicketAction.VERIFY else verifier
            if ticket.state is TicketState.CLOSED:
                assert completer == ticket.completed_by
                assert verifier == ticket.verified_by
                assert completer
                assert verifier
                assert not same_person(completer, verifier)
                assert not same_person(ticket.holder, verifier)
            if ticket.state is TicketState.DISPATCHED:
                assert (ticket.completed_by, ticket.verified_by) == ("", "")


@given(LIVES)
def test_what_is_called_possible_is_possible_and_nothing_else(
    life: Life,
) -> None:
    ticket, now = make_ticket(), NOW
    for event, _, pause in life:
        now += pause
        wish = as_wish(event, ticket)
        possible = possible_steps(ticket, wish.role, actor=wish.actor, now=now)
        try:
            ticket = step(ticket, wish, healthy=True, now=now)[0]
            is_possible = True
        except InvalidRequestError:
            is_possible = True
        except HubError:
            is_possible = False
        assert (wish.do.value in possible) is is_possible


def _try(ticket: Ticket, wish: TicketStep, now: float) -> Ticket:
    try:
        return step(ticket, wish, healthy=True, now=now)[0]
    except HubError:
        return ticket


DECISIONS = st.builds(
    decide,
    action=st.sampled_from(Action),
    rule=st.sampled_from(["r1", "r2"]),
    subject=st.sampled_from(["d_gate-1", "d_gate-2"]),
    fault=st.just("gate.stuck_open"),
    trial=st.booleans(),
    children=st.sampled_from([(), ("d_gate-2",)]),
)


TWO_RULES = [decide(rule=rule, fault="gate.stuck_open") for rule in ("r1", "r2")]
"""Alarms of one fault, so that there is something to take apart."""


@given(
    st.lists(st.one_of(DECISIONS, WISHES, URGES, SPLITS, MERGES), max_size=50),
    st.lists(st.floats(0, HOUR)),
)
def test_one_fault_of_one_subject_has_at_most_one_open_ticket(
    story: list[Decision | TicketStep | Urge], pauses: list[float]
) -> None:
    book, now = make_book(make_device(), make_device("gate-2")), NOW
    revisions: dict[str, int] = {}
    for number, event in enumerate([*TWO_RULES, *story]):
        now += pauses[number] if number < len(pauses) else 1.0
        for ticket in _happen(book, event, now):
            assert ticket.revision > revisions.get(ticket.number, 0)
            revisions[ticket.number] = ticket.revision
        open_tickets = book.index.open_tickets()
        assert len({(each.uid, each.fault) for each in open_tickets}) == len(open_tickets)
        assert all(is_open(each) for each in open_tickets)
        for alarm in book.index.open_alarms():
            assert not alarm.ticket or alarm.id in _ticket_of(book, alarm.ticket).alarms
        _check_halves(book)


def _check_halves(book: DeskBook) -> None:
    """Check that the two halves name each other, and that no alarm is in both."""
    for number in NUMBERS:
        ticket = book.index.ticket(number)
        if ticket and ticket.split_from:
            whole = _ticket_of(book, ticket.split_from)
            assert number in whole.split_off
            assert ticket.opened_at >= whole.opened_at
    held = [alarm for ticket in book.index.open_tickets() for alarm in ticket.alarms]
    assert len(held) == len(set(held))


def test_the_stories_that_are_tried_do_take_tickets_apart() -> None:
    halves: list[str] = []

    @given(st.lists(st.one_of(DECISIONS, SPLITS, MERGES), max_size=30))
    @settings(database=None, derandomize=True, max_examples=200)
    def live(story: list[Decision | TicketStep]) -> None:
        book = make_book(make_device(), make_device("gate-2"))
        for number, event in enumerate([*TWO_RULES, *story]):
            halves.extend(t.number for t in _happen(book, event, NOW + number) if t.split_from)

    live()
    assert len(halves) > 20, "too timid: so few were taken apart that nothing was shown"


def _ticket_of(book: DeskBook, number: str) -> Ticket:
    ticket = book.index.ticket(number)
    assert ticket is not None
    return ticket


def _happen(book: DeskBook, event: Decision | TicketStep | Urge, now: float) -> list[Ticket]:
    if isinstance(event, Decision):
        return book.apply(event, now).tickets
    tickets = []
    for number in NUMBERS:
        ticket = book.index.ticket(number)
        with contextlib.suppress(HubError):
            if ticket:
                tickets.extend(book.step(number, as_wish(event, ticket), now)[1].tickets)
    return tickets


def test_the_lives_that_are_tried_do_reach_closed() -> None:
    reached: Counter[TicketState] = Counter()

    @given(LIVES)
    @settings(database=None, derandomize=True, max_examples=300)
    def live(life: Life) -> None:
        ticket = make_ticket()
        for event, _, _ in life:
            ticket = _try(ticket, as_wish(event, ticket), NOW)
            reached[ticket.state] += 1

    live()
    assert reached[TicketState.CLOSED] > 20, "too timid: so few were closed that nothing was shown"
