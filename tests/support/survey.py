"""Surveys over whatever books there are: reports as the store keeps them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import msgspec

from hub.clock import Clock
from hub.model.journal import Entry
from hub.model.whistle import PERSONAL, Gathering, Report, Reporter, Source
from hub.ports import Books, Courses, Document
from hub.services.community.project_book import Write
from hub.services.community.survey_book import SurveyBook


async def read_reports(books: Books, ticket: str) -> Sequence[tuple[Report, Reporter]]:
    """Return the reports of a ticket with what is kept of their people."""
    body = await books.document("gathering", ticket)
    found = []
    for name in msgspec.json.decode(body, type=Gathering).reports if body else ():
        kept = await books.document("report", name)
        assert kept is not None
        report = msgspec.json.decode(kept, type=Report)
        person = await books.document(PERSONAL, report.personal_key)
        said = msgspec.json.decode(person, type=Reporter) if person else Reporter()
        found.append((report, said))
    return found


def make_surveys(books: Books, courses: Courses, write: Write, clock: Clock) -> SurveyBook:
    """Make the office of surveys over what the books hold."""
    return SurveyBook(
        {},
        books=books,
        courses=courses,
        reports=partial(read_reports, books),
        write=write,
        clock=clock,
    )


def reported(ticket: str, at: float, *, phone: str = "13900000000") -> list[Document]:
    """Return what the store keeps of a resident's report with a number."""
    report = Report(
        id=f"r-{ticket}",
        ticket=ticket,
        source=Source.RESIDENT,
        category="leak",
        subject="guanshan/a/gate",
        place="guanshan/a/gate",
        at=at,
        call_back=bool(phone),
    )
    gathering = Gathering(ticket=ticket, reports=(report.id,), count=1)
    return [
        Document(collection="gathering", key=ticket, body=msgspec.json.encode(gathering)),
        Document(collection="report", key=report.id, body=msgspec.json.encode(report)),
        Document(
            collection=PERSONAL,
            key=report.personal_key,
            body=msgspec.json.encode(Reporter(phone=phone)),
        ),
    ]


def settle(books: Any, tickets: Sequence[str], at: float, **phones: str) -> None:  # noqa: ANN401 - any fake of books
    """Have tickets opened and closed a day before `at`, each with a report with a number."""
    for number in tickets:
        opened = {"place": "guanshan/a/gate", "subject": "gate-a", "source": "resident"}
        for kind, when, data in (
            ("ticket.opened", at - 2 * 86_400.0, opened),
            ("ticket.closed", at - 86_400.0, {"state": "closed"}),
        ):
            entry = Entry(
                seq=len(books.entries) + 1, at=when, type=kind, subject=number, actor="x", data=data
            )
            books.entries.append(entry)
        phone = phones.get(number.replace("-", "_"), "13900000000")
        for paper in reported(number, at - 2 * 86_400.0, phone=phone):
            books.papers[paper.collection, paper.key] = paper.body
