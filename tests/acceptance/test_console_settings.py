"""An administrator's settings in a real browser: a new guard, and a key for the platform."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.async_api import expect

from hub.model.access import Role
from tests.acceptance.console_browser import PHONE, WALL, desk
from tests.acceptance.pictures import take_picture

pytestmark = pytest.mark.browser

Chromium = Callable[[str], Path]


async def test_a_guard_and_a_platform_are_let_in_without_script(require_server: Chromium) -> None:
    async with desk(require_server("chromium"), devices=30) as at:
        for name, role in (("王师傅", Role.GUARD), ("李师傅", Role.CREW), ("陈经理", Role.MANAGER)):
            at.console.sign_in(name, role)
        page = await at.open("/more", "管理员", Role.ADMINISTRATOR, PHONE, script=False)
        await page.get_by_role("link", name="人员").click()
        await page.get_by_label("姓名").fill("赵师傅")
        await page.get_by_label("角色").select_option("guard")
        await page.get_by_label("电话").fill("13900000000")
        await page.get_by_role("button", name="添加").click()
        await expect(page.get_by_role("status")).to_contain_text("只显示这一次")
        await take_picture(page, "people-phone")
        await page.get_by_role("link", name=re.compile("赵师傅")).click()
        await expect(page.get_by_role("button", name="停用 赵师傅")).to_be_visible()
        await take_picture(page, "person-phone")

        await page.set_viewport_size({"width": WALL[0], "height": WALL[1]})
        await page.goto(f"{at.url}/settings/keys")
        await page.get_by_label("给哪个程序").fill("市平台")
        await page.get_by_label("角色").select_option("grid")
        await page.get_by_role("button", name="生成密钥").click()
        await expect(page.get_by_role("status")).to_contain_text("ld_")
        await take_picture(page, "keys-zh")
        await page.get_by_role("button", name="轮换: 市平台").click()
        await expect(page.get_by_text("已轮换")).to_be_visible()
        assert at.troubles == []
