"""The simulator's own little HTTP: break things, mend them, and ask what moved which gate."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Awaitable, Callable, Iterator
from http import HTTPStatus
from typing import Any

import msgspec
import uvicorn
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from hub.errors import InvalidRequestError, NotFoundError
from simulators.community import Community
from simulators.mishap import Mishaps


class FaultRequest(BaseModel):
    """What to break; without device and place the lot picks a fitting device."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    name: str
    device: str | None = None
    place: str | None = None
    duration: str | None = Field(default=None, alias="for")


class Control:
    """What can be asked of a running simulator.

    `tick` brings the community up to now; `begin` lets it live, and returns once it does.
    """

    def __init__(
        self,
        community: Community,
        mishaps: Mishaps,
        tick: Callable[[], None],
        begin: Callable[[], Awaitable[None]],
    ) -> None:
        self._community = community
        self._mishaps = mishaps
        self._tick = tick
        self._begin = begin

    async def begin_fault(self, request: FaultRequest) -> Response:
        """Break something: 201 with the fault, or 422 with the nearest good word."""
        self._tick()
        fault = self._mishaps.begin(
            request.name,
            device=request.device or "",
            place=request.place or "",
            duration=request.duration or "",
        )
        return _json(fault, HTTPStatus.CREATED)

    async def end_fault(self, fault_id: str) -> Response:
        """Mend what a fault broke: the fault that was, or 404."""
        self._tick()
        return _json(self._mishaps.end(fault_id))

    async def list_faults(self) -> Response:
        """List the faults that are going on, oldest first."""
        self._tick()
        return _json(self._mishaps.active())

    async def read_log(self) -> Response:
        """List what moved which gate or door, oldest first."""
        self._tick()
        return _json(list(self._community.log))

    async def begin_script(self) -> Response:
        """Let the devices connect and the script of faults begin: 204 once all are connected."""
        await self._begin()
        return Response(status_code=HTTPStatus.NO_CONTENT)


def build_control(control: Control) -> FastAPI:
    """Make the application that asks `control`."""
    app = FastAPI(title="Lingdang simulator", docs_url=None, redoc_url=None)
    app.add_exception_handler(InvalidRequestError, _problem)
    app.add_exception_handler(NotFoundError, _problem)
    created, gone = HTTPStatus.CREATED, HTTPStatus.NO_CONTENT
    app.add_api_route("/faults", control.begin_fault, methods=["POST"], status_code=created)
    app.add_api_route("/faults/{fault_id}", control.end_fault, methods=["DELETE"])
    app.add_api_route("/faults", control.list_faults, methods=["GET"])
    app.add_api_route("/log", control.read_log, methods=["GET"])
    app.add_api_route("/script", control.begin_script, methods=["POST"], status_code=gone)
    return app


class ControlServer(uvicorn.Server):
    """A server inside a process that minds its own signals."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to the process."""
        yield


def control_server(app: FastAPI) -> ControlServer:
    """Make a quiet server for the application; run it with `serve(sockets=[…])`."""
    return ControlServer(uvicorn.Config(app, log_level="warning", lifespan="off"))


def listen(port: int) -> socket.socket:
    """Open the control port on loopback; 0 picks a free one."""
    return socket.create_server(("127.0.0.1", port))


def _json(body: Any, status: HTTPStatus = HTTPStatus.OK) -> Response:  # noqa: ANN401
    return Response(msgspec.json.encode(body), status, media_type="application/json")


async def _problem(_: Request, error: Exception) -> Response:
    missing = isinstance(error, NotFoundError)
    status = HTTPStatus.NOT_FOUND if missing else HTTPStatus.UNPROCESSABLE_ENTITY
    body: dict[str, Any] = {"title": status.phrase, "status": status.value, "detail": str(error)}
    if isinstance(error, InvalidRequestError):
        body["problems"] = error.problems
    return JSONResponse(body, status, media_type="application/problem+json")
