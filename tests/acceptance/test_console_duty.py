"""The leader's page of rosters in a real browser: a hole, a substitute, a proposal."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.async_api import expect

from hub.model.access import Role
from hub.model.climb import Outlook
from hub.model.kinds import Kind
from tests.acceptance.console_browser import PHONE, desk
from tests.support.duty_office import FakeEscalation

pytestmark = pytest.mark.browser

Chromium = Callable[[str], Path]
STREET = {"zh": "街道", "en": "street"}


async def test_a_leader_fills_a_hole_and_declines_what_is_proposed_without_script(
    require_server: Chromium,
) -> None:
    async with desk(require_server("chromium")) as at:
        community, office = at.console.community, at.console.ports.escalation
        assert isinstance(office, FakeEscalation)
        gate = community.of_kind(Kind.BARRIER_GATE)[0]
        ticket = community.open_ticket(gate, "落杆失败", "Does not close")
        office.waiting.append(ticket)
        office.outlooks[ticket.number] = Outlook(
            ticket=ticket.number, plan="p", rung="street", name=STREET, proposed=True
        )
        page = await at.open("/rosters", "王经理", Role.MANAGER, PHONE, script=False)
        await expect(page.get_by_role("alert")).to_contain_text("空班，请安排替班")
        await page.get_by_label("谁来替").select_option("zhao")
        await page.get_by_label("多久").select_option("168")
        await page.get_by_role("button", name="安排").click()
        await expect(page.get_by_role("heading", name="crew · zhao 加班")).to_be_visible()
        await expect(page.get_by_text(re.compile("现在：.*zhao"))).to_be_visible()

        await page.get_by_label("说明").first.fill("自己能修")
        await page.get_by_role("button", name="不上报").click()
        await expect(page.get_by_text("待确认的上报")).to_have_count(0)
        assert office.decided == [(ticket.number, "王经理", False, "自己能修")]
