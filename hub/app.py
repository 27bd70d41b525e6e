"""The composition root: knows every part, starts them in order and stops them in reverse."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import structlog

from hub.access.local import open_local_door
from hub.access.record import PEOPLE
from hub.access.web_ports import WebPorts
from hub.assembly import notify
from hub.assembly.announcing import announce_devices
from hub.assembly.crew import Crew, open_crew
from hub.assembly.deletion import keep_telling
from hub.assembly.dialects import speak_all
from hub.assembly.duty_check import read_people
from hub.assembly.encryption import Encryption, keep_certificate
from hub.assembly.heartbeat import keep_beating
from hub.assembly.interpreter import settle
from hub.assembly.links import LinkSet, Wiring, build_dialler, build_links
from hub.assembly.loading import World, load_world, read_settings
from hub.assembly.logs import configure_logging
from hub.assembly.offices import open_offices
from hub.assembly.own_broker import follow_broker
from hub.assembly.renewal import AGAIN, Renewal
from hub.assembly.senders import build_sender, open_desks
from hub.assembly.site_books import known_uids, site_news
from hub.assembly.unheard import find_unheard
from hub.assembly.wall_clock import keep_time, machine_since
from hub.assembly.web import Served, build_ports, keep_house, serve_web
from hub.assembly.whistles import keep_forgetting
from hub.bells.message import Scene
from hub.bells.setting_up import BellTower, Means, build_tower
from hub.clock import Clock, SystemClock
from hub.errors import ConfigError, HubError, Problem
from hub.feeds.incident import make_projector
from hub.feeds.profiles.setting_up import ReceiverHouse, open_receivers
from hub.intake.climber import read_duty_needs
from hub.intake.commission_room import CommissionNeeds
from hub.intake.core import Intake, Needs, build_intake
from hub.intake.inspection_room import InspectionNeeds
from hub.intake.report_room import GATHERINGS, read_gatherings
from hub.intake.suspect import SUSPECTS
from hub.model.case import CASES
from hub.model.era import ERAS, read_eras
from hub.model.hold import HOLDS
from hub.model.inspection import INSPECTIONS, ROUNDS
from hub.model.swap import SWAPS, Swap
from hub.ports import Link
from hub.services.commission.naming import follow_snapshot
from hub.services.commission.state_book import ACCEPTANCES, DEVICE_STATES, DEVICES, read_sheets
from hub.services.incidents.case_book import CaseBook
from hub.services.rule_shelf import RULE_VERSIONS, RuleShelf
from hub.services.supervisor import Supervisor
from hub.services.tickets.work_clock import build_timing
from hub.services.window_book import WINDOWS, read_windows
from hub.settings import Settings
from hub.store.deletion.retention import plan_retention
from hub.store.sink import influx
from hub.store.sqlite import SqliteStore, open_store

log = structlog.get_logger(__name__)


class RunningHub(NamedTuple):
    """A hub that is up; `died` fails when one of its parts dies."""

    died: asyncio.Future[None]
    renewal: Renewal
    intake: Intake
    store: SqliteStore
    links: Sequence[Link]


async def run_hub(config: Path) -> int:
    """Run until SIGTERM or SIGINT; returns the exit code, AGAIN when it is to be started anew.

    Raises ConfigError where a file that people wrote leaves nothing to run.
    """
    configure_logging()
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    try:
        async with open_hub(config) as hub:
            settle()
            await _until_stopped(stop, hub.renewal.wanted, hub.died)
    except ConfigError:
        raise
    except HubError as error:
        # A failure that has a name needs a sentence, not a trace.
        log.error("the hub cannot go on", why=str(error))  # noqa: TRY400
        return 1
    again = hub.renewal.wanted.is_set() and not stop.is_set()
    log.info("the hub starts again with new books" if again else "the hub has stopped")
    return AGAIN if again else 0


@contextlib.asynccontextmanager
async def open_hub(config: Path, clock: Clock | None = None) -> AsyncIterator[RunningHub]:
    """Start every part in order, on the machine's clock unless another one is handed in.

    Leaving stops them in reverse: first nobody new comes in (web, links), then what has come in
    is finished (intake), then the store is closed.
    """
    settings, problems = read_settings(config)
    clock, renewal = clock or _make_clock(settings), Renewal()
    async with contextlib.AsyncExitStack() as stack:
        async with notify.more_time():
            store = await stack.enter_async_context(
                open_store(settings.store.path, clock=clock, reserve=settings.store.reserve_bytes)
            )
        stored = await _read_stored(store)
        shelf = RuleShelf(await store.books.documents(RULE_VERSIONS))
        world = _read_world(settings, problems, stored, shelf, clock)
        crew = await stack.enter_async_context(open_crew())
        wiring = _plan_wiring(world, clock)
        await store.upkeep.ageing.keep(
            plan_retention(settings.store, world.site.devices, world.models)
        )
        links = LinkSet()
        news = site_news(world.site, stored[DEVICES], stored[SWAPS], clock.now())
        intake = await _build_intake(world, store, wiring, crew, links, swaps=news.swaps)
        crew.start(intake.pipeline.run(links.acknowledge), "intake")
        await intake.desk.write(news.documents, news.entries)
        local = stack.enter_context(open_local_door(settings.store.path.parent))
        tower = _build_tower(world, store, wiring, intake)
        doors = await open_offices(
            config,
            world,
            intake,
            store=store,
            shelf=shelf,
            clock=clock,
            local=local,
            bells=tower.office,
            renew=renewal.ask,
        )
        ports = build_ports(world, store, intake, clock, doors)
        house = await open_receivers(world.receivers, ports, world.settings.outbound.allow)
        served = await stack.enter_async_context(serve_web(world, ports, intake, house))
        linking = await stack.enter_async_context(open_crew(crew.died))
        _start_links(linking, links, wiring, intake, store)
        _start_readers(linking, ports, tower, house, wiring)
        _start_watches(linking, world, store, intake, clock, encryption=served.encryption)
        linking.start(
            keep_forgetting(doors.whistles, intake.desk, store.books, clock), "forgetting"
        )
        stack.enter_context(_announced(world, served, wiring.client, renewal))
        yield RunningHub(crew.died, renewal, intake, store, links.all)


async def _read_stored(store: SqliteStore) -> dict[str, dict[str, bytes]]:
    collections = (DEVICES, DEVICE_STATES, PEOPLE, SWAPS)
    return {name: await store.books.documents(name) for name in collections}


def _make_clock(settings: Settings) -> Clock:
    return SystemClock(speed=settings.demo.speed, origin=settings.demo.clock_origin)


def _read_world(
    settings: Settings,
    problems: Iterable[Problem],
    stored: Mapping[str, Mapping[str, bytes]],
    shelf: RuleShelf,
    clock: Clock,
) -> World:
    world = load_world(
        settings,
        known_uids(stored[DEVICES]),
        now=clock.now(),
        problems=problems,
        versions=shelf.newest(),
        states=stored[DEVICE_STATES],
        people=read_people(stored[PEOPLE]),
    )
    for problem in world.problems:
        log.warning("a file is wrong; what is broken is left out", fault=str(problem))
    for note in find_unheard(world):
        log.warning("some alarms would ring nobody", note=str(note))
    return world


def _start_links(
    crew: Crew, links: LinkSet, wiring: Wiring, intake: Intake, store: SqliteStore
) -> None:
    """Start the links, and the look at what their broker says of itself."""
    supervisor = Supervisor(watch=intake.watch, clock=wiring.clock)
    is_polled = intake.commission.is_polled
    links.take(build_links(wiring, inbox=intake.inbox, watch=supervisor, is_polled=is_polled))
    crew.start(supervisor.run(links.all), "links")
    crew.start(follow_broker(wiring, intake, store.books, links.read_again), "broker")


def _start_readers(
    crew: Crew, ports: WebPorts, tower: BellTower, house: ReceiverHouse, wiring: Wiring
) -> None:
    """Start what tells others: bells, pushes and polls; and who tidies up behind the web."""
    crew.start(keep_house(ports), "housekeeping")
    crew.start(tower.run(), "bells")
    crew.start(house.run(), "receivers")
    crew.start(announce_devices(wiring, ports.live, ports.pulse), "home assistant")


def _start_watches(
    crew: Crew,
    world: World,
    store: SqliteStore,
    intake: Intake,
    clock: Clock,
    *,
    encryption: Encryption | None,
) -> None:
    """Start what follows the hub: sink, watchdog, clock, heartbeat, and its own certificate."""
    if encryption is not None:
        crew.start(keep_certificate(encryption, clock), "certificate")
    settings, desk = world.settings, intake.desk
    crew.start(influx.follow(settings.influx, store, world.site.devices, desk, clock), "sink")
    crew.start(notify.beat(intake.pipeline), "watchdog")
    if isinstance(clock, SystemClock):
        crew.start(keep_time(clock, intake.reception.timekeeper), "clock")
    crew.start(keep_telling(store, desk, clock), "deletions")
    crew.start(
        keep_beating(settings, desk, store.books, clock, lambda: intake.pipeline.failing),
        "heartbeat",
    )


@contextlib.contextmanager
def _announced(world: World, served: Served, client: str, renewal: Renewal) -> Iterator[None]:
    """Tell people and systemd where the hub answers, as long as it does."""
    folder = world.settings.store.path.parent
    notify.announce(folder, served.own_url, pages=served.url, mqtt=client)
    count = {"devices": len(world.site.devices), "rules": len(world.rules)}
    log.info("the hub is up", url=served.url, mqtt=client, **count)
    try:
        yield
    finally:
        notify.withdraw(folder, again=renewal.wanted.is_set())


def _plan_wiring(world: World, clock: Clock) -> Wiring:
    return Wiring(
        clock=clock,
        settings=world.settings,
        dialler=build_dialler(world.settings),
        devices=world.site.devices,
        models=world.models,
        desks=open_desks(world.settings, clock),
    )


def _build_tower(world: World, store: SqliteStore, wiring: Wiring, intake: Intake) -> BellTower:
    settings, live = world.settings, intake.live
    test, web, language = settings.demo.test, settings.web, settings.community.language
    # Where residents have a port of their own, their address does not lead to a ticket's page.
    pages = web.public_url if web.public_port is None else ""
    means = Means(
        books=store.books,
        desk=intake.desk,
        pulse=intake.pulse,
        clock=wiring.clock,
        scene=lambda: Scene(places=live.places(), pages=pages, language=language, test=test),
        dialler=wiring.dialler,
        allow=settings.outbound.allow,
    )
    return build_tower(settings.bell, means)


async def _build_intake(
    world: World,
    store: SqliteStore,
    wiring: Wiring,
    crew: Crew,
    links: LinkSet,
    *,
    swaps: Mapping[str, Sequence[Swap]],
) -> Intake:
    settings, clock = world.settings, wiring.clock
    now = clock.now()
    snapshot = follow_snapshot(await store.archive.load(now=now), world.old_names)
    places = world.site.places
    cases = CaseBook(await store.books.documents(CASES))
    eras = read_eras(await store.books.documents(ERAS))
    community, test = settings.community.id, settings.demo.test
    needs = Needs(
        clock=clock,
        committer=await influx.copying(settings.influx, store, wiring.devices),
        books=store.books,
        hand=store.hand,
        reserve=store.reserve,
        suspects=await store.books.documents(SUSPECTS),
        holds=await store.books.documents(HOLDS),
        gatherings=read_gatherings(await store.books.documents(GATHERINGS)),
        inspections=InspectionNeeds(
            inspections=await store.books.documents(INSPECTIONS),
            rounds=await store.books.documents(ROUNDS),
        ),
        commission=CommissionNeeds(
            sheets=read_sheets(await store.books.documents(ACCEPTANCES)), written=world.written
        ),
        windows=tuple(read_windows(await store.books.documents(WINDOWS), world.old_names).values()),
        duty=await read_duty_needs(world.duty, store.books),
        sender=build_sender(wiring),
        spawn=crew.spawn,
        project=make_projector(community, lambda: places, cases.of, era=eras.now, test=test),
        cases=cases,
        drivers=speak_all(world.models, settings.family),
        link_drivers=wiring.link_drivers(),
        carried=wiring.carried(),
        devices=world.site.devices,
        swaps=swaps,
        old_names=world.old_names,
        places=places,
        models=world.models,
        rules=world.rules,
        prefix=settings.community.prefix,
        flood=settings.flood,
        test=settings.demo.test,
        timing=build_timing(settings.limits, world.working),
        prove=links.prove,
        machine_since=machine_since(now),
    )
    return build_intake(needs, snapshot, store.archive)


async def _until_stopped(
    stop: asyncio.Event, again: asyncio.Event, died: asyncio.Future[None]
) -> None:
    ends = [asyncio.ensure_future(event.wait()) for event in (stop, again)]
    waiting: set[asyncio.Future[Any]] = {*ends, died}
    await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    for end in ends:
        end.cancel()
    if died.done():
        died.result()
