"""Orders to devices: who may give which, and what acknowledgements, feedback and time make of them.

Pure. An order is in the journal before it is sent, is never sent twice, and counts as done only
when the device is seen to have moved.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable

import msgspec

from hub.errors import ConflictError
from hub.model.access import Identity
from hub.model.command import Command, CommandState, CommandStep
from hub.model.device import Device
from hub.model.journal import Draft
from hub.model.report import Quality, Sample
from hub.ports import DeviceView
from hub.services.permission import CONFIRMS, check

EXPIRY = 5.0
"""Seconds in which an order must begin; the device refuses it afterwards."""
FEEDBACK = 5.0
"""Further seconds that a device which has acknowledged may take to be seen moving."""
LOOK = "not confirmed, look at the gate (未确认，请到现场查看)"
NEVER_SENT = "it was not sent in time (未能及时发出)"

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
    two: bool = False,
) -> Command:
    """Authorise one order, or say why it may not be given.

    Raises InvalidRequestError (no reason), ForbiddenError (role or place), CommandRefusedError
    (device, order) or ConflictError (another order to the device is under way in `pending`).
    `command_id` is a new UUID where none is given; `two` is told of an order that comes of what two
    people have agreed to.
    """
    device = view.device
    check(view, do, reason=reason, who=who, now=now, two=two)
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


def _check_alone(device: Device, pending: Iterable[Command]) -> None:
    for other in pending:
        if other.uid == device.uid and other.state not in FINAL:
            raise ConflictError(
                f"{device.id}: {other.actor}'s order to {other.do} is under way; wait for it",
                zh=f"{device.id}：{other.actor} 的指令正在执行，请稍等。",
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
