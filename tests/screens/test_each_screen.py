"""Every page once, in its main size and language, with something on it: whole, and for everybody.

The full matrix of sizes, languages, letters and light is `make screens`.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.acceptance.pictures import take_picture
from tests.screens.gallery import NO_PAGES, SCREENS
from tests.screens.hall import Look, open_hall
from tests.screens.stage import furnish
from tests.support.rights import routes_of

pytestmark = pytest.mark.browser

OK = 200


async def test_every_route_that_shows_a_page_is_in_the_gallery() -> None:
    console, _ = await furnish()
    shown = {
        route.path
        for route in routes_of(console.app)
        if route.method == "GET" and not route.path.startswith("/api/")
    }
    assert shown - NO_PAGES == {screen.path for screen in SCREENS if screen.status == OK}


async def test_no_page_is_broken_or_shuts_somebody_out(
    require_server: Callable[[str], Path],
) -> None:
    look = Look()
    async with open_hall(require_server("chromium")) as hall, hall.window(look) as inspector:
        for screen in SCREENS:
            await hall.enter(inspector, screen, look)
            await take_picture(inspector.page, screen.name)
        assert [each for each in inspector.findings if each.is_grave] == []
