"""Every page in every size, language, letters and light: `make screens`, for some minutes."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.screens.gallery import SCREENS, SIZES
from tests.screens.hall import Look, open_hall

pytestmark = [pytest.mark.browser, pytest.mark.screens, pytest.mark.slow]

LOOKS = [
    Look(size=size, language=language, big=big, dark=dark)
    for size, language, big, dark in itertools.product(
        SIZES, ("zh", "en"), (False, True), (False, True)
    )
]


@pytest.mark.timeout(900)
@pytest.mark.parametrize("look", LOOKS, ids=str)
async def test_every_page_is_whole_and_for_everybody(
    require_server: Callable[[str], Path], look: Look
) -> None:
    async with open_hall(require_server("chromium")) as hall, hall.window(look) as inspector:
        for screen in SCREENS:
            await hall.enter(inspector, screen, look)
        assert inspector.findings == []
