"""The app as `hub.app` puts it together, around the fakes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

import httpx2
from fastapi import FastAPI

from hub.access.policy import join
from hub.api.operation import Readiness
from hub.api.problem import install
from hub.api.router import build_api
from hub.api.shield import protect
from hub.courier.answer import DELIVERED, Answer, Request
from hub.feeds.grid import build_feeds
from hub.feeds.open311.wire import PREFIX, answer_error
from hub.feeds.profiles.setting_up import ReceiverHouse
from hub.feeds.push.lane import Around
from hub.feeds.push.office import PushOffice, live_keys
from hub.feeds.push.setting_up import PushHouse
from hub.model.access import Role
from tests.unit.access.web_fakes import TOKENS, World, client_of


def make_house(world: World) -> ReceiverHouse:
    """Make a house without a receiver of the configuration; nothing is sent."""
    pushes = PushHouse(make_pushes(world), None)  # type: ignore[arg-type]
    return ReceiverHouse(pushes, world.ports.clock)


def make_pushes(world: World) -> PushOffice:
    """Make an office over the world's books; nothing is sent unless somebody runs it."""

    async def send(_request: Request) -> Answer:
        return DELIVERED

    ports = world.ports
    around = Around(
        name_item=partial(ports.eras.name_item, ports.community.id),
        books=ports.books,
        desk=ports.desk,
        pulse=ports.pulse,
        clock=ports.clock,
        send=send,
        keys_of=partial(live_keys, ports.books, ports.clock),
    )
    return PushOffice(around)


def make_app(world: World, readiness: Readiness = dict) -> FastAPI:
    """Mount API and feeds, with the shield and the problem handler."""
    app = FastAPI(title="Lingdang", openapi_url=None, docs_url=None, redoc_url=None)
    protect(app)
    install(app, dialects={PREFIX: answer_error})
    join(
        app.router,
        build_api(world.ports, readiness=readiness, counts=lambda: {"messages_received": 7}),
        build_feeds(world.ports, make_house(world)),
    )
    return app


@asynccontextmanager
async def asking(world: World, role: Role | None = Role.GUARD) -> AsyncIterator[httpx2.AsyncClient]:
    """Yield a client with the key of a role, or without any."""
    async with client_of(make_app(world), TOKENS[role] if role else "") as client:
        yield client
