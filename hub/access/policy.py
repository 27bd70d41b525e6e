"""The policy table: every call stands in a table with the roles that may make it.

Deny by default: a `Call` cannot be written without roles, and `undeclared_routes` finds any route
that came in another way.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import Any

import msgspec
from fastapi import APIRouter, Depends, FastAPI, Response
from fastapi.routing import iter_route_contexts

from hub.access.http import require
from hub.model.access import Role

EVERYBODY: frozenset[Role] | None = None
"""The policy of the few calls that answer without identity."""
OPEN_FOLDERS = frozenset({"/static"})
"""Mounted folders whose files answer everybody: they hold nothing of the site's."""
POLICY = "x-roles"
"""Where a route's policy stands in its OpenAPI entry."""


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """One route: what answers, who may, and its fixed operation id.

    `body` is a struct that documents the request's JSON, `about` one sentence in English.
    """

    method: str
    path: str
    answer: Callable[..., Awaitable[Response]]
    roles: frozenset[Role] | None
    operation: str
    about: str
    body: Any = None


def mount(router: APIRouter, calls: Iterable[Call]) -> None:
    """Add the calls to a router, each behind its policy."""
    for call in calls:
        roles = call.roles
        router.add_api_route(
            call.path,
            call.answer,
            methods=[call.method],
            operation_id=call.operation,
            summary=call.about,
            response_model=None,
            dependencies=[] if roles is None else [Depends(require(*roles))],
            openapi_extra=_document(call),
        )


def undeclared_routes(app: FastAPI) -> list[str]:
    """Return `METHOD path` of each route that has no policy; a test keeps this empty."""
    return [
        f"{'/'.join(sorted(route.methods or {'GET'}))} {route.path}"
        for route in iter_route_contexts(app.routes)
        if route.path not in OPEN_FOLDERS
        and POLICY not in (getattr(route, "openapi_extra", None) or {})
    ]


def _document(call: Call) -> dict[str, Any]:
    roles = ["everybody"] if call.roles is None else sorted(call.roles)
    extra: dict[str, Any] = {POLICY: roles}
    if call.body is not None:
        schema = msgspec.json.schema(call.body, ref_template="#/components/schemas/{name}")
        extra["requestBody"] = {"content": {"application/json": {"schema": schema}}}
    return extra
