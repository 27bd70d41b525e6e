"""The offices behind the web's doors: one for each thing that people change on the site."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from hub.access.gatekeeper import Gatekeeper
from hub.access.local import LocalDoor
from hub.assembly.backtest_process import Backtests
from hub.assembly.community_offices import open_community
from hub.assembly.loading import World
from hub.assembly.parameter_office import SiteParameters
from hub.assembly.rule_office import SiteRules
from hub.assembly.schedule_office import SiteSchedules
from hub.assembly.site_ledger import Ledger
from hub.assembly.site_office import SiteBooks
from hub.assembly.web import Doors
from hub.assembly.whistles import open_whistles
from hub.clock import Clock
from hub.intake.core import Intake
from hub.model.era import ERAS, read_eras
from hub.model.handover import HANDOVERS
from hub.ports import BellOffice
from hub.services.duty.handover_book import HandOverBook
from hub.services.duty.roster_book import RosterBook
from hub.services.duty.sheet_writer import SheetWriter
from hub.services.rule_shelf import RuleShelf
from hub.services.window_book import WINDOWS, WindowBook
from hub.store.sqlite import SqliteStore


async def open_offices(
    config: Path,
    world: World,
    intake: Intake,
    *,
    store: SqliteStore,
    shelf: RuleShelf,
    clock: Clock,
    local: LocalDoor,
    bells: BellOffice,
    renew: Callable[[], None],
) -> Doors:
    """Open every office on what is stored, and on the desk where changes take their turn."""
    rules = _open_rules(config, world, intake, store=store, shelf=shelf, clock=clock)
    windows = await _open_windows(world, intake, store, clock)
    whistles = await open_whistles(world, intake, store, windows, clock)
    gatekeeper = Gatekeeper(
        store.books,
        intake.desk,
        clock,
        local,
        two_factors=world.settings.web.second_factor,
    )
    ledger = Ledger(
        world.settings,
        world.models,
        books=store.books,
        write=intake.desk.write,
        clock=clock,
        people=gatekeeper.people,
        renew=renew,
    )
    return Doors(
        gatekeeper=gatekeeper,
        rules=rules,
        schedules=SiteSchedules(rules),
        parameters=SiteParameters(rules, world.site),
        windows=windows,
        rosters=RosterBook(intake.climbs.staff, write=intake.desk.write, clock=clock),
        handovers=await _open_handovers(intake, store, windows, clock),
        escalation=intake.climbs,
        bells=bells,
        whistles=whistles,
        community=await open_community(world, intake, store, whistles, clock),
        eras=read_eras(await store.books.documents(ERAS)),
        site=SiteBooks(ledger),
    )


def _open_rules(
    config: Path,
    world: World,
    intake: Intake,
    *,
    store: SqliteStore,
    shelf: RuleShelf,
    clock: Clock,
) -> SiteRules:
    return SiteRules(
        world,
        shelf,
        put=intake.desk.put_rules,
        closings=store.books.closing_codes,
        backtest=Backtests(config).run,
        clock=clock,
    )


async def _open_windows(
    world: World, intake: Intake, store: SqliteStore, clock: Clock
) -> WindowBook:
    return WindowBook(
        await store.books.documents(WINDOWS),
        devices=world.site.devices,
        places=world.site.places,
        put=intake.desk.put_windows,
        clock=clock,
        old_names=world.old_names,
    )


async def _open_handovers(
    intake: Intake, store: SqliteStore, windows: WindowBook, clock: Clock
) -> HandOverBook:
    writer = SheetWriter(
        live=intake.live,
        books=store.books,
        archive=store.archive,
        pulse=intake.pulse,
        windows=windows,
        clock=clock,
    )
    kept = await store.books.documents(HANDOVERS)
    return HandOverBook(
        kept, writer=writer, books=store.books, write=intake.desk.write, clock=clock
    )
