"""What a phone is given to work without a network: a script, its files, and a clean way out."""

from __future__ import annotations

import json
import re

import httpx2
import pytest

from hub.model.access import Role
from hub.model.device import Kind
from hub.model.ticket import TicketState
from tests.unit.console.fakes.community import Console, make_console


@pytest.fixture
def console() -> Console:
    return make_console()


def browser(console: Console, cookie: str = "") -> httpx2.AsyncClient:
    transport = httpx2.ASGITransport(app=console.app)
    headers = {"cookie": f"lingdang_session={cookie}", "accept": "text/html"}
    return httpx2.AsyncClient(transport=transport, base_url="http://hub", headers=headers)


async def test_the_worker_names_files_that_are_there_and_pages_use(console: Console) -> None:
    gate = console.community.of_kind(Kind.BARRIER_GATE)[0]
    ticket = console.community.open_ticket(
        gate, "落杆失败", "Does not close", state=TicketState.TAKEN, holder="li"
    )
    async with browser(console, console.sign_in("li", Role.CREW)) as client:
        answer = await client.get("/worker.js")
        assert answer.headers["content-type"].startswith("text/javascript")
        assert answer.headers["cache-control"] == "no-cache"
        files = json.loads(re.findall(r"const FILES = (\[.*\]);", answer.text)[0])
        for path in files:
            assert (await client.get(path)).status_code == 200, path
        for path in ("/tickets", f"/tickets/{ticket.number}"):
            page = (await client.get(path)).text
            asked = re.findall(r"(?:src|href)=\"(/static/[^\"]+)\"", page)
            assert set(asked) <= set(files), path


async def test_only_what_somebody_holds_is_kept_on_the_phone(console: Console) -> None:
    gates = console.community.of_kind(Kind.BARRIER_GATE)
    for gate, holder in zip(gates, ("li", "wang"), strict=False):
        console.community.open_ticket(
            gate, "落杆失败", "Does not close", state=TicketState.TAKEN, holder=holder
        )
    async with browser(console, console.sign_in("li", Role.CREW)) as client:
        page = (await client.get("/tickets")).text
    assert re.findall(r'href="/tickets/([^"]+)" data-keep', page) == ["GS-20261124-0001"]


async def test_pages_tell_a_phone_whose_they_are_and_with_which_rights(console: Console) -> None:
    marks = {}
    for name, role, scope in (
        ("li", Role.CREW, ""),
        ("wang", Role.CREW, ""),
        ("li", Role.MANAGER, ""),
        ("li", Role.MANAGER, "guanshan/a"),
    ):
        cookie = console.sign_in(name, role, scope=scope)
        async with browser(console, cookie) as client:
            page = (await client.get("/more")).text
        found = re.search(r'data-owner="(\w+)" data-view="(\w+)"', page)
        assert found
        marks[name, role, scope] = found.groups()
    owners = {(key[0], mark[0]) for key, mark in marks.items()}
    assert len(owners) == 2, "one mark for each person, whatever the rights"
    assert len({mark[1] for mark in marks.values()}) == 4


async def test_signing_out_clears_the_phone_also_without_script(console: Console) -> None:
    async with browser(console, console.sign_in("li", Role.CREW)) as client:
        csrf = re.findall(r'name="csrf" value="(\w+)"', (await client.get("/more")).text)[0]
        answer = await client.post("/sign-out", data={"csrf": csrf})
    assert answer.status_code == 303
    assert answer.headers["clear-site-data"] == '"storage"'


async def test_a_hub_without_an_authority_offers_none(console: Console) -> None:
    async with browser(console) as client:
        for path in ("/trust", "/ca.crt"):
            assert (await client.get(path)).status_code == 404
