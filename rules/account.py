"""What a rule on a device says of itself when it is asked, and not because something happened."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from hub.model.alarm import Decision
from rules import reason
from rules.decide import write_decision
from rules.machine import Move
from rules.state import Watch
from rules.world import World


def raised_in(world: World, rules: Collection[str]) -> Iterator[Watch]:
    """Yield the watches of these rules whose alarm is raised."""
    raised = (watch for d in world.values() for watch in d.watches if watch.episode)
    return (watch for watch in raised if watch.program.rule.id in rules)


def say_again(
    watch: Watch, move: Move, now: float, *, why: dict[str, str] | None = None
) -> Decision:
    """Return a decision about an alarm that is there already."""
    watch.device.now = max(watch.device.now, now)
    stage = watch.episode.stage if watch.episode else -1
    return write_decision(watch, move, stage=stage, why=why)


def explain_watch(watch: Watch) -> dict[str, Any]:
    """Return rule, name, state (raised, unknown, holding, quiet), since, reason and discreet."""
    d, program = watch.device, watch.program
    state, since = "quiet", None
    if watch.episode is not None:
        state, since = "raised", watch.episode.raised_at
    elif watch.last is None:
        state = "unknown"
    elif watch.since is not None:
        state, since = "holding", watch.since
    return {
        "rule": program.rule.id,
        "name": program.rule.name,
        "state": state,
        "since": since,
        "reason": reason.explained(d, program, state),
        "discreet": program.rule.discreet,
    }
