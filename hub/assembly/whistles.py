"""Opens the offices of reports and photos on what is stored, and forgets what is past its time."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import shutil
from functools import partial
from pathlib import Path

import msgspec

from hub.assembly.darkroom import develop
from hub.assembly.loading import World
from hub.clock import Clock
from hub.errors import StoreError
from hub.intake.core import Intake
from hub.intake.desk import IntakeDesk
from hub.intake.report_room import REPORTS
from hub.model.access import Identity, Role
from hub.model.device import Lifecycle
from hub.model.whistle import Report
from hub.ports import Books, Document, Live
from hub.services.reports.label_book import LabelBook
from hub.services.reports.label_code import Codes
from hub.services.reports.photo_book import MEGABYTE, PHOTOS, PhotoBook, Room
from hub.services.reports.report_expiry import deletions, find_old
from hub.services.reports.whistle_book import WhistleBook
from hub.services.window_book import WindowBook
from hub.store.sqlite import SqliteStore

SECRET = ("setting", "whistle")
"""The document with the secret of all codes: in every backup, so that printed labels stay good."""
EVERY = 3600.0
ANYBODY = Identity(name="resident", role=Role.GUARD)
"""Before whose eyes a notice stands: it is for everybody."""


class Whistles(msgspec.Struct, frozen=True, kw_only=True):
    """Both offices, and for how many days they keep what concerns people."""

    book: WhistleBook
    photos: PhotoBook
    keep_days: int


async def open_whistles(
    world: World, intake: Intake, store: SqliteStore, windows: WindowBook, clock: Clock
) -> Whistles:
    """Open the offices; the secret of a first start is stored before anything is drawn from it."""
    site, books, settings = world.site, store.books, world.settings
    codes = Codes(await _secret(books, intake.desk))
    book = WhistleBook(
        codes,
        LabelBook(codes, site.devices, site.places, partial(_state_of, intake.live)),
        live=intake.live,
        books=books,
        desk=intake.desk,
        file=intake.desk.report,
        notices=partial(windows.windows, ANYBODY),
        clock=clock,
    )
    photos = PhotoBook(
        await books.documents(PHOTOS),
        develop=develop,
        room=_room(world),
        books=books,
        desk=intake.desk,
        clock=clock,
    )
    return Whistles(book=book, photos=photos, keep_days=settings.store.keep_reports)


def read_secret(body: bytes) -> bytes:
    """Return the secret that a document holds."""
    return bytes.fromhex(msgspec.json.decode(body, type=dict[str, str])["secret"])


async def keep_forgetting(whistles: Whistles, desk: IntakeDesk, books: Books, clock: Clock) -> None:
    """Delete once an hour what is past its time, until cancelled."""
    while True:
        await asyncio.sleep(EVERY)
        with contextlib.suppress(StoreError):
            await forget_old(whistles, desk, books, now=clock.now())


async def forget_old(whistles: Whistles, desk: IntakeDesk, books: Books, *, now: float) -> bool:
    """Delete what is past its time, the oldest day of it; tell whether anything was."""
    reports = await books.documents(REPORTS)
    old = find_old(
        [msgspec.json.decode(body, type=Report) for body in reports.values()],
        whistles.photos.older(now),
        now=now,
        keep_days=whistles.keep_days,
    )
    if old.is_empty():
        return False
    counts = {"reports": len(old.reports), "photos": len(old.photos)}
    entry = ("report.forgotten", "reports", "hub", counts)
    await desk.forget_reports(list(deletions(old)), [entry], {each.id for each in old.reports})
    whistles.photos.drop(old.photos)
    return True


async def _secret(books: Books, desk: IntakeDesk) -> bytes:
    body = await books.document(*SECRET)
    if body is None:
        body = msgspec.json.encode({"secret": secrets.token_hex(32)})
        await desk.write([Document(collection=SECRET[0], key=SECRET[1], body=body)])
    return read_secret(body)


def _state_of(live: Live, device_id: str) -> Lifecycle:
    view = live.device(device_id)
    return view.device.state if view else Lifecycle.RETIRED


def _room(world: World) -> Room:
    settings, folder = world.settings.whistle, world.settings.store.path.parent
    return Room(
        each=settings.photos_per_ticket,
        total=settings.photo_megabytes * MEGABYTE,
        free=partial(_free, folder),
    )


def _free(folder: Path) -> int:
    return shutil.disk_usage(folder).free
