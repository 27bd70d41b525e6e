"""The app as `hub.app` puts it together, around the fakes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager

import httpx2
from fastapi import FastAPI

from hub.api.problem import install
from hub.api.router import build_api
from hub.api.shield import protect
from hub.feeds.grid import build_feeds
from hub.model.access import Role
from tests.unit.access.web_fakes import TOKENS, World, client_of


def make_app(world: World, readiness: Callable[[], Mapping[str, str]] = dict) -> FastAPI:
    """Mount API and feeds, with the shield and the problem handler."""
    app = FastAPI(title="Lingdang", openapi_url=None, docs_url=None, redoc_url=None)
    protect(app)
    install(app)
    app.include_router(
        build_api(world.ports, readiness=readiness, counts=lambda: {"messages_received": 7})
    )
    app.include_router(build_feeds(world.ports))
    return app


@asynccontextmanager
async def asking(world: World, role: Role | None = Role.GUARD) -> AsyncIterator[httpx2.AsyncClient]:
    """Yield a client with the key of a role, or without any."""
    async with client_of(make_app(world), TOKENS[role] if role else "") as client:
        yield client
