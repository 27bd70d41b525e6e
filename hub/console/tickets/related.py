"""What community work has to do with a ticket: its projects, and what was decided."""

from __future__ import annotations

from hub.access.web_ports import WebPorts
from hub.console.frame.language import Words
from hub.model.access import Identity
from hub.model.instant import to_local_text
from hub.model.ticket import Ticket


def related_rows(
    ticket: Ticket, ports: WebPorts, who: Identity, words: Words
) -> list[tuple[str, str, str]]:
    """Return what it is, where it leads, and its words."""
    projects = [
        (
            words("project.title"),
            f"/projects/{each.id}",
            f"{each.need} · {words.name('project_state', each.state)}",
        )
        for each in ports.projects.of_ticket(ticket.number, who)
    ]
    decided = [
        (
            words("agenda.decided"),
            f"/meetings/{meeting.id}",
            f"{each.text} · {each.body} · {to_local_text(each.by)[:10]}",
        )
        for meeting, each in ports.agenda.decisions_of(ticket.number, who)
    ]
    return [*projects, *decided]
