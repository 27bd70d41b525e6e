"""Writes decisions from a rule, the state of a device, and what just happened."""

from __future__ import annotations

from hub.model.alarm import Action, Decision, Severity, TicketSpec
from rules import reason
from rules.machine import Move
from rules.plan import Program
from rules.state import Watch


def staged(program: Program, stage: int) -> tuple[Severity, TicketSpec | None, tuple[str, ...]]:
    """Return (severity, ticket, whom to tell) at a stage; -1 is the rule itself."""
    rule = program.rule
    severity, ticket, tell = rule.severity, rule.ticket, rule.tell
    if stage >= 0:
        found = rule.stages[stage]
        severity, ticket = found.severity or severity, found.ticket or ticket
        tell = found.tell or tell
    return severity, ticket, tell


def write_decision(
    watch: Watch, move: Move, *, stage: int, why: dict[str, str] | None = None
) -> Decision:
    """Return the decision for a move of the watch at its device's `now`."""
    d, program = watch.device, watch.program
    rule = program.rule
    severity, ticket, tell = staged(program, stage)
    again = watch.lock is not None
    sentences = {
        Move.RAISE: lambda: reason.raised(d, program, again=again),
        Move.CHANGE: lambda: reason.changed(d, program),
        Move.CLEAR: lambda: reason.cleared(d, program),
    }
    return Decision(
        action=Action(move.name.lower()),
        subject=d.device.uid,
        rule=rule.id,
        fault=rule.fault,
        name=rule.name,
        severity=severity,
        at=d.now,
        reason=why or sentences[move](),
        evidence=reason.gather(d, program),
        ticket=ticket,
        tell=tell,
        inhibit=rule.inhibit,
        discreet=rule.discreet,
        explains=rule.explains,
        trial=rule.trial,
    )
