"""What the platform and its department do next of their own accord; pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

ENDED_WORK = frozenset({"completed", "verified", "closed"})
"""States of the ticket in which the property says that the matter is over."""
AT_WORK = frozenset({"dispatched", "sent_back"})
_ANEW = frozenset({"return", "reopen"})


class Habits(msgspec.Struct, frozen=True, kw_only=True):
    """How the city works: to whom it dispatches, what it refuses, what it leaves to a person.

    `by_hand` are steps that nobody takes by himself, `feed_back` or `city:close`; `extension` is
    what a department asks for, in seconds. Without `auto` every step is one by hand.
    """

    auto: bool = False
    department: str = ""
    refuses: tuple[str, ...] = ()
    by_hand: frozenset[str] = frozenset()
    extension: float = 0.0


class Side(msgspec.Struct, frozen=True, kw_only=True):
    """One receiver's own case: its state, and what was done since it was dispatched last.

    `rounds` counts how often it began anew: sent back, or opened again.
    """

    state: str = "reported"
    done: frozenset[str] = frozenset()
    rounds: int = 0


class Move(msgspec.Struct, frozen=True, kw_only=True):
    """A step to take: by which seat (empty for the city's own), and with what."""

    do: str
    by: str = ""
    fields: dict[str, Any] = {}


def side_of(steps: Sequence[tuple[str, str]]) -> Side:
    """Return a case by its steps, each what was done and the state behind it, oldest first."""
    done: set[str] = set()
    for do, _ in steps:
        if do == "dispatch" or do in _ANEW:
            done.clear()
        done.add(do)
    rounds = sum(do in _ANEW for do, _ in steps)
    return Side(state=steps[-1][1] if steps else "reported", done=frozenset(done), rounds=rounds)


def next_move(
    incident: dict[str, Any], city: Side, department: Side, habits: Habits, now: float
) -> Move | None:
    """Return what comes next, or None while somebody else has to do something."""
    if not habits.auto:
        return None
    handled = department.state == "handled" and department.rounds >= city.rounds
    if city.state in AT_WORK and not handled:
        move = _of_department(department, habits, now)
    else:
        move = _of_city(incident, city, habits)
    is_left = move and {move.do, f"{move.by or 'city'}:{move.do}"} & habits.by_hand
    return None if is_left else move


def _of_city(incident: dict[str, Any], city: Side, habits: Habits) -> Move | None:
    if city.state == "reported" and incident["fault"] in habits.refuses:
        return Move(do="refuse", fields={"reason": "不属于本平台职责"})
    if city.state == "handled" and incident["state"] not in ENDED_WORK:
        return None  # the platform checks what the property, too, calls finished
    return {
        "reported": Move(do="file", fields={"number": f"C-{incident['number']}"}),
        "filed": Move(do="dispatch", fields={"to": habits.department}),
        "dispatched": Move(do="feed_back", fields={"text": "部门已处置完毕"}),
        "sent_back": Move(do="feed_back", fields={"text": "返工已完成"}),
        "handled": Move(do="check"),
        "checked": Move(do="close"),
    }.get(city.state)


def _of_department(department: Side, habits: Habits, now: float) -> Move | None:
    """Return the department's next step; one that has asked waits for the city to decide."""
    by, done, wants = habits.department, department.done, habits.extension > 0
    asking = {"until": now + habits.extension, "reason": "等待备件"}
    line = (
        (
            department.state == "handled",
            Move(by=by, do="return", fields={"reason": "平台要求返工"}),
        ),
        (department.state != "signed", Move(by=by, do="sign")),
        ("arrive" not in done, Move(by=by, do="arrive")),
        (wants and "ask_extension" not in done, Move(by=by, do="ask_extension", fields=asking)),
        (
            wants and "decide_extension" not in done,
            Move(do="decide_extension", fields={"granted": True, "receiver": by}),
        ),
        (True, Move(by=by, do="feed_back", fields={"text": "线路已抢修，恢复供电"})),
    )
    return next((move for is_due, move in line if is_due), None) if by else None
