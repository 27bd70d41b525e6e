"""Calls for those who run the hub: is it alive, is it ready, figures, and its own description."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from fastapi import Request, Response
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from hub.access.policy import EVERYBODY, Call
from hub.api import shape
from hub.api.document import openapi_document
from hub.api.paging import json_response
from hub.api.rights import LEADERS, ONLOOKERS


class Standing(NamedTuple):
    """Why a part is not ready, or an empty string; without one that is not `vital` the hub works.

    A gateway or host that does not answer is a fault of the site: it has its ticket.
    """

    why: str
    vital: bool = True

    @property
    def word(self) -> str:
        """Say it without the reason, which is nobody's business."""
        if not self.why:
            return "ready"
        return "not ready" if self.vital else "away"


Readiness = Callable[[], Mapping[str, Standing]]
"""Part (store, link:NAME) → how it stands."""


async def healthz(_request: Request) -> Response:
    """Say that the process lives and its loop turns."""
    return json_response({"status": "ok"})


async def readyz(request: Request) -> Response:
    """Say whether store and uplinks are ready (200) or not (503), and which parts are not."""
    readiness: Readiness = request.state.readiness
    parts = {part: standing.word for part, standing in readiness().items()}
    ready = "not ready" not in parts.values()
    content = {"status": "ready" if ready else "not ready", "parts": parts}
    return json_response(content, 200 if ready else 503)


async def metrics(request: Request) -> Response:
    """Give the figures in Prometheus' text format."""
    registry: CollectorRegistry = request.state.registry
    return Response(generate_latest(registry), headers={"content-type": CONTENT_TYPE_LATEST})


async def openapi(request: Request) -> Response:
    """Describe every call."""
    return json_response(openapi_document(request.app))


CALLS = (
    Call(
        method="GET",
        path="/healthz",
        answer=healthz,
        roles=EVERYBODY,
        operation="checkHealth",
        about="Does the process live?",
        shows=shape.Health,
    ),
    Call(
        method="GET",
        path="/readyz",
        answer=readyz,
        roles=EVERYBODY,
        operation="checkReadiness",
        about="Are store and uplinks ready?",
        shows=shape.Readiness,
        statuses=(200, 503),
    ),
    Call(
        method="GET",
        path="/metrics",
        answer=metrics,
        roles=LEADERS,
        operation="readMetrics",
        about="Figures for Prometheus",
        shows=str,
        media="text/plain",
    ),
    Call(
        method="GET",
        path="/api/v1/openapi.json",
        answer=openapi,
        roles=ONLOOKERS,
        operation="readOpenApi",
        about="This description",
        shows=dict[str, Any],
    ),
)
