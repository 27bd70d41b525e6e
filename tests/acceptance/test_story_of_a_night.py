"""A door is held: the guard sees it, opens a gate, and hands the shift over; in one browser."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from tests.acceptance.console_browser import ARGUMENTS
from tests.acceptance.demo_process import Demo, running_demo
from tests.support.patience import PATIENCE

pytestmark = [pytest.mark.integration, pytest.mark.browser]

expect.set_options(timeout=1000 * PATIENCE)

HELD = "门超时未关"


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Demo]:
    with running_demo(tmp_path, "--devices", "60", "--faults", "none", "--speed", "10") as running:
        yield running


@pytest.fixture
def page(demo: Demo, require_server: Callable[[str], Path]) -> Iterator[Page]:
    chromium = require_server("chromium")
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=str(chromium), args=ARGUMENTS)
        page = browser.new_page(viewport={"width": 1920, "height": 1080})
        page.set_default_timeout(1000 * PATIENCE)
        page.goto(demo.ready["url"])
        yield page
        browser.close()


def sign_in(page: Page, login: dict[str, str]) -> None:
    page.get_by_label("姓名").fill(login["name"])
    page.get_by_label("密码").fill(login["password"])
    page.get_by_role("button", name="登录", exact=True).click()


def test_a_door_is_held_the_guard_sees_opens_and_hands_over(demo: Demo, page: Page) -> None:
    door, gate = (demo.devices(kind)[0] for kind in ("unit_door", "barrier_gate"))
    demo.cause("door-held", door["id"])
    guard, boss = (demo.ready["logins"][role] for role in ("guard", "manager"))
    sign_in(page, guard)
    expect(page).to_have_url(f"{demo.ready['url']}/wall")
    first = page.locator("#wall-todo .first")
    expect(first).to_contain_text(HELD)
    first.get_by_role("link", name="看").click()
    expect(page.locator("h1")).to_contain_text(door["name"])
    opens(page, demo, gate["name"])
    page.goto(f"{demo.ready['url']}/wall")
    page.get_by_role("link", name="交接班").click()
    expect(page.locator("main")).to_contain_text(HELD)
    expect(page.locator("main")).to_contain_text("已看到动作")
    page.get_by_label("交班人留言").fill("门还开着，已经有人去关。")
    page.get_by_role("button", name="签字交班").click()
    page.get_by_label("接班人姓名").fill(boss["name"])
    page.get_by_label("接班人密码").fill(boss["password"])
    page.get_by_role("button", name="签字接班").click()
    expect(page.get_by_text(f"接班：{boss['name']}")).to_be_visible()
    told = [(each["type"], each["subject"]) for each in demo.journal()]
    assert told.count(("alarm.raised", door["id"])) == 1
    ends = [kind for kind, _ in told if kind in {"command.executed", "handover.taken"}]
    assert ends[-2:] == ["command.executed", "handover.taken"]


def opens(page: Page, demo: Demo, name: str) -> None:
    """Open a gate from the wall, again where the order came too late, until it was seen to move."""
    while True:
        page.goto(f"{demo.ready['url']}/wall")
        page.get_by_role("link", name=f"开 {name}").click()
        page.get_by_text("救护/消防/警务").click()
        button = page.get_by_role("button", name="按住 1 秒")
        button.hover()
        page.mouse.down()
        page.wait_for_url("**/commands/*")
        page.mouse.up()
        done = page.get_by_text("已确认：看见它动了")
        expect(done.or_(page.get_by_text("没有确认动作")).first).to_be_visible()
        if done.is_visible():
            return
