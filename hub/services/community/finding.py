"""A finding as a report: what is filed of it, for whoever reads the ticket."""

from __future__ import annotations

from hub.model.inspection import Stop
from hub.model.whistle import Reporter, Source, Target
from hub.ports.whistle import Said
from hub.services.community.patrol import describe_finding


def say_finding(
    stop: Stop, target: Target, *, key: str, check: str, category: str, text: str, join: str
) -> Said:
    """Return what is filed; `join` is the ticket that is meant, or APART where no known one is."""
    return Said(
        key=key,
        source=Source.INSPECTION,
        category=category or stop.category,
        target=target,
        reporter=Reporter(text=describe_finding(stop, check, text)),
        join="" if join == APART else join,
        apart=join == APART,
    )


APART = "apart"
"""What stands in place of a ticket's number where none of the known ones is meant."""
