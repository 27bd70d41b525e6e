"""A common cause: enough of one circle fell silent together, though nothing above them says why."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from hub.model.alarm import Class, Decision, Severity, TicketSpec, Urgency
from rules.silence.casebook import Case, Casebook, Standing
from rules.silence.kinship import Circle, Kinship

AT_LEAST = 3
SHARE = 0.5
SUFFIX = ".group"
"""The circle's alarm is told under its members' rule with this (and a bus's name) behind it."""
_WORST_FIRST = tuple(Severity)


def find_common_cause(case: Case, book: Casebook, kin: Kinship, *, together: float) -> Case | None:
    """Return a case for the common ancestor when enough of a circle of `case` are silent.

    Silent together are those whose alarms lie at most `together` seconds from that of `case`.
    """
    for circle in kin.circles(case.decision.subject):
        peers = [
            each.decision
            for each in book.of(kin.members(circle))
            if each.decision.rule == case.decision.rule
            and each.standing is not Standing.FOLDED
            and abs(each.decision.at - case.decision.at) <= together
        ]
        if _enough(len(peers), circle, kin):
            root = _stand_for(circle, peers, kin)
            return root if book.find(root.key) is None else None
    return None


def still_common(root: Case, book: Casebook, kin: Kinship) -> bool:
    """Tell whether enough members of a circle are still folded into its alarm."""
    if root.circle is None:
        return False
    children = [each for each in book.of(kin.members(root.circle)) if each.root == root.key]
    return _enough(len({each.decision.subject for each in children}), root.circle, kin)


def _enough(silent: int, circle: Circle, kin: Kinship) -> bool:
    return silent >= AT_LEAST and silent >= SHARE * len(kin.members(circle))


def _stand_for(circle: Circle, peers: Sequence[Decision], kin: Kinship) -> Case:
    first = min(peers, key=lambda each: each.at)
    carried = circle.relation == "upstream"
    subject = circle.of if carried else kin.meeting_place(each.subject for each in peers)
    severities = [Severity.MAJOR, *(each.severity for each in peers)]
    decision = msgspec.structs.replace(
        first,
        subject=subject,
        rule=first.rule + SUFFIX + (f".{circle.of}" if circle.relation == "link" else ""),
        name={
            "zh": f"多台设备同时失联：{first.name.get('zh', '')}",
            "en": f"Several at once: {first.name.get('en', '')}",
        },
        severity=min(severities, key=_WORST_FIRST.index),
        at=max(each.at for each in peers),
        reason=_say_why(kin.label(subject), len(peers), len(kin.members(circle))),
        ticket=_widen(first.ticket, carried=circle.relation != "place"),
        tell=tuple(dict.fromkeys(role for each in peers for role in each.tell)),
    )
    return Case(decision=decision, depth=len(kin.above(subject)), circle=circle)


def _widen(ticket: TicketSpec | None, *, carried: bool) -> TicketSpec | None:
    """Return the ticket for many: nobody plans it for later, and who carries them is looked at."""
    if ticket is None:
        return None
    urgency = Urgency.NORMAL if ticket.urgency is Urgency.PLANNED else ticket.urgency
    trade = "network" if carried else ticket.trade
    return msgspec.structs.replace(ticket, urgency=urgency, class_=Class.GENERAL, trade=trade)


def _say_why(label: str, silent: int, members: int) -> dict[str, str]:
    return {
        "zh": f"{label}：{members} 台同类设备中有 {silent} 台同时失联，上级没有报告故障",
        "en": f"{label}: {silent} of {members} devices of one kind fell silent together, "
        "and nothing above them says why",
    }
