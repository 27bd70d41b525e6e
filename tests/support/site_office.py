"""An office for workbooks over the fakes of the web: nothing is read in another process."""

from __future__ import annotations

from pathlib import Path

from hub.assembly.site_office import SiteBooks, Write
from hub.clock import Clock
from hub.config.buses import LineSettings
from hub.ports import Books
from hub.settings import MqttSettings, Settings, SiteSettings
from tests.support.workbook import MODELS

NOWHERE = SiteSettings(devices=Path("/nonexistent/d.csv"), places=Path("/nonexistent/p.csv"))

RISER = LineSettings(name="riser-1", host="127.0.0.1", port=4001)


def make_site_office(books: Books, write: Write, clock: Clock) -> SiteBooks:
    """Make an office whose site has no sheets yet; a new start is nobody's to make."""
    settings = Settings(site=NOWHERE, mqtt=MqttSettings(), line=(RISER,))
    return SiteBooks(settings, MODELS, books=books, write=write, clock=clock)
