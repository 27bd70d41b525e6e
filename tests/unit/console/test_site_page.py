"""The page of the books: try a workbook, load it, take it back, and call the roll."""

from __future__ import annotations

import re

import httpx2
import pytest

from hub.clock import ManualClock
from hub.console.running.tray import GOOD_FOR, MOST, Tray
from hub.errors import ConflictError
from hub.model.access import Role
from hub.model.site_load import SITE_LOADS
from hub.services.sheets.reading import Reading, read_workbook
from tests.support.workbook import make_workbook, sound_rows
from tests.unit.console.fakes.community import Console
from tests.unit.console.test_console_pages import browsing, csrf
from tests.unit.console.test_console_pages import console as _console

console = _console


@pytest.fixture(autouse=True)
def _read_here(monkeypatch: pytest.MonkeyPatch) -> None:
    async def read_here(data: bytes, file: str) -> Reading:
        return read_workbook(data, file)

    monkeypatch.setattr("hub.assembly.site_office.read_in_process", read_here)


async def send(client: httpx2.AsyncClient, data: bytes, name: str = "表.xlsx") -> httpx2.Response:
    return await client.post(
        "/site/check", data={"csrf": csrf(client)}, files={"file": (name, data)}
    )


def loads_of(console: Console) -> int:
    return sum(collection == SITE_LOADS for collection, _ in console.community.books.papers)


async def test_faults_stand_in_a_table_by_cell_in_the_language_of_the_page(
    console: Console,
) -> None:
    rows = sound_rows(20)
    rows["devices"][3][5] = "gs/nowhere"
    async with browsing(console, "admin", Role.ADMINISTRATOR) as client:
        page = (await send(client, make_workbook(rows))).text
    assert '<th scope="row">devices F4</th><td>place：没有位置“gs/nowhere”</td>' in page
    assert "可以填：gs、gs/b1" in page
    assert "什么都没有写入" in page
    assert 'action="/site/loads"' not in page
    assert loads_of(console) == 0


async def test_a_sound_workbook_is_loaded_by_a_button_and_taken_back_by_another(
    console: Console,
) -> None:
    async with browsing(console, "admin", Role.ADMINISTRATOR) as client:
        tried = (await send(client, make_workbook(sound_rows(30)))).text
        word = re.search(r'name="word" value="([^"]+)"', tried)
        assert word is not None
        assert "表.xlsx：没有错误" in tried
        assert "新增 30，改动 0，去掉 0" in tried
        assert loads_of(console) == 0, "trying writes nothing"
        form = {"csrf": csrf(client), "word": word[1]}
        loaded = (await client.post("/site/loads", data=form)).text
        few = (await send(client, make_workbook(sound_rows(20)))).text
        undone = (await client.post("/site/undo", data={"csrf": csrf(client)})).text
        twice = await client.post("/site/undo", data={"csrf": csrf(client)})
    assert "第 1 次导入成功，系统正在重新启动" in loaded
    assert "撤销这次导入" in loaded
    assert "有 10 台设备不在这份表里" in few
    assert 'name="remove" value="yes" required' in few
    assert "第 1 次导入已撤销" in undone
    assert twice.status_code == 409
    assert "没有可以撤销的导入" in twice.text


async def test_what_was_not_tried_here_is_not_loaded(console: Console) -> None:
    async with browsing(console, "admin", Role.ADMINISTRATOR) as client:
        form = {"csrf": csrf(client), "word": "guessed"}
        answer = await client.post("/site/loads", data=form)
        nothing = await client.post("/site/check", data={"csrf": csrf(client)})
    assert answer.status_code == 409
    assert "请重新选择文件" in answer.text
    assert nothing.status_code == 422
    assert loads_of(console) == 0


async def test_leaders_call_the_roll_and_load_nothing(console: Console) -> None:
    async with browsing(console, "li", Role.MANAGER) as client:
        page = (await client.get("/site")).text
        refused = await client.post("/site/check", data={"csrf": csrf(client)})
    assert "有消息的设备" in page
    assert "用表格登记设备" not in page
    assert refused.status_code == 403


async def test_the_tray_keeps_a_few_for_who_has_tried_them_and_not_for_long() -> None:
    clock = ManualClock(0.0)
    tray = Tray(clock)
    words = [tray.put("wang", "a.xlsx", b"x") for _ in range(MOST + 1)]
    assert tray.take(words[1], "wang").data == b"x"
    for word, name in ((words[0], "wang"), (words[1], "li")):
        with pytest.raises(ConflictError):
            tray.take(word, name)
    await clock.advance(GOOD_FOR + 1)
    with pytest.raises(ConflictError):
        tray.take(words[-1], "wang")


async def test_a_newcomer_is_put_into_the_books_from_its_row(console: Console) -> None:
    sample = b'{"points":{"arm.position":"open","loop.occupied":false}}'
    row = {"link": "mqtt", "address": "g77", "sample": sample, "guess": "lingdang"}
    console.community.books.new.append({**row, "first_seen": 1.0, "last_seen": 2.0, "count": 3})
    async with browsing(console, "admin", Role.ADMINISTRATOR) as client:
        tried = (await send(client, make_workbook(sound_rows(10)))).text
        word = re.search(r'name="word" value="([^"]+)"', tried)
        assert word is not None
        await client.post("/site/loads", data={"csrf": csrf(client), "word": word[1]})
        page = (await client.get("/site")).text
        form = {"csrf": csrf(client), "link": "mqtt", "address": "g77", "id": "gate-77"}
        form |= {"model": "ld-barrier-gate", "name": "新道闸"}
        early = await client.post("/site/adopt", data={**form, "place": "gs"})
        wish = {"csrf": csrf(client), "place": "gs", "model": "", "minutes": "10"}
        wrong = await client.post("/site/pairings", data={**wish, "minutes": "soon"})
        await client.post("/site/pairings", data=wish)
        opened = (await client.get("/site")).text
        lost = (await client.post("/site/adopt", data={**form, "place": "gs/nowhere"})).text
        before = loads_of(console)
        adopted = (await client.post("/site/adopt", data={**form, "place": "gs"})).text
        pairing = re.search(r'action="(/site/pairings/[^"]+/close)"', opened)
        assert pairing is not None
        await client.post(pairing[1], data={"csrf": csrf(client)})
        closed = (await client.get("/site")).text
    assert "道闸 ld-barrier-gate · 它发来 arm.position, loop.occupied" in page
    assert '<option value="ld-barrier-gate" selected>' in page
    assert early.status_code == 409
    assert "没有为这个位置和型号打开的入网窗口" in early.text
    assert wrong.status_code == 422
    assert "gs · 任何型号 · 到" in opened
    assert "没有位置“gs/nowhere”" in lost
    assert "系统正在重新启动" in adopted
    assert loads_of(console) == before + 1
    assert "gs · 任何型号" not in closed
