"""Orders to devices: who may give which, and what acknowledgements, feedback and time make of them.

Pure. An order is in the journal before it is sent, is never sent twice, and counts as done only
when the device is seen to have moved.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable

import msgspec

from hub.errors import (
    CommandRefusedError,
    ConflictError,
    ForbiddenError,
    InvalidRequestError,
)
from hub.model.access import Identity, Role
from hub.model.command import Command, CommandState, CommandStep
from hub.model.device import Device, Kind, Lifecycle, LinkState
from hub.model.journal import Draft
from hub.model.report import Quality, Sample, Value
from hub.model.spelling import suggest
from hub.ports import DeviceView

EXPIRY = 5.0
"""Seconds in which an order must begin; the device refuses it afterwards."""
FEEDBACK = 5.0
"""Further seconds that a device which has acknowledged may take to be seen moving."""
LOOK = "not confirmed, look at the gate (未确认，请到现场查看)"
NEVER_SENT = "it was not sent in time (未能及时发出)"

ALLOWED: dict[Kind, tuple[str, ...]] = {
    Kind.BARRIER_GATE: ("open", "close"),
    Kind.UNIT_DOOR: ("open",),
}
"""Kind → orders that one person may give; hold-open and bulk orders need two."""

MAY_COMMAND = frozenset({Role.GUARD, Role.MANAGER, Role.ADMINISTRATOR})

CONFIRMS: dict[str, frozenset[tuple[str, Value]]] = {
    "open": frozenset({("arm.position", "open"), ("lock.locked", False), ("door.open", True)}),
    "close": frozenset({("arm.position", "closed")}),
}
"""Order → values of points that show that it was carried out."""

_S = CommandState

FINAL = frozenset({_S.EXECUTED, _S.REFUSED, _S.FAILED, _S.EXPIRED, _S.UNKNOWN})
_UNSENT = frozenset({_S.REQUESTED, _S.AUTHORISED})
_UNDER_WAY = frozenset({_S.SENT, _S.RECEIVED})


def request(
    view: DeviceView,
    do: str,
    *,
    reason: str,
    who: Identity,
    now: float,
    pending: Iterable[Command] = (),
    command_id: str = "",
) -> Command:
    """Authorise one order, or say why it may not be given.

    Raises InvalidRequestError (no reason), ForbiddenError (role or place), CommandRefusedError
    (device, order) or ConflictError (another order to the device is under way in `pending`).
    `command_id` is a new UUID where none is given.
    """
    device = view.device
    _check_reason(reason, device)
    _check_person(who, device)
    _check_order(device, do)
    _check_device(view, do, now)
    _check_alone(device, pending)
    steps = tuple(CommandStep(state=state, at=now) for state in (_S.REQUESTED, _S.AUTHORISED))
    return Command(
        id=command_id or str(uuid.uuid4()),
        uid=device.uid,
        device=device.id,
        do=do,
        actor=who.name,
        reason=reason.strip(),
        issued=now,
        expires=now + EXPIRY,
        state=_S.AUTHORISED,
        history=steps,
    )


def describe(command: Command, place: str) -> list[Draft]:
    """Write the draft of the command's newest step, or both drafts of a new command.

    Those, `requested` and `authorised`, go into the journal before anything is sent.
    """
    new = command.state is _S.AUTHORISED
    steps = command.history if new else command.history[-1:]
    return [_draft(command, each, place) for each in steps]


def mark_sent(command: Command, now: float) -> Command:
    """Note that it was handed to the link; an expired or final one stays as it is."""
    return _to(command, _S.SENT, now) if command.state in _UNSENT else command


def mark_unsent(command: Command, why: str, now: float) -> Command:
    """Note that the link sent nothing, and says so."""
    return _to(command, _S.FAILED, now, why) if command.state not in FINAL else command


def mark_doubtful(command: Command, why: str, now: float) -> Command:
    """Note that the link broke while sending: it may have got through."""
    if command.state in FINAL:
        return command
    return _to(command, _S.UNKNOWN, now, f"{LOOK}: {why}")


def acknowledge(command: Command, result: str, why: str, now: float) -> Command:
    """Take the device's answer: received, executed, refused or failed.

    `executed` is its word, not its position: it counts as received until feedback is seen.
    """
    if command.state in FINAL:
        return command
    if result in {_S.REFUSED, _S.FAILED}:
        return _to(command, CommandState(result), now, why)
    if command.state is _S.RECEIVED or result not in {_S.RECEIVED, _S.EXECUTED}:
        return command
    word = "the device says that it is done" if result == _S.EXECUTED else why
    return _to(command, _S.RECEIVED, now, word)


def observe(command: Command, samples: Iterable[Sample], now: float) -> Command:
    """Take what the device's points say; hand in live samples only, neither late nor retained."""
    wanted = CONFIRMS.get(command.do, frozenset())
    seen = any(
        sample.quality is Quality.GOOD and (sample.point, sample.value) in wanted
        for sample in samples
    )
    return _to(command, _S.EXECUTED, now) if seen and command.state in _UNDER_WAY else command


def next_timeout(command: Command) -> float | None:
    """Return the instant at which `time_out` has something to say; None when it is final."""
    if command.state in FINAL:
        return None
    return command.expires + (FEEDBACK if command.state is _S.RECEIVED else 0.0)


def time_out(command: Command, now: float) -> Command:
    """End a command whose time has passed: expired if unsent, unknown if under way."""
    limit = next_timeout(command)
    if limit is None or now < limit:
        return command
    if command.state in _UNSENT:
        return _to(command, _S.EXPIRED, now, NEVER_SENT)
    return _to(command, _S.UNKNOWN, now, LOOK)


def end_after_restart(command: Command, now: float) -> Command:
    """End a command that a stopped hub left behind; nothing is ever sent again.

    An authorised one may have gone out in the hub's last moment.
    """
    if command.state in FINAL:
        return command
    if command.state is _S.REQUESTED:
        return _to(command, _S.EXPIRED, now, NEVER_SENT)
    return _to(command, _S.UNKNOWN, now, LOOK)


def _check_reason(reason: str, device: Device) -> None:
    if not reason.strip():
        raise InvalidRequestError(
            f"{device.id}: an order needs a reason; say why", problems={"reason": "say why"}
        )


def _check_person(who: Identity, device: Device) -> None:
    if who.role not in MAY_COMMAND:
        roles = ", ".join(sorted(MAY_COMMAND))
        raise ForbiddenError(f"{device.id}: a {who.role} gives no orders; {roles} may")
    if not who.may_see(device.place):
        raise ForbiddenError(f"{device.id} is not in your part of the community")


def _check_order(device: Device, do: str) -> None:
    allowed = ALLOWED.get(device.kind, ())
    if not allowed:
        raise CommandRefusedError(f"{device.id}: a {device.kind} takes no orders from here")
    if do not in allowed:
        hint = suggest(do, allowed)
        raise CommandRefusedError(f"{device.id}: a {device.kind} cannot be told {do!r}; {hint}")
    if device.attributes.get("fire_linked"):
        raise CommandRefusedError(
            f"{device.id} belongs to the fire release, which is wired; use its manual release"
        )
    if device.state in {Lifecycle.PLANNED, Lifecycle.RETIRED}:
        raise CommandRefusedError(f"{device.id} is {device.state}; it takes no orders")


def _check_device(view: DeviceView, do: str, now: float) -> None:
    name = view.device.id
    if view.link is not LinkState.ONLINE:
        raise CommandRefusedError(f"{name} is {view.link}: it cannot be heard; go to the gate")
    for point, _ in sorted(CONFIRMS[do], key=str):
        seen = view.points.get(point)
        if seen and seen.stale_after and now - seen.at > seen.stale_after:
            age = round(now - seen.at)
            raise CommandRefusedError(f"{name}: {point} is {age} s old (stale); look at the gate")


def _check_alone(device: Device, pending: Iterable[Command]) -> None:
    for other in pending:
        if other.uid == device.uid and other.state not in FINAL:
            raise ConflictError(
                f"{device.id}: {other.actor}'s order to {other.do} is under way; wait for it"
            )


def _to(command: Command, state: CommandState, now: float, why: str = "") -> Command:
    history = (*command.history, CommandStep(state=state, at=now, why=why))
    return msgspec.structs.replace(command, state=state, history=history)


def _draft(command: Command, newest: CommandStep, place: str) -> Draft:
    return Draft(
        at=newest.at,
        type=f"command.{newest.state}",
        subject=command.id,
        actor=command.actor if newest.state in _UNSENT else "hub",
        place=place,
        data={
            "device": command.device,
            "do": command.do,
            "actor": command.actor,
            "reason": command.reason,
            "expires": command.expires,
            "state": newest.state.value,
            "why": newest.why,
        },
    )
