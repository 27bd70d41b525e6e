"""Opening a gate from the wall, in a real browser: held for a second, and never claimed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from playwright.async_api import expect

from hub.model.access import Role
from hub.model.command import CommandState, CommandStep
from hub.model.device import Kind, LinkState
from tests.acceptance.console_browser import Desk, desk, wait_until_live

pytestmark = pytest.mark.browser

Chromium = Callable[[str], Path]
A_SECOND_IN_HAND = """() => {
    const [set, clear] = [setTimeout, clearTimeout];
    window.second = { began: false, over: null };
    window.setTimeout = (act, milliseconds, ...more) => {
        if (milliseconds !== 1000) return set(act, milliseconds, ...more);
        second.began = true;
        second.over = act;
        return -1;
    };
    window.clearTimeout = (timer) => {
        if (timer !== -1) return clear(timer);
        second.over = null;
    };
}"""
"""Lets a timer of one second end when the test says so: on a busy machine a press takes long."""


async def test_a_gate_is_opened_by_holding_for_a_second_and_done_only_when_it_is_seen_to_move(
    require_server: Chromium,
) -> None:
    async with desk(require_server("chromium")) as at:
        gate = at.console.community.of_kind(Kind.BARRIER_GATE)[0]
        page = await at.open("/wall", "wang")
        await page.locator("#wall-gates .button").first.click()
        await wait_until_live(page)
        await page.evaluate(A_SECOND_IN_HAND)
        button = page.get_by_role("button", name="按住 1 秒抬杆")
        await button.click()
        assert not await page.evaluate("second.began"), "no reason, no order"
        await page.get_by_text("外卖").click()
        await button.click()
        assert await page.evaluate("second.began"), "it counts"
        assert not await page.evaluate("second.over"), "a mere press is no order"
        assert at.console.desk.asked == []
        await button.hover()
        await page.mouse.down()
        await page.evaluate("second.over()")
        await page.wait_for_url("**/commands/*")
        assert at.console.desk.asked == [(gate, "open")]
        ladder = page.locator(".ladder")
        await expect(ladder.locator(".so")).to_have_count(0)
        _move_on(at, CommandState.SENT, 0.1)
        await expect(ladder.locator(".so")).to_have_count(1)
        await expect(page.locator("main")).not_to_contain_text("已确认")
        _move_on(at, CommandState.EXECUTED, 1.3)
        await expect(page.locator("main")).to_contain_text("已确认：看见它动了")
        assert at.troubles == []


async def test_without_confirmation_the_guard_is_sent_to_look(require_server: Chromium) -> None:
    async with desk(require_server("chromium")) as at:
        gate = at.console.community.of_kind(Kind.BARRIER_GATE)[0]
        page = await at.open(f"/devices/{gate}/open", "wang", script=False)
        await page.get_by_label("访客").check()
        await page.get_by_role("button", name="按住 1 秒抬杆").click()
        await page.wait_for_url("**/commands/*")
        _move_on(at, CommandState.SENT, 0.1)
        _move_on(at, CommandState.UNKNOWN, 5.0)
        await page.reload()
        await expect(page.get_by_role("alert").last).to_have_text("没有确认动作，请到现场查看。")
        assert at.console.community.books.command_by_id["c1"].reason == "访客"


async def test_a_gate_that_falls_silent_loses_its_button(require_server: Chromium) -> None:
    async with desk(require_server("chromium")) as at:
        gate = at.console.community.of_kind(Kind.BARRIER_GATE)[0]
        page = await at.open(f"/devices/{gate}/open", "boss", Role.MANAGER)
        await wait_until_live(page)
        button = page.get_by_role("button", name="按住 1 秒抬杆")
        await expect(button).to_be_visible()
        at.console.community.set_link(gate, LinkState.SILENT)
        await expect(button).to_be_hidden()
        await expect(page.locator("#opening-go")).to_contain_text("请到现场")


def _move_on(at: Desk, state: CommandState, after: float) -> None:
    books = at.console.community.books
    old = books.command_by_id["c1"]
    step = CommandStep(state=state, at=old.issued + after)
    books.command_by_id["c1"] = msgspec.structs.replace(
        old, state=state, history=(*old.history, step)
    )
    at.console.community.tell(f"command.{state}", "c1")
