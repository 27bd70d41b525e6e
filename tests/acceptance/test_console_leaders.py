"""A manager in a real browser: the week, a rule tried on history, a newcomer, a find."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from playwright.async_api import expect

from hub.model.access import Role
from hub.model.device import Kind
from hub.ports import BacktestWish
from tests.acceptance.console_browser import PHONE, Desk, desk
from tests.acceptance.pictures import take_picture
from tests.unit.console.fakes.community import break_things
from tests.unit.console.test_rule_pages import RULE, lines_of

pytestmark = pytest.mark.browser
Chromium = Callable[[str], Path]
DESK = (1400, 844)
SAMPLE = b'{"points":{"arm.position":"open","loop.occupied":false}}'


async def test_a_manager_reads_the_week_tries_a_rule_and_looks_at_a_newcomer(
    require_server: Chromium, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with desk(require_server("chromium"), devices=120) as at:
        furnish(at)
        page = await at.open("/week", "王经理", Role.MANAGER, size=DESK)
        await expect(page.locator(".late li").first).to_be_visible()
        await take_picture(page, "week-zh")
        await page.emulate_media(media="print")
        assert len(await page.pdf(prefer_css_page_size=True)) > 10_000
        await page.emulate_media(media="screen")
        await page.get_by_role("link", name="工作数字").first.click()
        await page.goto(f"{at.url}/rules/{RULE}")
        await take_picture(page, "rule-zh")
        await watch_a_back_test(at, monkeypatch)
        for path, name in PHONE_PAGES:
            page = await at.open(path, "管理员", Role.ADMINISTRATOR, size=PHONE)
            await take_picture(page, name)
            await page.context.close()
        assert at.troubles == []


PHONE_PAGES = (
    ("/week", "week-phone"),
    (f"/rules/{RULE}", "rule-phone"),
    (f"/rules/{RULE}/parameters", "parameters-phone"),
    ("/newcomers", "newcomers-phone"),
    ("/find?q=道闸", "find-phone"),
)


def furnish(at: Desk) -> None:
    """Cause a night, let a gate come back again and again, and let a stranger speak."""
    community = at.console.community
    break_things(community)
    gate = community.of_kind(Kind.BARRIER_GATE)[0]
    for age in (90_000, 60_000, 40_000):
        community.open_ticket(gate, "落杆失败", "Does not close", age=age)
    now = at.console.clock.now()
    seen = {"first_seen": now - 3600, "last_seen": now - 30, "count": 120}
    known = {"link": "mqtt", "address": "SN8A21F0", "sample": SAMPLE, "guess": "lingdang"}
    community.books.new.append(known | seen)


async def watch_a_back_test(at: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Press the button without script: the page fills while the test runs, and ends with it."""
    gate = at.console.community.of_kind(Kind.BARRIER_GATE)[0]
    goes_on = asyncio.Event()

    async def run(_wish: BacktestWish) -> AsyncIterator[bytes]:
        *lines, end = lines_of(at.console.clock.now(), gate, compared=True)
        for line in (each for each in lines if each["kind"] != "gap"):
            yield json.dumps(line).encode()
        await goes_on.wait()
        yield json.dumps(end).encode()

    monkeypatch.setattr(at.console.ports.rules, "backtest", run)
    page = await at.open(f"/rules/{RULE}", "王经理", Role.MANAGER, size=DESK, script=False)
    await page.get_by_role("button", name="回测").click(no_wait_after=True)
    await expect(page.locator("output:visible").last).to_have_text("已读 12,000 条，会响 0 次…")
    goes_on.set()
    await expect(page.get_by_role("heading", name="7 天里会响 2 次")).to_be_visible()
    await expect(page.locator("output:visible")).to_have_count(0)
    assert await page.locator(".strip .tried").count() == 2
    await take_picture(page, "backtest-zh")
    await page.context.close()
