"""The page of screens shows every page that the gallery names, and no picture lies beside it."""

from __future__ import annotations

import re
from pathlib import Path

from tests.screens.gallery import SCREENS

DOCS = Path(__file__).parents[3] / "docs"


def test_every_page_has_its_picture_and_every_picture_its_place() -> None:
    shown = set(re.findall(r"\(screens/([\w-]+)\.png\)", (DOCS / "screens.md").read_text("utf-8")))
    assert {screen.name for screen in SCREENS} <= shown, "SCREENS=docs/screens makes the picture"
    assert {path.stem for path in (DOCS / "screens").iterdir()} == shown
