"""The climb of a ticket, pure: what was, what is and an instant go in, what comes now goes out."""

from __future__ import annotations

import msgspec

from hub.errors import ConflictError
from hub.model.alarm import Severity
from hub.model.climb import Climb
from hub.model.journal import Draft
from hub.model.ring import Ring
from hub.model.rung import Rung, Trigger
from hub.model.ticket import plain_fault
from hub.services.duty.giving import give, give_again
from hub.services.duty.muster import Words
from hub.services.duty.proposal import (
    SILENCE,
    ask,
    ask_again_at,
    is_consent,
    proposed_rung,
)
from hub.services.duty.rung import ENDED, UNTAKEN, WHY, calling, position
from hub.services.duty.settling import settle
from hub.services.duty.summons import Case, Summons
from hub.services.duty.whereabouts import next_place, place_of, trigger, why_next

PASSED_ON = {"zh": "下一级无人可叫", "en": "the rung below has nobody"}
CONFIRMED = {"zh": "已确认上报", "en": "it was confirmed"}


class Move(msgspec.Struct, frozen=True, kw_only=True):
    """What one look leads to; `climb` None says that the ticket does not climb any more.

    `withdrawn` are the ids of rings that have lost their reason, `given` the login to whom the
    rota dispatches the ticket.
    """

    climb: Climb | None
    rings: tuple[Ring, ...] = ()
    withdrawn: tuple[str, ...] = ()
    drafts: tuple[Draft, ...] = ()
    given: str = ""


def climb_on(climb: Climb | None, case: Case) -> Move:
    """Let every rung come that is due now, each once; an empty one passes to the next at once."""
    before = climb.open_rings if climb else ()
    if case.ticket.state in ENDED:
        return Move(climb=None, withdrawn=before)
    settled = settle(climb, case)
    lapsed = climb is not None and climb.proposed and not settled.proposed
    move = _release(Move(climb=settled, withdrawn=before if lapsed else ()), case)
    move, pushed = _ask_again(_give_again(move, case), case)
    while (now_on := move.climb) and _is_due(now_on, case, pushed=pushed):
        why = PASSED_ON if pushed else why_next(now_on, case)
        move, pushed = _come(move, _next_summons(now_on, case, why))
    return move


def push_on(climb: Climb, case: Case, why: Words, actor: str) -> Move:
    """Let the next rung come now, though nothing calls it yet; an empty one passes to the next.

    A rung that a person has to confirm is asked for only where something calls it, too.
    """
    move, pushed = Move(climb=climb), True
    while pushed and (now_on := move.climb) and (found := next_rung(now_on, case)):
        if found[1].confirm and trigger(now_on, case) is None:
            break
        move, pushed = _come(move, _next_summons(now_on, case, why, actor))
        why = PASSED_ON
    return move


def answer(climb: Climb, case: Case, *, agreed: bool, actor: str, reason: str = "") -> Move:
    """Confirm or decline what was proposed; ConflictError where nothing was."""
    place = place_of(climb.proposed, case)
    if place is None:
        number = case.ticket.number
        raise ConflictError(
            f"ticket {number}: nothing waits for a confirmation; look at it again",
            zh=f"工单 {number}：没有待确认的上报，请刷新再看。",
        )
    summons = Summons(climb=climb, case=case, place=place, why=CONFIRMED, actor=actor)
    asked = climb.open_rings
    if agreed:
        return _ring(Move(climb=climb, withdrawn=asked), summons, case, reason=reason)[0]
    draft = summons.draft("ticket.escalation_declined", reason=reason)
    passed = msgspec.structs.replace(_pass(climb, case, place), held=0.0)
    return Move(climb=passed, withdrawn=asked, drafts=(draft,))


def wake_at(climb: Climb, case: Case) -> float | None:
    """Return when to look again: the next rung is due then, or an open proposal."""
    return ask_again_at(climb, case) if climb.proposed else next_at(climb, case)


def next_at(climb: Climb, case: Case) -> float | None:
    """Return when the next rung comes; None while nothing calls it, or a person has to say so."""
    place = next_place(climb, case)
    is_over = place >= len(case.plan.rungs) or climb.proposed
    if is_over or trigger(climb, case) is None:
        return None
    if climb.passed:
        return climb.base + case.plan.rungs[place].after
    return climb.base + (0.0 if climb.reviewing else case.plan.rungs[0].after)


def next_rung(climb: Climb, case: Case) -> tuple[int, Rung] | None:
    """Return the next rung with its place, or None behind the last."""
    place = next_place(climb, case)
    rungs = case.plan.rungs
    return (place, rungs[place]) if place < len(rungs) else None


def _is_due(climb: Climb, case: Case, *, pushed: bool) -> bool:
    if pushed and not climb.proposed:
        return next_place(climb, case) < len(case.plan.rungs)
    due = next_at(climb, case)
    return due is not None and due <= case.now


def _next_summons(climb: Climb, case: Case, why: Words, actor: str = "hub") -> Summons:
    place = next_place(climb, case)
    below = () if climb.passed or climb.reviewing else case.plan.rungs[:place]
    return Summons(climb=climb, case=case, place=place, why=why, below=below, actor=actor)


def _come(move: Move, summons: Summons) -> tuple[Move, bool]:
    """Let one rung come; the second answer says that it was empty."""
    case, rung = summons.case, summons.rung
    if rung.confirm and plain_fault(case.ticket.fault) not in rung.automatic_for:
        asking = ask(summons)
        return _add(move, asking.climb, asking.rings, asking.draft), False
    return _ring(move, summons, case)


def _ask_again(move: Move, case: Case) -> tuple[Move, bool]:
    """Repeat a proposal that nobody has answered in its time, or take that for an answer."""
    climb, rung = move.climb, proposed_rung(move.climb, case) if move.climb else None
    due = ask_again_at(climb, case) if climb else None
    if climb is None or rung is None or due is None or due > case.now:
        return move, False
    summons = Summons(climb=climb, case=case, place=case.plan.rungs.index(rung), why=SILENCE)
    move = msgspec.structs.replace(move, withdrawn=(*move.withdrawn, *climb.open_rings))
    if is_consent(climb, rung, plain_fault(case.ticket.fault)):
        return _ring(move, summons, case)
    asking = ask(msgspec.structs.replace(summons, why=why_next(climb, case)))
    return _add(move, asking.climb, asking.rings, asking.draft), False


def _ring(move: Move, summons: Summons, case: Case, **more: str) -> tuple[Move, bool]:
    summons = give(summons)
    who, rings = summons.who(), summons.rings()
    held = tuple(ring.id for ring in rings) if case.not_before > case.now else ()
    passed = _pass(summons.climb, case, summons.place)
    given = (*passed.given, summons.to) if summons.to else passed.given
    passed = msgspec.structs.replace(passed, open_rings=held, given=given)
    move = msgspec.structs.replace(move, given=summons.to or move.given)
    if who["responsible"]:
        draft = summons.draft("ticket.escalated", **who, **more)
        return _add(move, passed, rings, draft), False
    draft = summons.draft("roster.hole", hole=summons.responsible().why_nobody, **who)
    return _add(move, passed, (*rings, *summons.tell_hole()), draft), True


def _give_again(move: Move, case: Case) -> Move:
    """Dispatch a ticket that came back to the next one of its rota, and ring nobody else."""
    climb, summons = move.climb, give_again(move.climb, case)
    if climb is None or summons is None:
        return move
    return msgspec.structs.replace(
        move,
        climb=msgspec.structs.replace(climb, given=(*climb.given, summons.to)),
        rings=(*move.rings, *summons.rings_to_act()),
        withdrawn=(*move.withdrawn, *(summons.ring_id(one) for one in climb.given)),
        given=summons.to,
    )


def _add(move: Move, climb: Climb, rings: tuple[Ring, ...], draft: Draft) -> Move:
    return msgspec.structs.replace(
        move, climb=climb, rings=(*move.rings, *rings), drafts=(*move.drafts, draft)
    )


def _pass(climb: Climb, case: Case, place: int) -> Climb:
    ids = [rung.id for rung in case.plan.rungs[: place + 1]]
    passed = dict.fromkeys([*climb.passed, *ids])
    return msgspec.structs.replace(
        climb,
        passed=tuple(passed),
        at=case.now,
        held=case.not_before,
        proposed="",
        asked=0,
        open_rings=(),
    )


def _release(move: Move, case: Case) -> Move:
    """Let ring at once what quiet hours hold back, where the ticket has become critical."""
    climb = move.climb
    critical = case.ticket.severity is Severity.CRITICAL
    if climb is None or not (critical and climb.passed and climb.held > case.now):
        return move
    freed = msgspec.structs.replace(climb, at=case.now, held=0.0, open_rings=())
    rings = _ring_again(climb, case)
    return msgspec.structs.replace(
        move,
        climb=freed,
        rings=(*move.rings, *rings),
        withdrawn=(*move.withdrawn, *(climb.open_rings if rings else ())),
    )


def _ring_again(climb: Climb, case: Case) -> tuple[Ring, ...]:
    """Return new rings of the last rung, if it is held back and its own trigger still holds."""
    place = position(case.plan.rungs, climb.passed) - 1
    trigger = calling(case.plan.rungs[place : place + 1], case.ticket)
    taken = trigger is Trigger.OPENED and case.ticket.state not in UNTAKEN
    if trigger is None or taken or not climb.open_rings:
        return ()
    why = WHY[trigger]
    return Summons(climb=climb, case=case, place=place, why=why, mark=".critical").rings()
