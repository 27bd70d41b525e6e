"""The policy table: every call stands in a table with the roles that may make it.

Deny by default: a `Call` cannot be written without roles, and `undeclared_routes` finds any route
that came in another way.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from functools import cache
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
SHOWN = "x-shown"
"""Where its answers stand there until the document of the API is made of it."""
TWO_FACTORS = "x-two-factors"
"""Where it stands there that people show a second factor."""
REFERENCE = "#/components/schemas/{name}"


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """One route: what answers, who may, and its fixed operation id.

    `body` is a struct that documents the request's JSON, `about` one sentence in English. `shows`
    documents the answer of each of `statuses` in the same way, several types in a tuple, and
    `problems` are the statuses of failures that other calls of its kind do not have. Where
    failures are no problem details `fails` describes them, and `problems` are all there are.
    `two_factors` are asked of people where the hub is set up so: for what administers it.
    """

    method: str
    path: str
    answer: Callable[..., Awaitable[Response]]
    roles: frozenset[Role] | None
    operation: str
    about: str
    body: Any = None
    takes: str = "application/json"
    shows: Any = None
    statuses: tuple[int, ...] = (200,)
    media: str = "application/json"
    problems: tuple[int, ...] = ()
    fails: Any = None
    two_factors: bool = False


Form = tuple[str, Callable[..., Awaitable[Response]], str, str]
"""A form's path, what takes it, its fixed operation id, and one sentence in English."""


def forms(roles: frozenset[Role], *rows: Form, two_factors: bool = False) -> tuple[Call, ...]:
    """Return the calls of the forms of a page, all behind the same roles."""
    return tuple(
        Call(
            method="POST",
            path=path,
            answer=answer,
            roles=roles,
            operation=operation,
            about=about,
            two_factors=two_factors,
        )
        for path, answer, operation, about in rows
    )


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
            dependencies=(
                [] if roles is None else [Depends(require(*roles, two_factors=call.two_factors))]
            ),
            openapi_extra=_document(call),
        )


def join(whole: APIRouter, *parts: APIRouter) -> None:
    """Put the routes of routers on another one, as they stand.

    FastAPI's own `include_router` reads each route's signature anew, for each level: two thirds of
    what it took to build the application.
    """
    for part in parts:
        whole.routes.extend(part.routes)


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
    if call.two_factors:
        extra[TWO_FACTORS] = True
    if call.body is not None:
        schema = msgspec.json.schema(call.body, ref_template=REFERENCE)
        extra["requestBody"] = {"content": {call.takes: {"schema": schema}}}
    content = {call.media: {"schema": {} if call.shows is None else _schema(call.shows)}}
    shown = {"content": content, "statuses": call.statuses, "problems": call.problems}
    fails = None if call.fails is None else {call.media: {"schema": _schema(call.fails)}}
    extra[SHOWN] = {**shown, "fails": fails}
    return extra


def _schema(shows: Any) -> dict[str, Any]:  # noqa: ANN401 - a type, or a tuple of types
    kinds = shows if isinstance(shows, tuple) else (shows,)
    schemas, named = _components(kinds)
    return {**(schemas[0] if len(kinds) == 1 else {"anyOf": list(schemas)}), "$defs": named}


@cache
def _components(kinds: tuple[Any, ...]) -> tuple[tuple[dict[str, Any], ...], dict[str, Any]]:
    """Describe types, once: many calls show the same."""
    return msgspec.json.schema_components(kinds, ref_template=REFERENCE)
