"""A canary goes through workbooks, in and out: no page sings it, and no cell computes it."""

from __future__ import annotations

import io
import re
import zipfile
from typing import Any

import pytest
from fastapi import FastAPI

from hub.access.policy import join
from hub.access.session import COOKIE
from hub.api.router import build_api
from hub.model.access import Identity, Role
from hub.model.device import Kind
from hub.ports.community import DecisionWish
from hub.services.sheets.reading import Reading, read_workbook
from tests.support.crawl import CANARY, TAG, Sheet
from tests.support.rights import routes_of
from tests.support.workbook import make_workbook, sound_rows
from tests.unit.access.web_fakes import client_of
from tests.unit.console.fakes.community import Console, make_console
from tests.unit.console.test_canary import poison
from tests.unit.console.test_console_pages import browsing, csrf

BOSS = Identity(name="admin", role=Role.ADMINISTRATOR)
LINE = CANARY.replace("\r\n", " ")
"""In a cell that is read line breaks are spaces."""
TEXTS = {"places": (1,), "devices": (6, 11, 13)}
"""Sheet → columns (from 0) that take any text: names, number, vendor."""


@pytest.fixture(autouse=True)
def _read_here(monkeypatch: pytest.MonkeyPatch) -> None:
    async def read_here(data: bytes, file: str) -> Reading:
        return read_workbook(data, file)

    monkeypatch.setattr("hub.assembly.site_office.read_in_process", read_here)


@pytest.fixture
def console() -> Console:
    made = make_console(devices=60)
    poison(made)
    return made


def poisoned_rows(*, sound: bool) -> dict[str, list[list[Any]]]:
    """Return a workbook's rows full of canaries; those that are not sound are in every column."""
    rows = sound_rows(12)
    for name, columns in TEXTS.items():
        for row in rows[name][1:]:
            for column in columns if sound else range(len(row)):
                row[column] = CANARY
    return rows


@pytest.mark.parametrize("sound", [True, False])
async def test_a_workbook_full_of_canaries_is_told_and_loaded_as_text(
    console: Console, *, sound: bool
) -> None:
    data = make_workbook(poisoned_rows(sound=sound))
    async with browsing(console, BOSS.name, BOSS.role) as client:
        form = {"csrf": csrf(client)}
        files = {"file": (f"{LINE}.xlsx", data)}
        tried = await client.post("/site/check", data=form, files=files)
        word = re.search(r'name="word" value="([^"]+)"', tried.text)
        assert (word is not None) is sound, tried.text
        pages = [tried]
        if word is not None:
            pages.append(await client.post("/site/loads", data={**form, "word": word[1]}))
        pages.append(await client.get("/site"))
    assert [page.status_code for page in pages] == [200] * len(pages)
    assert [sheet.alive for page in pages if (sheet := Sheet(page.text)).alive] == []
    assert Sheet(tried.text).shows_canary


async def test_the_canary_is_text_in_every_workbook_that_is_written(console: Console) -> None:
    app = FastAPI(openapi_url=None)
    join(app.router, build_api(console.ports, readiness=dict, counts=dict))
    await console.ports.site.load(make_workbook(poisoned_rows(sound=True)), "a.xlsx", BOSS)
    gate = console.community.of_kind(Kind.BARRIER_GATE)[0]
    console.community.open_ticket(gate, CANARY, CANARY, age=9 * 86_400)
    meeting = await console.ports.agenda.convene(console.clock.now(), BOSS, times=2)
    wish = DecisionWish(
        matter=meeting.matters[0].id, text=LINE, body=LINE, by=console.clock.now() + 86_400
    )
    await console.ports.agenda.decide(meeting.id, wish, BOSS)
    written = [each for each in routes_of(app) if each.path.endswith("/workbook")]
    assert len([each for each in written if each.method == "GET"]) >= 3
    cookie = f"{COOKIE}={console.sign_in(BOSS.name, BOSS.role)}"
    async with client_of(app, cookie=cookie) as client:
        for route in written:
            if route.method == "GET":
                answer = await client.get(route.fill({"meeting": meeting.id}))
                assert answer.status_code == 200, route
                assert computed(answer.content) == [], route
                assert TAG in texts(answer.content), route


def texts(workbook: bytes) -> str:
    with zipfile.ZipFile(io.BytesIO(workbook)) as parts:
        return parts.read("xl/sharedStrings.xml").decode()


def computed(workbook: bytes) -> list[str]:
    """Return the formulas and links of a workbook."""
    with zipfile.ZipFile(io.BytesIO(workbook)) as parts:
        names = [name for name in parts.namelist() if name.startswith("xl/worksheets/sheet")]
        sheets = "".join(parts.read(name).decode() for name in names)
    return re.findall(r"<f[ >].*?</f>|<hyperlink .*?>", sheets)
