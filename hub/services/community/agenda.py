"""The agenda of the joint meeting (联席会议议事清单), collected from what the hub knows. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from hub.model.agenda import Matter, MatterKind, Meeting
from hub.model.case import Case, CaseAction, CaseState
from hub.model.course import Course
from hub.model.instant import to_local_text
from hub.model.project import Project
from hub.model.ticket import Ticket, TicketFlag, TicketState, plain_fault

DAY = 86_400.0
UNOWNED = DAY
"""Seconds after which a ticket that nobody holds is nobody's."""
FALSE = frozenset({"false_alarm", "no_fault_found"})
PARKED = frozenset({TicketFlag.SHELVED, TicketFlag.SUSPENDED})
ORDER = tuple(MatterKind)


class Sources(msgspec.Struct, frozen=True, kw_only=True):
    """What an agenda is collected from: only what may be shown to who asks.

    A fault is repeated with `times` tickets within `days`.
    """

    courses: Iterable[Course]
    tickets: Sequence[Ticket]
    cases: Mapping[str, Sequence[Case]]
    projects: Iterable[Project]
    meetings: Iterable[Meeting]
    now: float
    times: int = 3
    days: int = 30


def collect(sources: Sources) -> list[Matter]:
    """Return the matters, by kind and then the oldest first."""
    found = [
        *_repeated(sources),
        *_shelved(sources),
        *_ownerless(sources),
        *_late_projects(sources),
        *_late_decisions(sources),
    ]
    return sorted(found, key=lambda each: (ORDER.index(each.kind), each.since, each.id))


def _repeated(sources: Sources) -> Iterator[Matter]:
    groups: dict[tuple[str, str], list[Course]] = {}
    for course in sources.courses:
        if course.opened_at >= sources.now - sources.days * DAY and _counts(course):
            key = course.subject, plain_fault(course.fault)
            groups.setdefault(key, []).append(course)
    for (subject, fault), found in groups.items():
        count = sum(1 + course.reopened for course in found)
        if count < sources.times:
            continue
        last = max(found, key=lambda course: course.opened_at)
        yield Matter(
            id=f"repeated:{subject}:{fault}",
            kind=MatterKind.REPEATED,
            title=last.title,
            why={
                "zh": f"{sources.days} 天内 {count} 次",
                "en": f"{count} times in {sources.days} days",
            },
            place=last.place,
            subject=subject,
            since=min(course.opened_at for course in found),
            tickets=tuple(sorted(course.number for course in found)),
        )


def _counts(course: Course) -> bool:
    """Tell whether a ticket tells of a fault that was there, and may be talked about."""
    gone = course.state == TicketState.VOIDED or bool(course.folded_into)
    is_fault = bool(course.fault) and course.closing_code not in FALSE
    return is_fault and not gone and not course.discreet


def _shelved(sources: Sources) -> Iterator[Matter]:
    for ticket in sources.tickets:
        if (shelf := ticket.shelf) is not None:
            review = to_local_text(shelf.review_at)[:10]
            yield _of_ticket(
                ticket,
                MatterKind.SHELVED,
                shelf.since,
                {
                    "zh": f"挂账：{shelf.condition}，{review} 复查",
                    "en": f"shelved: {shelf.condition}, review {review}",
                },
            )


def _ownerless(sources: Sources) -> Iterator[Matter]:
    for ticket in sources.tickets:
        why = _why_ownerless(ticket, sources)
        if why is not None:
            yield _of_ticket(ticket, MatterKind.OWNERLESS, ticket.opened_at, why)


def _why_ownerless(ticket: Ticket, sources: Sources) -> dict[str, str] | None:
    refused = [each for each in sources.cases.get(ticket.number, ()) if _is_refused(each)]
    if refused:
        names = "、".join(each.receiver for each in refused)
        reason = "；".join(each.reason for each in refused if each.reason)
        return {"zh": f"{names} 不受理：{reason}", "en": f"refused by {names}: {reason}"}
    since = ticket.reopened_at or ticket.opened_at
    waits = ticket.state is TicketState.NEW and not ticket.holder
    if waits and not PARKED & set(ticket.flags) and sources.now - since >= UNOWNED:
        days = int((sources.now - since) // DAY)
        return {"zh": f"{days} 天没有人接单", "en": f"nobody has taken it for {days} days"}
    return None


def _is_refused(case: Case) -> bool:
    return case.state is CaseState.REFUSED or case.last is CaseAction.RETURN


def _late_projects(sources: Sources) -> Iterator[Matter]:
    for project in sources.projects:
        late = project.late(sources.now)
        if late and project.claimant:
            what = "、".join(f"{each.text}（{to_local_text(each.by)[:10]}）" for each in late)
            yield Matter(
                id=f"project:{project.id}",
                kind=MatterKind.UNDELIVERED,
                title={"zh": project.need, "en": project.need},
                why={
                    "zh": f"{project.claimant.name} 承诺未做到：{what}",
                    "en": f"promised by {project.claimant.name}, and not done: {what}",
                },
                place=project.place,
                since=min(each.by for each in late),
                tickets=project.tickets,
                project=project.id,
            )


def _late_decisions(sources: Sources) -> Iterator[Matter]:
    for meeting in sources.meetings:
        matters = {each.id: each for each in meeting.matters}
        for decision in meeting.decisions:
            if decision.is_late(sources.now):
                matter, day = matters[decision.matter], to_local_text(decision.by)[:10]
                yield Matter(
                    id=f"decision:{decision.id}",
                    kind=MatterKind.UNDELIVERED,
                    title=matter.title,
                    why={
                        "zh": f"上次决定未落实：{decision.text}，{decision.body}，{day} 前",
                        "en": f"decided, and not done: {decision.text}, {decision.body}, by {day}",
                    },
                    place=matter.place,
                    subject=matter.subject,
                    since=decision.by,
                    tickets=matter.tickets,
                    project=matter.project,
                )


def _of_ticket(ticket: Ticket, kind: MatterKind, since: float, why: dict[str, str]) -> Matter:
    return Matter(
        id=f"{kind}:{ticket.number}",
        kind=kind,
        title=ticket.title,
        why=why,
        place=ticket.place,
        subject=ticket.subject,
        since=since,
        tickets=(ticket.number,),
    )
