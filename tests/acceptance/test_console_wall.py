"""The guard at 3 a.m., in a real browser: what is wrong is on top, and soon; old is never new."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from hub.model.access import Role
from hub.model.alarm import TicketSpec, Urgency
from hub.model.device import Kind, LinkState
from tests.acceptance.console_browser import PHONE, WALL, desk, wait_until_live
from tests.acceptance.pictures import take_picture
from tests.unit.console.fakes.community import break_things

pytestmark = pytest.mark.browser

Chromium = Callable[[str], Path]


async def test_a_fault_comes_to_the_wall_by_itself_and_the_guard_says_that_he_has_it(
    require_server: Chromium,
) -> None:
    async with desk(require_server("chromium")) as at:
        page = await at.open("/wall", "王师傅")
        await expect(page.locator("#wall-todo")).to_contain_text("一切正常")
        await wait_until_live(page)
        community = at.console.community
        door = community.of_kind(Kind.UNIT_DOOR)[0]
        await page.evaluate("window.opened = 'once'")
        urgent = TicketSpec(urgency=Urgency.URGENT)
        ticket = community.open_ticket(door, "门超时未关", "Door held open", spec=urgent)
        first = page.locator("#wall-todo .first")
        await expect(first).to_contain_text("门超时未关")
        assert await page.evaluate("window.opened") == "once", "nobody has loaded the page again"
        await expect(page.locator("#wall-head")).to_contain_text("紧急 1")
        await page.get_by_role("button", name="收到").first.click()
        await expect(first).to_contain_text("王师傅 已收到")
        assert page.url.endswith("/wall")
        assert community.books.entries[-1].type == "ticket.acknowledged"
        assert community.books.entries[-1].subject == ticket.number
        assert at.troubles == []


async def test_the_space_bar_is_as_good_as_the_button(require_server: Chromium) -> None:
    async with desk(require_server("chromium")) as at:
        gate = at.console.community.of_kind(Kind.BARRIER_GATE)[0]
        at.console.community.open_ticket(gate, "落杆失败", "Does not close")
        page = await at.open("/wall", "wang")
        await page.keyboard.press("Space")
        await expect(page.locator("#wall-todo .first")).to_contain_text("wang 已收到")


async def test_the_number_pad_leads_to_a_gate_and_o_to_its_opening_whatever_was_pressed_before(
    require_server: Chromium,
) -> None:
    async with desk(require_server("chromium")) as at:
        gate = at.console.community.of_kind(Kind.BARRIER_GATE)[1]
        page = await at.open("/wall", "wang")
        await wait_until_live(page)
        await page.get_by_role("button", name="声音测试").click()
        await expect(page.locator("#wall-gates li").nth(1)).to_contain_text("2")
        await page.keyboard.press("Numpad2")
        await expect(page).to_have_url(f"{at.url}/devices/{gate}")
        await wait_until_live(page)
        await page.keyboard.press("o")
        await expect(page).to_have_url(f"{at.url}/devices/{gate}/open")
        await wait_until_live(page)
        await page.get_by_label("其他理由或说明").press("o")
        await expect(page).to_have_url(f"{at.url}/devices/{gate}/open")
        await page.goto(f"{at.url}/wall")
        await page.keyboard.press("/")
        await expect(page).to_have_url(f"{at.url}/find")
        await expect(page.get_by_label("设备、位置、工单号")).to_be_focused()


async def test_a_wall_that_has_lost_the_hub_says_so_across_its_whole_width_until_it_is_back(
    require_server: Chromium,
) -> None:
    async with desk(require_server("chromium")) as at:
        page = await at.open("/wall", "wang")
        await wait_until_live(page)
        await at.stop_hub()
        bar = page.locator("#frozen")
        await expect(bar).to_be_visible()
        box = await bar.bounding_box()
        assert box is not None
        assert box["width"] == 1920
        assert re.search(r"画面已停在 \d\d:\d\d:\d\d", await bar.inner_text())
        assert await page.locator("html.stopped").count() == 1
        gate = at.console.community.of_kind(Kind.BARRIER_GATE)[0]
        at.console.community.open_ticket(gate, "落杆失败", "Does not close")
        await at.start_hub()
        await expect(bar).to_be_hidden()
        await expect(page.locator("#wall-todo .first")).to_contain_text("落杆失败")
        assert await page.locator("html.stopped").count() == 0


CUT_OFF = """() => [...document.querySelectorAll('.gates li, .marks .shape')].filter(each => {
  const frame = each.closest('.gates, .cell').getBoundingClientRect();
  const box = each.getBoundingClientRect();
  return box.bottom > frame.bottom || box.right > frame.right;
}).length"""
SHORTENED = """[...document.querySelectorAll(".gates .name, .gates .state")]
  .filter(each => each.scrollWidth > each.clientWidth).map(each => each.textContent)"""


LETTERS = "parseFloat(getComputedStyle(document.documentElement).fontSize)"
HIDDEN = """[...document.querySelectorAll(".todo article :is(h2, p, a, button)")].filter(each => {
  const frame = each.closest("article").getBoundingClientRect();
  const box = each.getBoundingClientRect();
  return box.top < frame.top || box.bottom > frame.bottom + 1;
}).length"""


@pytest.mark.parametrize("size", [(1920, 1080), (1400, 844), (1366, 768), (3840, 2160)])
async def test_no_gate_and_no_door_is_cut_off_on_whatever_screen_there_is(
    require_server: Chromium, size: tuple[int, int]
) -> None:
    async with desk(require_server("chromium"), devices=300) as at:
        page = await at.open("/wall", "wang", size=size)
        await wait_until_live(page)
        assert await page.locator(".gates li").count() >= 8
        assert await page.locator(".marks .shape").count() >= 60
        assert await page.evaluate(CUT_OFF) == 0
        assert await page.evaluate(SHORTENED) == []


async def test_a_wall_is_read_from_three_metres_and_names_the_first_thing_whole(
    require_server: Chromium,
) -> None:
    async with desk(require_server("chromium"), devices=300) as at:
        community = at.console.community
        gate = community.of_kind(Kind.BARRIER_GATE)[0]
        community.open_ticket(gate, "道闸闸杆脱落", "Boom has come off")
        page = await at.open("/wall", "王师傅")
        await look_at_all_sizes(page)
        break_things(community)
        await look_at_all_sizes(page)
        await take_picture(page, "wall-phone")
        await page.set_viewport_size({"width": WALL[0], "height": WALL[1]})
        big = {"name": "lingdang_big", "value": "on", "url": at.url}
        await page.context.add_cookies([big])
        for width, height in (WALL, (1366, 768), (1280, 720)):
            await page.set_viewport_size({"width": width, "height": height})
            await page.reload()
            assert await page.evaluate(HIDDEN) == 0, (width, height)
            assert await page.evaluate(CUT_OFF) == 0, (width, height)


async def look_at_all_sizes(page: Page) -> None:
    for (width, height), letters in ((WALL, 22), ((1280, 720), 14.7), (PHONE, 16)):
        await page.set_viewport_size({"width": width, "height": height})
        await page.reload()
        assert await page.evaluate(LETTERS) == pytest.approx(letters, abs=0.1)
        assert await page.evaluate(HIDDEN) == 0, (width, height)


async def test_a_silent_gate_is_hatched_and_says_since_when(require_server: Chromium) -> None:
    async with desk(require_server("chromium")) as at:
        page = await at.open("/wall", "wang")
        await wait_until_live(page)
        community = at.console.community
        gate = community.of_kind(Kind.BARRIER_GATE)[0]
        community.set_link(gate, LinkState.SILENT, heard=time.time() - 185)
        row = page.locator("#wall-gates li.silent")
        await expect(row).to_contain_text("3 分钟前")
        await expect(row).to_contain_text("离线")
        shape = row.locator(".shape")
        background = await shape.evaluate("e => getComputedStyle(e).backgroundImage")
        assert "repeating-linear-gradient" in background


async def test_the_wall_never_scrolls_with_300_devices(require_server: Chromium) -> None:
    async with desk(require_server("chromium"), devices=300) as at:
        page = await at.open("/wall", "wang")
        sizes = await page.evaluate(
            "[document.documentElement.scrollHeight, document.documentElement.scrollWidth]"
        )
        assert sizes == [1080, 1920]
        cut = await page.evaluate(
            "[...document.querySelectorAll('.cell,.todo,.gates')]"
            ".filter(e => e.scrollHeight > e.clientHeight + 1).length"
        )
        assert cut == 0


async def test_the_wall_can_be_read_without_script(require_server: Chromium) -> None:
    async with desk(require_server("chromium")) as at:
        gate = at.console.community.of_kind(Kind.BARRIER_GATE)[0]
        at.console.community.open_ticket(gate, "落杆失败", "Does not close")
        page = await at.open("/wall", "boss", Role.MANAGER, PHONE, script=False)
        await expect(page.locator("#wall-todo .first")).to_contain_text("落杆失败")
        await page.get_by_role("button", name="收到").click()
        await expect(page.locator("#wall-todo .first")).to_contain_text("boss 已收到")
