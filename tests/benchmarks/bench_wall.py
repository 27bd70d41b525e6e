"""How soon a wall of 2,000 devices is drawn, and a fault is on each of 50 walls."""

from __future__ import annotations

import asyncio
import threading
import time
import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from html import unescape
from pathlib import Path

import httpx2
import pytest
from playwright.sync_api import Page, sync_playwright

from hub.model.instant import from_rfc3339
from tests.acceptance.console_browser import ARGUMENTS
from tests.acceptance.demo_process import Demo, running_demo
from tests.benchmarks.report import Row, print_table, spread, write_results
from tests.support.patience import PATIENCE

pytestmark = [pytest.mark.bench, pytest.mark.timeout(900)]

DEVICES, SCREENS = 2000, 50
DRAWN = 5
SHOWN = 3
"""Faults that a wall has room for beside the largest."""
PAINT = "performance.getEntriesByName('first-contentful-paint')[0].startTime / 1000"
LOADED = "performance.getEntriesByType('navigation')[0].loadEventEnd / 1000"


class Screens:
    """Walls without a browser: each follows the stream of the page, and notes when a word came."""

    def __init__(self, url: str, login: dict[str, str]) -> None:
        self._url = url
        self._login = login
        self._ready = threading.Barrier(2)
        self._seen: dict[str, list[float]] = {}
        self._stop = asyncio.Event()
        self._loop = asyncio.new_event_loop()

    @contextmanager
    def watching(self) -> Iterator[Screens]:
        """Watch from another thread while the block runs."""
        thread = threading.Thread(target=self._loop.run_until_complete, args=(self._watch(),))
        thread.start()
        self._ready.wait(PATIENCE)
        try:
            yield self
        finally:
            self._loop.call_soon_threadsafe(self._stop.set)
            thread.join()
            self._loop.close()

    def until(self, word: str, count: int) -> list[float]:
        """Return when so many screens had a word, once they have it."""
        limit = time.monotonic() + PATIENCE
        while len(self._seen.get(word, ())) < count and time.monotonic() < limit:
            time.sleep(0.05)
        return list(self._seen.get(word, ()))

    def look_for(self, word: str) -> None:
        """Note from now on when a word comes."""
        self._seen[word] = []

    async def _watch(self) -> None:
        limits = httpx2.Limits(max_connections=SCREENS + 2)
        async with httpx2.AsyncClient(
            base_url=self._url, trust_env=False, timeout=PATIENCE, limits=limits
        ) as client:
            await client.post("/sign-in", data=self._login)
            page = (await client.get("/wall")).text
            path = unescape(page.partition('hx-sse:connect="')[2].partition('"')[0])
            begun = asyncio.Semaphore(0)
            following = [
                asyncio.create_task(self._follow(client, path, begun)) for _ in range(SCREENS)
            ]
            for _ in following:
                await begun.acquire()
            await asyncio.to_thread(self._ready.wait, PATIENCE)
            await self._stop.wait()
            for each in following:
                each.cancel()
            await asyncio.gather(*following, return_exceptions=True)

    async def _follow(
        self, client: httpx2.AsyncClient, path: str, begun: asyncio.Semaphore
    ) -> None:
        had = set[str]()
        async with client.stream("GET", path) as answer:
            begun.release()
            async for line in answer.aiter_lines():
                for word in [each for each in self._seen if each in line and each not in had]:
                    had.add(word)
                    self._seen[word].append(time.time())


def test_a_fault_from_its_ticket_to_the_guards_walls(
    tmp_path: Path, require_server: Callable[[str], Path]
) -> None:
    chromium = str(require_server("chromium"))
    options = ("--devices", str(DEVICES), "--faults", "none")
    with running_demo(tmp_path, *options) as demo, sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        page = browser.new_page(viewport={"width": 1920, "height": 1080})
        _sign_in(page, demo)
        drawn = [_draw(page, demo) for _ in range(DRAWN)]
        behind: list[float] = []
        last: list[float] = []
        with Screens(demo.ready["url"], demo.ready["logins"]["guard"]).watching() as screens:
            for number, gate in enumerate(demo.devices("barrier_gate")[:SHOWN]):
                shown, all_shown = _watch(page, demo, screens, gate["id"], number)
                behind.append(shown)
                last.append(all_shown)
        browser.close()
    rows = [
        Row("drawn, first paint, s", spread([paint for paint, _ in drawn], 2), "< 1"),
        Row("drawn, loaded, s", spread([loaded for _, loaded in drawn], 2), "< 1"),
        Row("ticket's opening to the browser, s", spread(behind, 2), "< 1"),
        Row(f"ticket's opening to the last of {SCREENS} screens, s", spread(last, 2), "< 1"),
    ]
    print_table(f"guard wall, {DEVICES:,} devices", rows)
    write_results("wall", {"drawn": drawn, "seconds": behind, "last": last})


def _sign_in(page: Page, demo: Demo) -> None:
    login = demo.ready["logins"]["guard"]
    page.goto(f"{demo.ready['url']}/sign-in")
    page.fill("#name", login["name"])
    page.fill("#password", login["password"])
    page.click("main form button")


def _draw(page: Page, demo: Demo) -> tuple[float, float]:
    """Open the wall; returns the seconds until it was painted, and until all was there."""
    page.goto(f"{demo.ready['url']}/wall")
    page.wait_for_selector("html.live", state="attached")
    return float(page.evaluate(PAINT)), float(page.evaluate(LOADED))


def _watch(
    page: Page, demo: Demo, screens: Screens, gate: str, already: int
) -> tuple[float, float]:
    """Break a gate's boom; returns how far behind its ticket the browser and the last screen are.

    A screen has it with the first thing to do that leads to the ticket's page.
    """
    number = f"/tickets/{_next_number(demo)}"
    screens.look_for(number)
    demo.cause("boom-broken", gate)
    page.locator(".todo article").nth(already).wait_for()
    shown = time.time()
    seen = screens.until(number, SCREENS)
    assert len(seen) == SCREENS, f"{len(seen)} of {SCREENS} screens show {number}"
    opened = real_time(demo, from_rfc3339(demo.ticket_of(gate)["opened_at"]))
    return shown - opened, max(seen) - opened


def _next_number(demo: Demo) -> str:
    """Return the number that the next ticket will have."""
    numbers = [ticket["number"] for ticket in demo.tickets()]
    if not numbers:
        return f"GS-{time.strftime('%Y%m%d')}-0001"
    day, _, count = max(numbers).rpartition("-")
    return f"{day}-{int(count) + 1:04}"


def real_time(demo: Demo, instant: float) -> float:
    """Turn an instant of the demo's fast clock into one of ours."""
    tables = tomllib.loads((demo.data / "lingdang.toml").read_text("utf-8"))["demo"]
    origin, speed = float(tables["clock_origin"]), float(tables["speed"])
    return origin + (instant - origin) / speed
