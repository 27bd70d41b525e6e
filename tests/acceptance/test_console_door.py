"""The door in a real browser: a manager sets up a second factor and signs in with it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import argon2
import pytest
from playwright.async_api import expect

from hub.access.totp import STEP, code_at
from hub.model.access import Role
from tests.acceptance.console_browser import PHONE, desk
from tests.acceptance.pictures import take_picture

pytestmark = pytest.mark.browser

Chromium = Callable[[str], Path]
PASSWORD = "春天来了山上开满花"


async def test_a_manager_sets_up_a_second_factor_and_signs_in_with_it_without_script(
    require_server: Chromium,
) -> None:
    hashed = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    async with desk(require_server("chromium"), devices=30) as at:
        page = await at.open("/more", "王经理", Role.MANAGER, PHONE, script=False)
        at.console.sign_in("王经理", Role.MANAGER, password_hash=hashed)
        await page.get_by_role("link", name="动态口令").click()
        await page.get_by_role("button", name="现在设置").click()
        secret = (await page.locator("code").inner_text()).replace(" ", "")
        box = await page.locator(".qr svg").bounding_box()
        assert box is not None
        assert box["width"] == box["height"]
        await take_picture(page, "account-phone")
        step = int(at.console.clock.now() // STEP)
        await page.get_by_label("6 位数字").fill(code_at(secret, step))
        await page.get_by_role("button", name="完成设置").click()
        await expect(page.get_by_role("alert")).to_contain_text("请重新登录")
        await page.get_by_label("姓名").fill("王经理")
        await page.get_by_label("密码").fill(PASSWORD)
        await page.get_by_role("button", name="登录").click()
        await expect(page.get_by_label("6 位动态口令")).to_be_focused()
        await take_picture(page, "code-zh")
        at_night = await at.open("/sign-in", size=PHONE)
        await take_picture(at_night, "signin-zh")
        await page.get_by_label("6 位动态口令").fill(code_at(secret, step + 1))
        await page.get_by_role("button", name="登录").click()
        await expect(page.get_by_role("heading", name="工单")).to_be_visible()
        assert at.troubles == []
