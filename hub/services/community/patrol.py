"""A round of an inspection: how it begins, what is seen on it, how it ends. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from hub.errors import ConflictError, NotFoundError
from hub.model.inspection import (
    Answer,
    Inspection,
    Round,
    RoundAction,
    RoundState,
    Stop,
    Verdict,
)
from hub.model.instant import to_local_text
from hub.model.journal import Draft
from hub.model.ticket import Ticket

HUB = "hub"
ROUND_STEPS: Mapping[tuple[RoundState, RoundAction], RoundState] = {
    (RoundState.DUE, RoundAction.ANSWER): RoundState.WALKING,
    (RoundState.DUE, RoundAction.MISS): RoundState.MISSED,
    (RoundState.WALKING, RoundAction.ANSWER): RoundState.WALKING,
    (RoundState.WALKING, RoundAction.FINISH): RoundState.DONE,
    (RoundState.WALKING, RoundAction.MISS): RoundState.MISSED,
}
"""State and what happens → the next state; nothing else is possible."""
_ENDED = {
    RoundState.DONE: ("这次巡查已经完成。", "is done"),
    RoundState.MISSED: ("这次巡查已经过时，请走热线登记发现的问题。", "is over; file it as a call"),
    RoundState.DUE: ("这次巡查还没有开始。", "has not been begun"),
}


def open_round(inspection: Inspection, span: tuple[float, float]) -> Round:
    """Return the round of a span (from, by); its id says of what and when."""
    stamp = "".join(c for c in to_local_text(span[0]) if c.isdigit())
    return Round(
        id=f"{inspection.id}-{stamp}",
        inspection=inspection.id,
        title=inspection.title,
        team=inspection.team,
        place=inspection.place,
        stops=inspection.stops,
        due_from=span[0],
        due_by=span[1],
    )


def find_stop(walk: Round, stop: str) -> Stop:
    """Return a stop of a round; NotFoundError for one that it has not."""
    found = next((each for each in walk.stops if each.id == stop), None)
    if found is None:
        raise NotFoundError(f"round {walk.id} has no stop {stop!r}", zh="这次巡查没有这一站。")
    return found


def take_answer(walk: Round, answer: Answer) -> Round:
    """Return the round with an answer; the same finding twice is one.

    A finding replaces 正常 at its stop, and findings are added to each other. Raises ConflictError
    for a round that has ended, and for 正常 where something was found.
    """
    state = _step(walk, RoundAction.ANSWER)
    before = walk.of_stop(answer.stop)
    if answer.report and any(each.report == answer.report for each in before):
        return walk
    found = any(each.verdict is Verdict.FINDING for each in before)
    if answer.verdict is Verdict.FINE and found:
        raise ConflictError(
            f"something was found at stop {answer.stop} already", zh="这一站已经报了问题。"
        )
    fine = [each for each in before if each.verdict is Verdict.FINE]
    kept = [each for each in walk.answers if each not in fine]
    return msgspec.structs.replace(walk, state=state, answers=(*kept, answer))


def finish_round(walk: Round, actor: str, now: float) -> Round:
    """Return the round as done; ConflictError while a stop is left, or where it has ended."""
    state = _step(walk, RoundAction.FINISH)
    if walk.left:
        raise ConflictError(
            f"{len(walk.left)} stops are left: {', '.join(each.id for each in walk.left)}",
            zh=f"还有 {len(walk.left)} 站没有看。",
        )
    return msgspec.structs.replace(walk, state=state, ended_at=now, ended_by=actor)


def end_in_time(walk: Round, now: float) -> Round:
    """Return a round whose time is over: done where every stop has its answer, missed otherwise."""
    if walk.answers and not walk.left:
        return finish_round(walk, HUB, walk.due_by)
    state = _step(walk, RoundAction.MISS)
    return msgspec.structs.replace(walk, state=state, ended_at=now, ended_by=HUB)


def tell_round(walk: Round, kind: str, actor: str, now: float, **more: object) -> Draft:
    """Write the journal entry of what became of a round: counts, and no word of anybody."""
    data = {
        "inspection": walk.inspection,
        "title": walk.title,
        "team": walk.team,
        "stops": len(walk.stops),
        "answered": len(walk.stops) - len(walk.left),
        "findings": len(walk.findings),
        **more,
    }
    return Draft(at=now, type=kind, subject=walk.id, actor=actor, place=walk.place, data=data)


def known_findings(rounds: Iterable[Round], stop: Stop, check: str = "") -> Sequence[str]:
    """Return the tickets of earlier findings at a stop, newest first; of one check if it is named.

    `rounds` are those of one inspection; a stop that is now about another thing is another one.
    """
    newest = sorted(rounds, key=lambda each: each.due_from, reverse=True)
    found = [
        answer
        for walk in newest
        for answer in reversed(walk.of_stop(stop.id))
        if answer.ticket
        and (not check or answer.check == check)
        and _is_same(find_stop(walk, stop.id), stop)
    ]
    return list(dict.fromkeys(answer.ticket for answer in found))


def still_open(number: str, tickets: Iterable[Ticket]) -> Ticket | None:
    """Return the open ticket that a number means now: its own, or the one it was folded into."""
    standing = [each for each in tickets if not each.folded_into]
    return next((t for t in standing if number == t.number or number in t.folded), None)


def describe_finding(stop: Stop, check: str, text: str) -> str:
    """Write what the crew reads of a finding: the thing, what was checked, and what was seen."""
    head = " · ".join(part for part in (stop.thing, check) if part)
    return "：".join(part for part in (head, text.strip()) if part)


def _is_same(one: Stop, other: Stop) -> bool:
    return (one.subject, one.thing) == (other.subject, other.thing)


def _step(walk: Round, action: RoundAction) -> RoundState:
    after = ROUND_STEPS.get((walk.state, action))
    if after is None:
        zh, en = _ENDED[walk.state]
        possible = tuple(do for state, do in ROUND_STEPS if state is walk.state)
        raise ConflictError(f"round {walk.id} {en}", possible=possible, zh=zh)
    return after
