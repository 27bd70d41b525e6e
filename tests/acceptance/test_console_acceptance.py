"""The acceptance sheet in a real browser: signed on a phone without script, and on paper."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from hub.model.access import Role
from hub.model.device import Kind
from tests.acceptance.console_browser import PHONE, Desk, desk
from tests.support.commission import BOOM, STUCK

pytestmark = pytest.mark.browser

Chromium = Callable[[str], Path]
A4_WIDTH = 794
"""Pixels of CSS."""


def begin(at: Desk) -> str:
    view = at.console.community.device(at.console.community.of_kind(Kind.BARRIER_GATE)[0])
    assert view is not None
    at.console.commissioning.begin(view.device)
    return view.device.id


async def fits(page: Page) -> bool:
    wide: bool = await page.evaluate(
        "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
    )
    return wide


async def test_a_sheet_is_signed_on_a_phone_without_script(require_server: Chromium) -> None:
    async with desk(require_server("chromium")) as at:
        device = begin(at)
        page = await at.open("/acceptances", "王经理", Role.MANAGER, PHONE, script=False)
        await page.get_by_role("link", name="完成 1/2").click()
        await expect(page.get_by_role("heading", name="第 1 份验收单")).to_be_visible()
        assert await fits(page)
        await page.get_by_label("为什么不能试").fill("车道还没有通车" * 10)
        await page.get_by_role("button", name="免试").click()
        await expect(page.get_by_text("全部完成，可以签字投用")).to_be_visible()
        await page.get_by_label("陪同人").fill("王师傅")
        assert await fits(page)
        await page.get_by_role("button", name="签字，设备投用").click()
        await expect(page.get_by_text("由 王经理 签字验收，陪同人：王师傅")).to_be_visible()
        view = at.console.community.device(device)
        assert view is not None
        assert view.device.state == "in_service"
        assert at.troubles == []


async def test_on_paper_there_are_the_faults_and_lines_to_sign_and_no_forms(
    require_server: Chromium,
) -> None:
    async with desk(require_server("chromium")) as at:
        device = begin(at)
        page = await at.open(
            f"/devices/{device}/acceptance", "王经理", Role.MANAGER, (A4_WIDTH, 1123)
        )
        await expect(page.get_by_text("验收人签字")).to_be_hidden()
        await page.emulate_media(media="print")
        for rule in (BOOM, STUCK):
            await expect(page.get_by_text(rule)).to_be_visible()
        await expect(page.get_by_text("验收人签字")).to_be_visible()
        await expect(page.get_by_label("陪同人")).to_be_hidden()
        await expect(page.get_by_role("banner")).to_be_hidden()
        assert await fits(page)
        assert (await page.pdf(format="A4")).count(b"/Type /Page\n") == 1
