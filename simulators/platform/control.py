"""The platform's own little HTTP: take a step by hand, break something, see what it knows."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import msgspec
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict

from hub.errors import HubError, InvalidRequestError, NotFoundError
from simulators.platform.account import Accountant
from simulators.platform.city import City
from simulators.platform.door import Door
from simulators.platform.mischief import FOREVER
from simulators.platform.seat import RefusedError


class StepWish(BaseModel):
    """A step by hand: `seat` says who takes it, the rest is the step's own."""

    model_config = ConfigDict(extra="allow")

    incident: str
    do: str
    seat: str = ""


class FaultWish(BaseModel):
    """What to do wrong, and how often; until it is ended where no number is given."""

    model_config = ConfigDict(extra="forbid")

    name: str
    times: int = FOREVER


class Control:
    """What can be asked of a running platform; `hook` is where it can be pushed to."""

    def __init__(self, city: City, door: Door, accountant: Accountant, hook: str) -> None:
        self._city = city
        self._accountant = accountant
        self._door = door
        self._hook = hook

    async def read_log(self) -> Response:
        """Tell what it did and what befell it: steps, gaps, refusals, pushes, faults, days."""
        city, door = self._city, self._door
        return _json(
            {
                "steps": city.ledger.steps(),
                "gaps": city.gaps,
                "refusals": city.refusals,
                "pushes": {**door.counts, "refused": list(door.refused)},
                "struck": list(city.mischief.struck),
                "days": city.ledger.counts(),
                "cursor": city.ledger.cursor(),
            }
        )

    async def list_incidents(self) -> Response:
        """List the incidents as the platform knows them."""
        return _json(self._city.ledger.incidents())

    async def take_step(self, wish: StepWish) -> Response:
        """Take a step by hand; the hub's answer, or its refusal as it is."""
        fields = wish.model_extra or {}
        return _json(await self._city.step(wish.incident, wish.do, by=wish.seat, **fields))

    async def hand_down(self, request: Request) -> Response:
        """Hand work down: `number`, `place` or `device`, `text`."""
        return _json(await self._city.hand_down(await request.json()), HTTPStatus.CREATED)

    async def subscribe(self) -> Response:
        """Have the hub push to the platform's door from now on."""
        return _json({"id": await self._city.subscribe(self._hook), "url": self._hook})

    async def compare(self, day: str) -> Response:
        """Compare a day (YYYY-MM-DD) with the hub's account."""
        return _json(await self._accountant.compare(day))

    async def begin_fault(self, wish: FaultWish) -> Response:
        """Begin a fault: 201, or 422 with the nearest good word."""
        return _json(self._city.mischief.begin(wish.name, wish.times), HTTPStatus.CREATED)

    async def end_fault(self, name: str) -> Response:
        """End a fault: what it was, or 404."""
        return _json(self._city.mischief.end(name))

    async def list_faults(self) -> Response:
        """List the faults that go on."""
        return _json(self._city.mischief.active())


def build_control(control: Control) -> FastAPI:
    """Make the application that asks `control`."""
    app = FastAPI(title="Lingdang reference receiver", docs_url=None, redoc_url=None)
    app.add_exception_handler(HubError, _problem)
    created = HTTPStatus.CREATED
    app.add_api_route("/log", control.read_log, methods=["GET"])
    app.add_api_route("/incidents", control.list_incidents, methods=["GET"])
    app.add_api_route("/steps", control.take_step, methods=["POST"])
    app.add_api_route("/handed", control.hand_down, methods=["POST"], status_code=created)
    app.add_api_route("/subscribe", control.subscribe, methods=["POST"])
    app.add_api_route("/compare", control.compare, methods=["POST"])
    app.add_api_route("/faults", control.begin_fault, methods=["POST"], status_code=created)
    app.add_api_route("/faults/{name}", control.end_fault, methods=["DELETE"])
    app.add_api_route("/faults", control.list_faults, methods=["GET"])
    return app


def _json(body: Any, status: HTTPStatus = HTTPStatus.OK) -> Response:  # noqa: ANN401
    return Response(msgspec.json.encode(body), status, media_type="application/json")


async def _problem(_: Request, error: Exception) -> Response:
    status = 502
    match error:
        case RefusedError():
            status = error.status
        case NotFoundError():
            status = 404
        case InvalidRequestError():
            status = 422
        case _:
            pass
    words = error.problem if isinstance(error, RefusedError) else {}
    body = {"title": HTTPStatus(status).phrase, "status": status, "detail": str(error)}
    return JSONResponse({**words, **body}, status, media_type="application/problem+json")
