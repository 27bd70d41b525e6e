"""One web application from the API, the feeds and the console."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

import msgspec
import structlog
from fastapi import FastAPI

from hub.access.demo import import_access
from hub.access.gatekeeper import Gatekeeper
from hub.access.housekeeping import sweep
from hub.access.oidc.flow import Flow
from hub.access.oidc.provider import Provider
from hub.access.policy import join
from hub.access.refusal import RefusalBook
from hub.access.web_ports import CommunityCard, WebPorts
from hub.api import problem, shield
from hub.api.operation import Standing
from hub.api.plain_door import PlainDoor
from hub.api.router import build_api
from hub.api.server import listen, serving
from hub.assembly.community_offices import CommunityOffices
from hub.assembly.encryption import Encryption
from hub.assembly.loading import World, read_access
from hub.assembly.whistles import Whistles
from hub.clock import Clock
from hub.console import build_console, error_page, make_allowance, static_app
from hub.courier.post import make_client
from hub.errors import Problem, StoreError
from hub.feeds.grid import build_feeds
from hub.feeds.open311 import wire as open311
from hub.feeds.profiles.setting_up import ReceiverHouse
from hub.intake.core import Intake
from hub.model.era import Eras
from hub.ports import (
    BellOffice,
    EscalationOffice,
    ParameterOffice,
    RosterOffice,
    RuleOffice,
    ScheduleOffice,
    WindowOffice,
)
from hub.ports.handover import HandOverOffice
from hub.ports.site import SiteOffice
from hub.services.tickets.ticket import possible_steps
from hub.services.tickets.work_clock import tell_unsure
from hub.store.sqlite import SqliteStore

log = structlog.get_logger(__name__)

Problems = Callable[[], Sequence[Problem]]

LOOPBACK = "127.0.0.1"
NOTE_SECONDS = 60.0
SWEEP_EVERY = 60
"""Notes of the uses of keys between two sweeps."""


class Doors(msgspec.Struct, frozen=True, kw_only=True):
    """Ways in beside store and intake: who lets in, and each office."""

    gatekeeper: Gatekeeper
    rules: RuleOffice
    schedules: ScheduleOffice
    parameters: ParameterOffice
    windows: WindowOffice
    rosters: RosterOffice
    handovers: HandOverOffice
    escalation: EscalationOffice
    bells: BellOffice
    whistles: Whistles
    community: CommunityOffices
    eras: Eras
    site: SiteOffice


def build_ports(
    world: World, store: SqliteStore, intake: Intake, clock: Clock, doors: Doors
) -> WebPorts:
    """Hand the web layers what they may use."""
    return WebPorts(
        live=intake.live,
        pulse=intake.pulse,
        desk=intake.desk,
        books=store.books,
        archive=store.archive,
        gatekeeper=doors.gatekeeper,
        rules=doors.rules,
        schedules=doors.schedules,
        parameters=doors.parameters,
        windows=doors.windows,
        commission=intake.commission,
        inspections=intake.inspections,
        projects=doors.community.projects,
        agenda=doors.community.agenda,
        surveys=doors.community.surveys,
        scorecard=doors.community.scorecard,
        courses=doors.community.courses,
        site=doors.site,
        rosters=doors.rosters,
        handovers=doors.handovers,
        holds=intake.holds,
        escalation=doors.escalation,
        bells=doors.bells,
        whistle=doors.whistles.book,
        cases=intake.cases,
        photos=doors.whistles.photos,
        clock=clock,
        holdings=store.holdings,
        reach=store.reach,
        shortage=lambda: intake.inbox.ration.shortage,
        eras=doors.eras,
        flow=_build_flow(world, clock),
        authority_file=world.settings.tls.authority_file if world.settings.tls else None,
        community=_describe(world),
        possible_steps=lambda ticket, who: possible_steps(
            ticket, who.role, actor=who.name, now=clock.now()
        ),
    )


def _build_flow(world: World, clock: Clock) -> Flow | None:
    """Make the way over the organisation's sign-in, None where the settings name none."""
    settings = world.settings.oidc
    if settings is None:
        return None
    provider = Provider(settings, make_client(world.settings.outbound.allow), clock)
    return Flow(settings, provider, clock)


def _describe(world: World) -> CommunityCard:
    community = world.settings.community
    return CommunityCard(
        id=community.id,
        name=community.name["zh"],
        prefix=community.prefix,
        test=world.settings.demo.test,
        public_url=world.settings.web.public_url,
        phone=world.settings.whistle.phone,
        keep_days=world.settings.store.keep_reports,
        publish_shelved=world.settings.whistle.publish_shelved,
        publish_work=world.settings.whistle.publish_work,
    )


class Served(msgspec.Struct, frozen=True, kw_only=True):
    """Where pages are served, and where commands of this machine ask: in the clear, from here."""

    url: str
    own_url: str
    encryption: Encryption | None = None


def build_app(ports: WebPorts, intake: Intake, problems: Problems, house: ReceiverHouse) -> FastAPI:
    """Put the routers on one application, behind the shields; `problems` answers as of now."""
    app = FastAPI(title="Lingdang", openapi_url=None, docs_url=None, redoc_url=None)
    app.mount("/static", static_app())
    allowance = make_allowance(ports)

    def counts() -> dict[str, float]:
        return figures(intake) | {"strangers_refused": allowance.refused.total()}

    join(
        app.router,
        build_api(ports, readiness=lambda: readiness(intake), counts=counts),
        build_feeds(ports, house),
        build_console(ports, problems=problems, allowance=allowance, outlets=house.outlets),
    )
    refusals = RefusalBook(ports.desk, ports.clock)
    problem.install(
        app, page=error_page, witness=refusals.note, dialects={open311.PREFIX: open311.answer_error}
    )
    shield.protect(app, strict=ports.authority_file is None)
    return app


def readiness(intake: Intake) -> dict[str, Standing]:
    """Say how the store and each link stand."""
    watch = intake.watch
    links = {
        f"link:{name}": Standing("" if up else "not connected", vital=not watch.is_bus(name))
        for name, up in watch.up.items()
    }
    return {"store": Standing(intake.pipeline.failing), **links}


def figures(intake: Intake) -> dict[str, float]:
    """Give the intake's counters to the metrics."""
    counts: dict[str, float] = {
        f"messages_{name}": count for name, count in intake.reception.counts.items()
    }
    counts["batches"] = intake.pipeline.batches
    counts["messages_committed"] = intake.pipeline.committed
    return counts


@asynccontextmanager
async def serve_web(
    world: World, ports: WebPorts, intake: Intake, house: ReceiverHouse
) -> AsyncIterator[Served]:
    """Serve everything over HTTP while the block runs; ConfigError for an unusable certificate."""
    settings = world.settings
    encryption = Encryption(settings.tls) if settings.tls else None
    if file := settings.demo.access:
        text = await asyncio.to_thread(read_access, file)
        new = await import_access(text, ports.books, now=ports.clock.now(), file=str(file))
        await intake.desk.write(new)

    def problems() -> Sequence[Problem]:
        ending = encryption.find_problems(ports.clock.now()) if encryption else ()
        return (*world.problems, *tell_unsure(world.working), *ending)

    web, app = settings.web, build_app(ports, intake, problems, house)
    async with contextlib.AsyncExitStack() as stack:
        if web.public_port is not None:
            public = listen(web.public_host, web.public_port, file="lingdang.toml")
            address = await stack.enter_async_context(serving(shield.PublicOnly(app), public))
            log.info("residents are served", url=address)
        listener = listen(web.host, web.port, file="lingdang.toml")
        if encryption is None:
            url = await stack.enter_async_context(serving(app, listener))
            yield Served(url=url, own_url=url)
            return
        url = await stack.enter_async_context(serving(app, listener, encryption.context))
        if settings.tls and settings.tls.plain_port:
            door = PlainDoor(app, listener.getsockname()[1])
            plain = listen(web.host, settings.tls.plain_port, file="lingdang.toml")
            address = await stack.enter_async_context(serving(door, plain))
            log.info("telephones find the authority", url=f"{address}/trust")
        # Whoever commands here asks in the clear: a certificate that has ended must not lock out
        # the one who is to renew it, and nothing leaves the machine.
        own = await stack.enter_async_context(serving(app, listen(LOOPBACK, 0, file="")))
        yield Served(url=url, own_url=own, encryption=encryption)


async def keep_house(ports: WebPorts) -> None:
    """Throw away ended sessions, expired keys and old answers once an hour; note uses of keys.

    What a full disk does not take is left for the next time.
    """
    while True:
        with contextlib.suppress(StoreError):
            await sweep(ports.books, ports.desk, now=ports.clock.now())
        for _ in range(SWEEP_EVERY):
            await asyncio.sleep(NOTE_SECONDS)
            with contextlib.suppress(StoreError):
                await ports.gatekeeper.keys.note_uses()
