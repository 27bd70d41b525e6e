"""The crew on a phone, in a real browser: sign in, take, arrive, complete with a reason."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from hub.access.passwords import PasswordDesk
from hub.model.access import Role
from hub.model.device import Kind
from hub.model.ticket import TicketState
from tests.acceptance.console_browser import PHONE, desk, wait_until_live
from tests.acceptance.pictures import take_picture
from tests.unit.console.fakes.community import break_things

pytestmark = pytest.mark.browser

Chromium = Callable[[str], Path]


async def test_a_fault_is_repaired_from_the_phone_without_script(require_server: Chromium) -> None:
    async with desk(require_server("chromium")) as at:
        community = at.console.community
        gate = community.of_kind(Kind.BARRIER_GATE)[0]
        ticket = community.open_ticket(gate, "落杆失败", "Does not close")
        page = await at.open("/", "li", Role.CREW, PHONE, script=False)
        assert page.url.endswith("/tickets")
        await page.get_by_role("link", name="落杆失败").click()
        await page.get_by_role("button", name="接单", exact=True).click()
        await expect(page.locator("#ticket-top .state")).to_have_text("已接单")
        await page.get_by_role("button", name="到场", exact=True).click()
        await page.get_by_role("button", name="完工", exact=True).click()
        await expect(page.get_by_role("alert").first).to_contain_text("要写明原因")
        await page.locator("#complete-reason").fill("等备件，先手动")
        await page.locator("#complete-code").select_option("replaced")
        await page.get_by_role("button", name="完工", exact=True).click()
        await expect(page.locator("#ticket-top .state")).to_have_text("已完工")
        done = community.books.ticket_by_number[ticket.number]
        assert (done.state, done.closing_code) == (TicketState.COMPLETED, "replaced")
        assert done.closing_note == "等备件，先手动"


async def test_a_ticket_goes_its_detours_on_the_phone_without_script(
    require_server: Chromium,
) -> None:
    async with desk(require_server("chromium")) as at:
        gate = at.console.community.of_kind(Kind.BARRIER_GATE)[0]
        ticket = at.console.community.open_ticket(
            gate, "落杆失败", "Does not close", state=TicketState.TAKEN, holder="li"
        )
        path = f"/tickets/{ticket.number}"
        crew = await at.open(path, "li", Role.CREW, PHONE, script=False)
        await _unfold(crew, "挂起")
        await crew.locator("#suspend-to").fill("国家电网")
        await crew.locator("#suspend-reason").fill("停电")
        await crew.get_by_role("button", name="确认挂起").click()
        await expect(crew.locator("#ticket-top")).to_contain_text("挂起，等 国家电网")
        await crew.get_by_role("button", name="恢复", exact=True).click()
        await _unfold(crew, "申请延期")
        await crew.locator("#extend-until").fill("2099-01-01T12:00")
        await crew.get_by_role("button", name="确认申请延期").click()
        await expect(crew.get_by_role("alert").first).to_contain_text("原因或说明：必须填写")
        assert await crew.locator("#extend-until").input_value() == "2099-01-01T12:00"
        await crew.locator("#extend-reason").fill("等配件")
        await crew.get_by_role("button", name="确认申请延期").click()
        boss = await at.open(path, "boss", Role.MANAGER, PHONE, script=False)
        await expect(boss.locator("#ticket-top")).to_contain_text("申请延期到 01-01 12:00")
        await boss.get_by_role("button", name="同意延期", exact=True).click()
        await expect(boss.locator("#ticket-top")).to_contain_text("不计延期")
        for page in (crew, boss):
            await page.goto(at.url + path)
            assert await page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]


async def _unfold(page: Page, step: str) -> None:
    if not await page.locator("#ticket-acts .with-network > details[open]").count():
        await page.locator("#ticket-acts .with-network > details > summary").click()
    await page.locator("summary", has_text=step).last.click()


async def test_two_of_the_crew_press_take_and_the_second_reads_what_is_possible(
    require_server: Chromium,
) -> None:
    async with desk(require_server("chromium")) as at:
        gate = at.console.community.of_kind(Kind.BARRIER_GATE)[0]
        ticket = at.console.community.open_ticket(gate, "落杆失败", "Does not close")
        path = f"/tickets/{ticket.number}"
        slow = await at.open(path, "zhao", Role.CREW, PHONE, script=False)
        fast = await at.open(path, "li", Role.CREW, PHONE, script=False)
        for page in (fast, slow):
            await page.get_by_role("button", name="接单", exact=True).click()
        await expect(slow.get_by_role("alert").first).to_contain_text("这一步现在不能做")
        await expect(slow.locator("#ticket-top")).to_contain_text("li")


async def test_an_open_ticket_page_follows_what_others_do_and_keeps_what_is_typed(
    require_server: Chromium,
) -> None:
    async with desk(require_server("chromium")) as at:
        community = at.console.community
        gate = community.of_kind(Kind.BARRIER_GATE)[0]
        ticket = community.open_ticket(
            gate, "落杆失败", "Does not close", state=TicketState.ARRIVED, holder="li"
        )
        page = await at.open(f"/tickets/{ticket.number}", "li", Role.CREW, PHONE)
        await wait_until_live(page)
        await page.locator("#complete-reason").fill("换了限位器")
        community.set_point(gate, "arm.position", "open")
        await expect(page.locator("#ticket-now")).to_contain_text("抬杆")
        assert await page.locator("#complete-reason").input_value() == "换了限位器"
        assert at.troubles == []


async def test_a_wrong_password_is_told_on_the_form_and_the_right_one_opens_the_page_wanted(
    require_server: Chromium,
) -> None:
    async with desk(require_server("chromium")) as at:
        secret = await PasswordDesk().hash("晚上好")
        at.console.sign_in("li", Role.CREW, password_hash=secret)
        page = await at.open("/tickets", size=PHONE)
        assert "/sign-in?next=/tickets" in page.url
        await _enter(page, "li", "早上好")
        await expect(page.get_by_role("alert").last).to_contain_text("姓名或密码不对")
        assert await page.locator("#name").input_value() == "li"
        await _enter(page, "li", "晚上好")
        await expect(page).to_have_url(f"{at.url}/tickets")
        await page.goto(f"{at.url}/more")
        await page.get_by_role("button", name="English").click()
        await expect(page.locator("h1")).to_have_text("More")
        await page.get_by_role("button", name="Sign out").click()
        await expect(page.locator("[role=alert]:visible")).to_contain_text("signed out")
        await page.goto(f"{at.url}/tickets")
        assert "/sign-in" in page.url


async def test_a_ticket_reads_itself_aloud_and_stops_at_the_second_press(
    require_server: Chromium,
) -> None:
    async with desk(require_server("chromium")) as at:
        gate = at.console.community.of_kind(Kind.BARRIER_GATE)[0]
        ticket = at.console.community.open_ticket(gate, "落杆失败", "Does not close")
        page = await at.open(f"/tickets/{ticket.number}", "li", Role.CREW, PHONE)
        await page.evaluate(
            "Object.defineProperty(speechSynthesis, 'speaking', {get: () => !!window.said});"
            "speechSynthesis.speak = (each) => { window.said = each; };"
            "speechSynthesis.cancel = () => { window.said = null; };"
        )
        button = page.get_by_role("button", name="朗读")
        await button.click()
        said = await page.evaluate("[window.said.text, window.said.lang]")
        assert "落杆失败" in said[0]
        assert said[1] == "zh-CN"
        await take_picture(page, "ticket-zh")
        await button.click()
        assert await page.evaluate("window.said") is None
        assert at.troubles == []


@pytest.mark.parametrize("big", ["off", "on"])
async def test_what_a_thumb_must_hit_is_48_pixels_and_nothing_leaves_the_screen(
    require_server: Chromium, big: str
) -> None:
    async with desk(require_server("chromium"), devices=300) as at:
        break_things(at.console.community)
        page = await at.open("/more", "li", Role.CREW, PHONE)
        await page.context.add_cookies([{"name": "lingdang_big", "value": big, "url": at.url}])
        for path in ("/tickets", "/tickets/GS-20261124-0001", "/shelved", "/more", "/sign-in"):
            await page.goto(at.url + path)
            small = await page.evaluate(
                "[...document.querySelectorAll('button,select,input:not([type=hidden]),a.row')]"
                ".filter(e => e.offsetParent && e.getBoundingClientRect().height < 47.5)"
                ".map(e => e.outerHTML)"
            )
            assert small == []
            assert await page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]


async def _enter(page: Page, name: str, password: str) -> None:
    await page.locator("#name").fill(name)
    await page.locator("#password").fill(password)
    await page.get_by_role("button", name="登录").click()
