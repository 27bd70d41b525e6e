"""A department on a phone, in a real browser without script: sign, arrive, feed back; a desk."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from hub.model.access import Role
from hub.model.alarm import Urgency
from hub.model.case import Case, CaseAction, CaseState, CaseStep
from hub.model.device import Kind
from hub.services.incidents.case_limit import PACES
from hub.services.incidents.case_step import take_step
from tests.acceptance.console_browser import PHONE, WALL, Desk, desk

pytestmark = pytest.mark.browser

Chromium = Callable[[str], Path]
NAME = "供电所"


def hand_over(at: Desk) -> str:
    """Hand a ticket to the department, and return its number."""
    gate = at.console.community.of_kind(Kind.BARRIER_GATE)[0]
    ticket = at.console.community.open_ticket(gate, "停电", "No power")
    now = at.console.clock.now()
    step = CaseStep(do=CaseAction.DISPATCH, receiver=NAME, at=now, to=NAME, actor="chen")
    fresh = Case(receiver=NAME, incident=ticket.number, urged=1)
    pace = PACES[Urgency.NORMAL]
    case, _ = take_step(fresh, step, place=ticket.place, now=now, pace=pace)
    at.console.desk.cases.put(case)
    return ticket.number


async def fits(page: Page, width: int) -> bool:
    found: int = await page.evaluate("document.documentElement.scrollWidth")
    return found <= width


async def test_work_is_done_on_the_phone_without_script(require_server: Chromium) -> None:
    async with desk(require_server("chromium")) as at:
        number = hand_over(at)
        page = await at.open("/", NAME, Role.DEPARTMENT, PHONE, script=False)
        assert page.url.endswith("/department")
        await expect(page.locator(".row")).to_contain_text("催办 1")
        await page.get_by_role("link", name="停电").click()
        for button in ("签收", "到场"):
            await page.get_by_role("button", name=button, exact=True).click()
        await expect(page.locator(".facts .state")).to_have_text("已签收")
        await page.locator("#main-feed_back-text").fill("已送电")
        await page.get_by_role("button", name="反馈", exact=True).click()
        await expect(page.locator(".facts .state")).to_have_text("已反馈")
        await expect(page.locator(".history")).to_contain_text("已送电")
        assert at.console.desk.cases.find(NAME, number).state is CaseState.HANDLED
        assert at.troubles == []


@pytest.mark.parametrize("size", [PHONE, WALL])
async def test_its_pages_fit_the_screen(require_server: Chromium, size: tuple[int, int]) -> None:
    async with desk(require_server("chromium")) as at:
        number = hand_over(at)
        for path, name, role in (
            ("/department", NAME, Role.DEPARTMENT),
            (f"/department/{number}", NAME, Role.DEPARTMENT),
            (f"/tickets/{number}/cases", "chen", Role.MANAGER),
            ("/departments", "chen", Role.MANAGER),
        ):
            page = await at.open(path, name, role, size)
            await expect(page.locator("h1").first).to_be_visible()
            assert await fits(page, size[0]), path
        assert at.troubles == []
