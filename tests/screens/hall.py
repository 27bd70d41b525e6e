"""The furnished community behind a real server, and one browser window that walks through it."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
from fastapi import FastAPI
from playwright.async_api import Browser, async_playwright

from hub.api.server import listen, serving
from hub.model.access import Role
from simulators.demo_files import HOST, free_port
from tests.acceptance.console_browser import ARGUMENTS
from tests.screens.gallery import DESK, NAMES, Screen
from tests.screens.inspector import Inspector
from tests.screens.stage import furnish
from tests.support.patience import PATIENCE
from tests.support.rights import Route


class Look(msgspec.Struct, frozen=True, kw_only=True):
    """How a page is looked at: in which size (None: its own), language, letters and light."""

    size: tuple[int, int] | None = None
    language: str = "zh"
    big: bool = False
    dark: bool = False

    def __str__(self) -> str:
        size = "x".join(map(str, self.size)) if self.size else "its own size"
        return f"{size} {self.language}{' big' * self.big}{' dark' * self.dark}"


class Hall(msgspec.Struct, kw_only=True):
    """The community at `url`, and the name of one thing of each kind."""

    url: str
    app: FastAPI
    things: dict[str, str]
    cookies: dict[Role, str]
    browser: Browser

    @contextlib.asynccontextmanager
    async def window(self, look: Look) -> AsyncIterator[Inspector]:
        """Open a window that looks so."""
        width, height = look.size or DESK
        context = await self.browser.new_context(
            viewport={"width": width, "height": height},
            locale={"zh": "zh-CN", "en": "en-GB"}[look.language],
            color_scheme="dark" if look.dark else "light",
        )
        context.set_default_timeout(1000 * PATIENCE)
        async with context:
            yield Inspector(await context.new_page())

    async def enter(
        self, inspector: Inspector, screen: Screen, look: Look, *, inspect: bool = True
    ) -> None:
        """Open one page as the one whose page it is, and look at it."""
        width, height = look.size or screen.size
        await inspector.page.set_viewport_size({"width": width, "height": height})
        cookies = {"lingdang_language": look.language, "lingdang_big": "on" if look.big else "off"}
        if screen.role is not None:
            cookies["lingdang_session"] = self.cookies[screen.role]
        await inspector.page.context.clear_cookies()
        await inspector.page.context.add_cookies(
            [{"name": name, "value": value, "url": self.url} for name, value in cookies.items()]
        )
        url = self.url + self.path_of(screen, look)
        await inspector.open(url, f"{screen.name} ({look})", screen.status)
        if inspect:
            await inspector.inspect()

    def path_of(self, screen: Screen, look: Look) -> str:
        """Return the address of a screen, filled with what there is."""
        route = Route(method="GET", path=screen.path, roles=frozenset())
        query = "&".join(
            part
            for part in (screen.query, "lang=en" * (look.language == "en" and not screen.role))
            if part
        )
        return route.fill(self.things) + f"?{query}" * bool(query)


@contextlib.asynccontextmanager
async def open_hall(chromium: Path) -> AsyncIterator[Hall]:
    """Serve the community and start a browser; both end with the block."""
    console, things = await furnish()
    cookies = {role: console.sign_in(name, role) for role, name in NAMES.items()}
    listener = listen(HOST, free_port(), file="lingdang.toml")
    async with async_playwright() as playwright, serving(console.app, listener) as url:
        browser = await playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        async with browser:
            yield Hall(url=url, app=console.app, things=things, cookies=cookies, browser=browser)
