"""The page of newcomers: what each may be and why, adopted, put aside for a week, taken back."""

from __future__ import annotations

import re

import pytest

from hub.clock import ManualClock
from hub.model.access import Role
from hub.model.site_load import SITE_LOADS
from tests.support.workbook import make_workbook, sound_rows
from tests.unit.console.fakes.community import Console, make_console
from tests.unit.console.test_console_pages import browsing, csrf
from tests.unit.console.test_site_page import send

SAMPLE = b'{"points":{"arm.position":"open","loop.occupied":false}}'
GATE = {"link": "mqtt", "address": "lot/Gate_77"}


@pytest.fixture
def console() -> Console:
    console = make_console()
    now = console.clock.now()
    seen = {"first_seen": now - 3600, "last_seen": now - 30, "count": 120}
    known = {"sample": SAMPLE, "guess": "lingdang"}
    console.community.books.new += [
        {**GATE, **seen, **known},
        {"link": "mqtt", "address": "x9", **seen, "sample": b"\xff", "guess": ""},
    ]
    return console


async def test_a_newcomer_is_told_with_a_guess_its_reason_and_a_form_that_knows_it(
    console: Console,
) -> None:
    async with browsing(console, "管理员", Role.ADMINISTRATOR) as client:
        page = (await client.get("/newcomers")).text
    gate, stranger = page.split("<article")[1:3]
    assert "道闸" in gate
    assert "约每 30 秒" in gate
    assert "它发来 arm.position, loop.occupied" in gate
    assert '<option value="ld-barrier-gate" selected>' in gate
    assert 'name="id" required maxlength="64" value="gate-77"' in gate
    assert "不知道是什么" in stranger
    async with browsing(console, "王经理", Role.MANAGER) as client:
        assert "<form" not in (await client.get("/newcomers")).text.partition("<main")[2]
    async with browsing(console, "东苑", Role.MANAGER, scope="guanshan/a") as client:
        assert (await client.get("/newcomers")).status_code == 403


async def test_who_is_put_aside_is_asked_about_again_after_a_week_or_by_a_button(
    console: Console,
) -> None:
    async with browsing(console, "管理员", Role.ADMINISTRATOR) as client:

        async def press(**fields: str) -> int:
            data = {"csrf": csrf(client), **fields}
            return (await client.post("/newcomers/ignore", data=data)).status_code

        async def asked() -> bool:
            return "lot/Gate_77" in (await client.get("/newcomers")).text.partition("忽略中")[0]

        assert await asked()
        assert await press(link="mqtt", address="nobody") == 404
        assert await press(**GATE) == 303
        assert not await asked()
        assert await press(**GATE, again="1") == 303
        assert await asked()
        assert await press(**GATE) == 303
    assert isinstance(console.clock, ManualClock)
    await console.clock.advance(7 * 86_400 + 1)
    async with browsing(console, "管理员", Role.ADMINISTRATOR) as client:
        assert "忽略中" not in (await client.get("/newcomers")).text
    told = [entry.type for entry in console.community.books.entries]
    assert told.count("newcomer.ignored") == 2
    assert told.count("newcomer.noticed") == 1


async def test_what_does_not_fit_is_said_beside_the_form_that_was_filled_in(
    console: Console,
) -> None:
    async with browsing(console, "管理员", Role.ADMINISTRATOR) as client:
        tried = (await send(client, make_workbook(sound_rows(3)))).text
        word = re.search(r'name="word" value="([^"]+)"', tried)
        assert word is not None
        await client.post("/site/loads", data={"csrf": csrf(client), "word": word[1]})
        form = {"csrf": csrf(client), **GATE, "model": "ld-barrier-gate", "place": "gs"}
        shut = await client.post("/newcomers/adopt", data={**form, "id": "gate-77"})
        window = {"csrf": csrf(client), "place": "gs", "model": "", "minutes": "30"}
        await client.post("/site/pairings", data=window)
        answer = await client.post("/newcomers/adopt", data={**form, "id": "gate 77!"})
    assert shut.status_code == 409
    assert "请先打开，再登记" in shut.text
    assert 'value="gate-77"' in shut.text
    assert answer.status_code == 422
    assert "/close" in answer.text, "the open window stands above the list"
    assert 'value="gate 77!"' in answer.text
    assert "<details open>" in answer.text
    loads = [name for name, _ in console.community.books.papers if name == SITE_LOADS]
    assert len(loads) == 1
