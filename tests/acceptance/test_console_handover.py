"""The end of a shift in a real browser: one guard signs, the next one signs, and it is on paper."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import argon2
import pytest
from playwright.async_api import expect

from hub.model.access import Role
from hub.model.device import Kind
from tests.acceptance.console_browser import PHONE, WALL, desk
from tests.acceptance.pictures import take_picture
from tests.unit.console.fakes.community import break_things

pytestmark = pytest.mark.browser

Chromium = Callable[[str], Path]
PASSWORD = "春天来了山上开满花"


async def test_a_shift_is_handed_over_on_one_screen_without_script(
    require_server: Chromium,
) -> None:
    quick = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    async with desk(require_server("chromium"), devices=300) as at:
        community = at.console.community
        break_things(community)
        gate = community.of_kind(Kind.BARRIER_GATE)[0]
        said = {"device": gate, "do": "open", "actor": "王师傅", "reason": "救护/消防/警务"}
        for state in ("requested", "unknown"):
            community.tell(f"command.{state}", "c1", "王师傅", data={**said, "state": state})
        at.console.sign_in("李师傅", Role.GUARD, password_hash=quick.hash(PASSWORD))
        page = await at.open("/wall", "王师傅", size=WALL, script=False)
        await page.get_by_role("link", name="交接班").click()
        await expect(page.get_by_text("没有确认，请看现场")).to_be_visible()
        await take_picture(page, "handovers-zh")
        await page.get_by_label("交班人留言").fill("北门钥匙在抽屉里。")
        await page.get_by_role("button", name="王师傅 签字交班").click()
        await expect(page.get_by_text("仍由交班人负责")).to_be_visible()
        await page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
        await take_picture(page, "handover-phone")

        await page.get_by_label("接班人姓名").fill("李师傅")
        await page.get_by_label("接班人密码").fill(PASSWORD)
        await page.get_by_role("button", name="签字接班").click()
        await expect(page.get_by_text("接班：李师傅")).to_be_visible()
        await expect(page.get_by_text("听到声音再上岗")).to_be_visible()
        await page.emulate_media(media="print")
        await expect(page.get_by_text("接班人签字：__")).to_be_visible()
        assert (await page.pdf(format="A4")).count(b"/Type /Page\n") <= 2
        await page.emulate_media(media="screen")
        await page.set_viewport_size({"width": WALL[0], "height": WALL[1]})
        await page.get_by_role("link", name="值班墙").last.click()
        await expect(page.locator(".duty")).to_contain_text("李师傅")
        assert at.troubles == []
