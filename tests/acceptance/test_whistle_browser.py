"""A resident scans a label with a telephone: three taps, a photo, a code, and no script at all."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import msgspec
import pytest
from playwright.async_api import Page

from hub.model.access import Role
from hub.model.device import Kind
from hub.model.ticket import TicketState
from tests.acceptance.console_browser import PHONE, Desk, desk
from tests.support.patience import PATIENCE
from tests.support.photos import photo

pytestmark = pytest.mark.browser

LIMIT = 60_000
SMALLEST = 48
"""Pixels of a finger."""


@pytest.fixture
async def at(require_server: Callable[[str], Path]) -> AsyncIterator[Desk]:
    async with desk(require_server("chromium"), devices=30) as opened:
        yield opened


def label_of(at: Desk, kind: Kind = Kind.BARRIER_GATE) -> tuple[str, str]:
    device = at.console.community.of_kind(kind)[0]
    labels = at.console.ports.whistle.labels_at("")
    return device, next(f"/w/{each.code}" for each in labels if each.target.device == device)


async def fits(page: Page) -> bool:
    """Tell whether nothing stands out at the side."""
    wide: int = await page.evaluate("document.documentElement.scrollWidth")
    return wide <= PHONE[0]


async def weigh(page: Page) -> list[int]:
    """Return the bytes of the page and of each thing with it, once the browser has noted them.

    By its own account: a body that a test asks for may have left its store by then.
    """
    async with asyncio.timeout(PATIENCE):
        while True:
            sizes = await page.evaluate("performance.getEntries().map(e => e.decodedBodySize || 0)")
            if len([size for size in sizes if size]) > 1:
                return list(sizes)


async def codes_of(page: Page) -> tuple[str, str]:
    number, code = [await each.inner_text() for each in await page.query_selector_all("dd")]
    return number, code


async def test_three_taps_file_a_report_and_its_code_shows_and_reopens_it(at: Desk) -> None:
    _, path = label_of(at)
    page = await at.open(path, size=PHONE, script=False)
    assert await fits(page)
    await page.check("input[value=stays_open]")
    await page.click("button.primary")
    number, code = await codes_of(page)
    await page.click("text=查进度")
    assert await page.input_value("#number") == number
    await page.fill("#code", code)
    await page.click("button.primary")
    assert await page.inner_text(".way li.done") == await page.inner_text(".way li:first-child")
    assert await fits(page)

    books = at.console.community.books
    closed = msgspec.structs.replace(
        books.ticket_by_number[number],
        state=TicketState.CLOSED,
        closed_at=at.console.clock.now(),
    )
    books.ticket_by_number[number] = closed
    await page.fill("#code", code)
    await page.click("form:has(#code) button")
    await page.click("text=没修好，请重办")
    assert "已重办" in await page.inner_text("[role=alert]")
    assert books.ticket_by_number[number].state is TicketState.DISPATCHED
    assert at.troubles == []


async def test_words_photo_and_phone_are_optional_and_reach_who_handles_it(at: Desk) -> None:
    _, path = label_of(at)
    page = await at.open(path, size=PHONE, script=False)
    await page.check("input[value=struck]")
    await page.click("summary")
    await page.fill("#text", "<img src=x onerror=alert(1)> 杆断了")
    await page.fill("#phone", "13800001234")
    picture = {"name": "a.png", "mimeType": "image/png", "buffer": photo(800, 600, form="PNG")}
    await page.set_input_files("#photo", files=[picture])
    await page.click("button.primary")
    number, _ = await codes_of(page)

    crew = await at.open(f"/tickets/{number}", "li", Role.CREW, PHONE)
    await crew.wait_for_selector(".photos img")
    assert await crew.inner_text(".said") == "<img src=x onerror=alert(1)> 杆断了"
    assert await crew.evaluate("document.querySelector('.photos img').decode().then(() => true)")
    await crew.click("text=看电话（会记录）")
    assert await crew.get_attribute("a[href^=tel]", "href") == "tel:13800001234"
    assert at.troubles == []


async def test_what_is_known_is_joined_by_one_tap_in_english_too(at: Desk) -> None:
    device, path = label_of(at)
    at.console.community.open_ticket(device, "落杆失败", "Does not come down")
    page = await at.open(path, size=PHONE, script=False)
    await page.click("text=English")
    await page.click("text=I have it too")
    assert "noted you too (1 in all)" in await page.inner_text("main")
    assert at.troubles == []


async def test_a_telephone_loads_less_than_60_kb_and_every_button_is_for_a_finger(
    at: Desk,
) -> None:
    device, path = label_of(at)
    for number in range(5):
        at.console.community.open_ticket(device, f"落杆失败{number}", "Does not come down")
    page = await at.open(path, size=PHONE, script=False)
    sizes = await weigh(page)
    assert 3_000 < sum(sizes) < LIMIT
    for each in await page.query_selector_all("button, .button, fieldset label, summary"):
        box = await each.bounding_box()
        assert box is not None
        assert box["height"] >= SMALLEST, await each.inner_text()
    assert await fits(page)
