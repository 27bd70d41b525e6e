"""Texts of people in spreadsheets are texts: no formula, no link, whatever they begin with."""

from __future__ import annotations

from io import BytesIO
from zipfile import ZipFile

import pytest

from hub.api.agenda_workbook import write_agenda
from hub.api.workbook import write_workbook
from hub.model.agenda import Decision, Matter, MatterKind, Meeting
from hub.model.course import Course
from hub.services.figures.figure import Group
from tests.unit.access.web_fakes import NOW, PLACES

FORMULAS = (
    "=1+1",
    "+1+1",
    "-1+1",
    "@SUM(1)",
    "\t=1+1",
    '=HYPERLINK("http://evil.example")',
    "{=1+1}",
    "http://evil.example/",
    "file:///etc/passwd",
)


def check(body: bytes, text: str) -> None:
    with ZipFile(BytesIO(body)) as file:
        sheets = [name for name in file.namelist() if name.startswith("xl/worksheets/")]
        assert [name for name in sheets if name.endswith(".rels")] == [], "no link"
        for name in sheets:
            assert b"<f>" not in file.read(name), name
        strings = file.read("xl/sharedStrings.xml").decode()
    assert text.strip()[:5] in strings, "it is there, as a text"


@pytest.mark.parametrize("text", FORMULAS)
def test_figures_take_nothing_for_a_formula(text: str) -> None:
    texts = dict.fromkeys(("number", "subject", "place", "team", "trade", "closing_code"), text)
    course = Course(opened_at=NOW, class_=text, urgency=text, **texts)
    check(write_workbook({"vendor": [Group(key=text, cells={})]}, [course]), text)


@pytest.mark.parametrize("text", FORMULAS)
def test_an_agenda_takes_nothing_for_a_formula(text: str) -> None:
    both = {"zh": text, "en": text}
    matter = Matter(id="m", kind=MatterKind.SHELVED, title=both, why=both, place=text, since=NOW)
    decision = Decision(
        id="d", matter="m", text=text, body=text, by=NOW, actor=text, at=NOW, result=text
    )
    meeting = Meeting(
        id="j1",
        held_at=NOW,
        place="",
        matters=(matter,),
        decisions=(decision,),
        actor=text,
        at=NOW,
    )
    check(write_agenda(meeting, PLACES), text)
