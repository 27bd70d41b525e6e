"""A real browser in front of the console, and a community behind it that can be broken."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
from playwright.async_api import Browser, ConsoleMessage, Page, async_playwright, expect

from hub.api.server import listen, serving
from hub.clock import SystemClock
from hub.model.access import Role
from simulators.demo_files import HOST, free_port
from tests.support.patience import PATIENCE
from tests.unit.console.fakes.community import Console, make_console

expect.set_options(timeout=1000 * PATIENCE)

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--no-first-run",
    "--disable-component-update",
    "--disable-sync",
]
WALL, PHONE = (1920, 1080), (390, 844)


class Desk(msgspec.Struct, kw_only=True):
    """The console on a socket, and the browser that looks at it."""

    console: Console
    url: str
    browser: Browser
    hub: contextlib.AsyncExitStack
    troubles: list[str] = []

    async def start_hub(self) -> None:
        """Serve the console; again on the same port after a stop."""
        port = int(self.url.rpartition(":")[2]) if self.url else free_port()
        listener = listen(HOST, port, file="lingdang.toml")
        self.url = await self.hub.enter_async_context(serving(self.console.app, listener))

    async def stop_hub(self) -> None:
        """Let the hub die, and its connections with it."""
        await self.hub.aclose()

    async def open(
        self,
        path: str,
        name: str = "",
        role: Role = Role.GUARD,
        size: tuple[int, int] = WALL,
        *,
        script: bool = True,
    ) -> Page:
        """Open a page in a fresh browser, signed in as `name` if given."""
        context = await self.browser.new_context(
            viewport={"width": size[0], "height": size[1]}, java_script_enabled=script
        )
        context.set_default_timeout(1000 * PATIENCE)
        if name:
            cookie = self.console.sign_in(name, role)
            await context.add_cookies(
                [{"name": "lingdang_session", "value": cookie, "url": self.url}]
            )
        page = await context.new_page()
        page.on("pageerror", lambda error: self.troubles.append(str(error)))
        page.on("console", lambda message: self.troubles.extend(_trouble(message)))
        await page.goto(self.url + path)
        return page


def _trouble(message: ConsoleMessage) -> list[str]:
    where = message.location["url"]
    return [f"{message.text} ({where})"] if message.type in {"error", "warning"} else []


async def wait_until_live(page: Page) -> None:
    """Return once the page's stream has spoken."""
    await page.wait_for_selector("html.live", state="attached")


@contextlib.asynccontextmanager
async def desk(chromium: Path, devices: int = 60) -> AsyncIterator[Desk]:
    """Serve a console and start a browser; both end with the block."""
    console = make_console(devices=devices, clock=SystemClock())
    async with async_playwright() as playwright, contextlib.AsyncExitStack() as hub:
        browser = await playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        async with browser:
            at = Desk(console=console, url="", browser=browser, hub=hub)
            await at.start_hub()
            yield at
