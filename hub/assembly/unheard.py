"""What would ring nobody by name: discreet alarms of a site whose plans name nobody for them."""

from __future__ import annotations

from hub.assembly.loading import World
from hub.errors import Problem


def find_unheard(world: World) -> tuple[Problem, ...]:
    """Return a note where a rule can raise a discreet alarm here that nobody is woken by.

    It is no fault: the managers of the place have it on their own pages, if they look.
    """
    kinds = {world.models[device.model].kind for device in world.site.devices}
    rules = [
        rule
        for rule in world.rules
        if rule.discreet and not rule.trial and not kinds.isdisjoint(rule.kinds)
    ]
    mute = [
        Problem(file=rule.file, line=rule.line, message=MUTE.format(rule=rule.id), hint=ADD_TICKET)
        for rule in rules
        if rule.ticket is None
    ]
    if not rules or any(plan.discreet for plan in world.duty.plans):
        return tuple(mute)
    named = ", ".join(sorted(rule.id for rule in rules))
    file = str(world.settings.duty.file or "[duty]")
    return (*mute, Problem(file=file, message=NOBODY.format(rules=named), hint=ADD_PLAN))


MUTE = "rule {rule} is discreet and opens no ticket, so that nobody is rung"
ADD_TICKET = "add ticket = { … } to it"
NOBODY = "discreet alarms ({rules}) stand on leaders' own pages alone, and wake nobody"
ADD_PLAN = (
    "add a [[plan]] with discreet = true that names people and a channel to each of them"
    " (docs/escalation.md)"
)
