"""Holding a gate open: what two people, the gate and time make of it. Pure.

One proposes, another confirms, and only then the gate is told. What ends it tells the gate once;
a gate that is not seen closed then is overdue until somebody has ended it by hand.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable

import msgspec

from hub.errors import ConflictError, ForbiddenError, InvalidRequestError
from hub.model.access import Identity
from hub.model.command import Command, CommandState
from hub.model.hold import Hold, HoldState
from hub.model.journal import Draft
from hub.model.report import Report
from hub.ports import DeviceView
from hub.ports.hold import HoldWish
from hub.services.permission import check

HOLD_OPEN, RELEASE = "hold_open", "release"
LEAST, MOST = 5, 720
"""Minutes that a gate may be held open."""
LONGEST_REASON = 200
CONFIRM_WITHIN = 600.0
"""Seconds in which somebody else has to confirm."""

_S = HoldState

OVER = frozenset({_S.ENDED, _S.WITHDRAWN, _S.LAPSED, _S.FAILED})
STANDS = frozenset({_S.ACTIVE, _S.ENDING, _S.OVERDUE})
"""States in which the gate may be up by this."""
_NOT_OPENED = frozenset({CommandState.REFUSED, CommandState.FAILED, CommandState.EXPIRED})


def propose(view: DeviceView, wish: HoldWish, who: Identity, now: float) -> Hold:
    """Return the proposal; raises what `check` does, or InvalidRequestError for its minutes."""
    _check_person(who)
    check(view, HOLD_OPEN, reason=wish.reason, who=who, now=now, two=True)
    if not LEAST <= wish.minutes <= MOST:
        raise InvalidRequestError(
            f"{view.device.id}: a gate is held open for {LEAST} to {MOST} minutes",
            problems={"minutes": f"{LEAST} to {MOST}"},
            zh=f"常抬时间应在 {LEAST} 到 {MOST} 分钟之间。",
        )
    return Hold(
        id=str(uuid.uuid4()),
        uid=view.device.uid,
        device=view.device.id,
        place=view.device.place,
        reason=wish.reason.strip()[:LONGEST_REASON],
        proposed_by=who.name,
        proposed_at=now,
        ends_at=now + 60.0 * wish.minutes,
    )


def confirm(hold: Hold, command: Command, who: Identity, now: float) -> Hold:
    """Note that somebody else agrees, and by which order the gate is told."""
    return msgspec.structs.replace(
        hold, state=_S.ACTIVE, confirmed_by=who.name, confirmed_at=now, command=command.id
    )


def check_second(hold: Hold, who: Identity) -> None:
    """Raise what stands against somebody as the second person."""
    _check_person(who)
    if hold.state is not _S.PROPOSED:
        raise ConflictError(
            f"{hold.device}: that is {hold.state} already", zh=f"{hold.device}：已经处理过了。"
        )
    if who.name == hold.proposed_by:
        raise ForbiddenError(
            f"{hold.device}: a gate is held open by two people; somebody else has to confirm",
            zh="常抬要两个人：请另一位同事用自己的账号同意。",
        )


def withdraw(hold: Hold, who: Identity) -> Hold:
    """End a proposal by hand."""
    return msgspec.structs.replace(hold, state=_S.WITHDRAWN, ended_by=who.name)


def begin_end(hold: Hold, command: Command, by: str) -> Hold:
    """Note that the gate is told to come down."""
    return msgspec.structs.replace(hold, state=_S.ENDING, ended_by=by, command=command.id, why="")


def miss(hold: Hold, by: str, why: str) -> Hold:
    """Note that its time is over and the gate was not told, or was not seen to come down."""
    return msgspec.structs.replace(hold, state=_S.OVERDUE, ended_by=by, why=why)


def give_up(hold: Hold, who: Identity, why: str) -> Hold:
    """Take a person's word that it is over, of a gate that cannot be told."""
    return msgspec.structs.replace(hold, state=_S.ENDED, ended_by=who.name, why=why)


def follow(hold: Hold, command: Command) -> Hold:
    """Take the end of the order that was given for it."""
    if command.id != hold.command or hold.state not in STANDS:
        return hold
    done = command.state is CommandState.EXECUTED
    why = command.history[-1].why
    if hold.state is _S.ENDING:
        ended = msgspec.structs.replace(hold, state=_S.ENDED)
        return ended if done else miss(hold, hold.ended_by, why)
    if command.state in _NOT_OPENED:
        return msgspec.structs.replace(hold, state=_S.FAILED, why=why)
    return msgspec.structs.replace(hold, seen=done, why="" if done else why)


def observe(hold: Hold, report: Report) -> Hold:
    """Take what the gate says of its mode: released on the spot, it is over."""
    released = any(
        (sample.point, sample.value) == ("mode", "auto") for sample in report.samples
    ) and (hold.seen or hold.state is _S.OVERDUE)
    if not released or hold.state not in {_S.ACTIVE, _S.OVERDUE}:
        return hold
    return msgspec.structs.replace(hold, state=_S.ENDED, ended_by="gate", why="")


def next_timeout(hold: Hold) -> float | None:
    """Return the instant at which time has something to say; None where it has nothing more."""
    if hold.state is _S.PROPOSED:
        return min(hold.proposed_at + CONFIRM_WITHIN, hold.ends_at)
    return hold.ends_at if hold.state is _S.ACTIVE else None


def lapse(hold: Hold) -> Hold:
    """End a proposal that nobody has confirmed."""
    return msgspec.structs.replace(hold, state=_S.LAPSED, ended_by="hub")


def find_open(holds: Iterable[Hold], uid: str) -> Hold | None:
    """Return the hold of a device that is not over."""
    return next((each for each in holds if each.uid == uid and each.state not in OVER), None)


def describe(hold: Hold, actor: str, now: float) -> Draft:
    """Write the draft of what a hold has become."""
    return Draft(
        at=now,
        type=f"hold.{hold.state}",
        subject=hold.id,
        actor=actor,
        place=hold.place,
        data={
            "device": hold.device,
            "reason": hold.reason,
            "proposed_by": hold.proposed_by,
            "confirmed_by": hold.confirmed_by,
            "ends_at": hold.ends_at,
            "command": hold.command,
            "why": hold.why,
        },
    )


def _check_person(who: Identity) -> None:
    if who.machine:
        raise ForbiddenError(
            f"{who.name}: a gate is held open by two people, and a key is none",
            zh="常抬要两个人，密钥不算。",
        )
