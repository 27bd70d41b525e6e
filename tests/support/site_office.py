"""An office for workbooks over the fakes of the web: nothing is read in another process."""

from __future__ import annotations

from pathlib import Path

from hub.access.people import People
from hub.assembly.site_ledger import Ledger, Write
from hub.assembly.site_office import SiteBooks
from hub.clock import Clock
from hub.config.buses import LineSettings
from hub.ports import Books
from hub.settings import MqttSettings, Settings, SiteSettings
from tests.support.workbook import MODELS

NOWHERE = SiteSettings(devices=Path("/nonexistent/d.csv"), places=Path("/nonexistent/p.csv"))

RISER = LineSettings(name="riser-1", host="127.0.0.1", port=4001)


def make_site_office(books: Books, write: Write, clock: Clock, people: People) -> SiteBooks:
    """Make an office whose site has no sheets yet; a new start is nobody's to make."""
    settings = Settings(site=NOWHERE, mqtt=MqttSettings(), line=(RISER,))
    return SiteBooks(Ledger(settings, MODELS, books=books, write=write, clock=clock, people=people))
