"""The whole web application in one process, with one thing of each kind in one part of the site."""

from __future__ import annotations

import re
from collections.abc import Iterable
from types import SimpleNamespace
from typing import Any

import msgspec
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts

from hub.access.policy import POLICY, TWO_FACTORS
from hub.assembly.web import build_app
from hub.model.access import Identity, Role
from hub.model.agenda import MatterKind
from hub.model.hold import Hold
from hub.model.photo import Moment
from hub.model.project import ClaimantKind, ProjectAction
from hub.model.ticket import TicketState
from hub.model.window import WindowKind
from hub.ports import WindowWish
from hub.ports.community import InspectionWish, ProjectStep, StopWish
from hub.services.community.survey import last_half
from tests.support.hold import FakeHolds
from tests.support.photos import photo as a_photo
from tests.support.survey import settle
from tests.support.windows import make_windows
from tests.unit.access.web_fakes import NOW, PLACES, World, alarm, ticket
from tests.unit.api.app_of_api import make_house

HERE, ELSEWHERE = "guanshan/a", "guanshan/b"
NOBODYS = "nobodys-1"
"""What stands where a thing is asked for that nobody has."""
DAY = 86_400.0
_IDLE = SimpleNamespace(
    watch=SimpleNamespace(up={}),
    pipeline=SimpleNamespace(failing="", batches=0, committed=0),
    reception=SimpleNamespace(counts={}),
)
"""An intake as far as readiness and metrics look at it."""


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """One way to ask: method, path as it is declared, and the roles that may."""

    method: str
    path: str
    roles: frozenset[str]
    two_factors: bool = False

    @property
    def names(self) -> list[str]:
        """The names of what stands in the path."""
        return re.findall(r"{(\w+)(?::\w+)?}", self.path)

    def fill(self, things: dict[str, str]) -> str:
        """Return the path of these things."""
        return re.sub(r"{(\w+)(?::\w+)?}", lambda found: things[found[1]], self.path)


def routes_of(app: FastAPI) -> list[Route]:
    """Return every route of an application, by path."""
    found = [
        Route(
            method=method,
            path=str(route.path),
            roles=frozenset((route.openapi_extra or {})[POLICY]),
            two_factors=bool((route.openapi_extra or {}).get(TWO_FACTORS)),
        )
        for route in iter_route_contexts(app.routes)
        if route.path != "/static"
        for method in route.methods or ()
    ]
    return sorted(found, key=lambda each: (each.path, each.method))


def whole_app(world: World) -> FastAPI:
    """Put everything together as the hub does."""
    return build_app(world.ports, _IDLE, tuple, make_house(world))  # type: ignore[arg-type]


async def furnish(world: World) -> dict[str, str]:
    """Put one thing of each kind into the part `HERE`; returns its name by the name in paths."""
    who = Identity(name="chen", role=Role.MANAGER, scope=HERE)
    lone = ticket("GS-1", state=TicketState.NEW, holder="", opened_at=NOW - 9 * DAY)
    world.live.tickets = [lone]
    world.books.ticket_by_number["GS-1"] = lone
    world.books.alarm_list.append(alarm("al1"))
    devices = [view.device for view in world.live.devices()]
    world.ports = msgspec.structs.replace(
        world.ports, windows=make_windows(world.clock, devices=devices, places=PLACES)
    )
    ports = world.ports
    text = {"zh": "甲小区检修", "en": "work in A"}
    wish = WindowWish(kind=WindowKind.NOTICE, text=text, end=NOW + DAY, place=HERE)
    window = await ports.windows.open(wish, who)
    plan = InspectionWish(title="甲小区巡查", team="crew", stops=(StopWish(subject="gate-a"),))
    inspection = await ports.inspections.plan(plan, who)
    await world.clock.advance(8 * DAY)
    await world.inspecting.tick()
    (walk, *_) = ports.inspections.rounds(who)
    project = await ports.projects.propose("甲小区要灯", "路太黑", HERE, who)
    claim = ProjectStep(
        do=ProjectAction.CLAIM,
        claimant="供电公司",
        kind=ClaimantKind.ENTERPRISE,
        promise="装灯",
        milestones=(("装好", world.clock.now() + 9 * DAY),),
    )
    await ports.projects.step(project.id, claim, who)
    meeting = await ports.agenda.convene(world.clock.now(), who)
    assert MatterKind.OWNERLESS in {each.kind for each in meeting.matters}
    handover = await ports.handovers.give("甲小区钥匙", who)
    start, _ = last_half(world.clock.now())
    settle(world.books, [f"GS-{number}" for number in range(2, 9)], start + 2 * DAY)
    survey = await ports.surveys.draw(5, who)
    command = await ports.desk.command("gate-a", "open", "访客", who)
    gate = next(view.device for view in world.live.devices() if view.device.id == "gate-a")
    hold = Hold(
        id="h1",
        uid=gate.uid,
        device="gate-a",
        place=gate.place,
        reason="演练",
        proposed_by="chen",
        proposed_at=world.clock.now(),
        ends_at=world.clock.now() + DAY,
    )
    assert isinstance(ports.holds, FakeHolds)
    ports.holds.put(hold)
    picture = await ports.photos.develop(_reader(a_photo()))
    photo = await ports.photos.add(lone, picture, moment=Moment.BEFORE, actor="li")
    return {
        "device_id": "gate-a",
        "number": "GS-1",
        "incident": "GS-1",
        "service_request_id": "GS-1",
        "token": "GS-1",
        "alarm_id": "al1",
        "window": window.id,
        "inspection": inspection.id,
        "walk": walk.id,
        "stop": inspection.stops[0].id,
        "project": project.id,
        "milestone": "m1",
        "meeting": meeting.id,
        "decision": "of-nothing",
        "handover": handover.id,
        "survey": survey.id,
        "command_id": command.id,
        "hold": hold.id,
        "photo": photo.id,
    }


def _reader(data: bytes) -> Any:  # noqa: ANN401 - what a form reads from
    async def read() -> bytes:
        return data

    return read


def give_keys(world: World, roles: Iterable[Role], scope: str) -> dict[Role, str]:
    """Give each role a key that sees this part; returns the tokens."""
    return {
        role: world.give(role, scope=scope, token=f"ld_{role}_of_{scope.replace('/', '_')}")
        for role in roles
    }


async def ask(
    app: FastAPI, method: str, path: str, token: str = "", sent: bytes = b""
) -> tuple[int, str]:
    """Ask an application without a client between: thousands of times in some seconds."""
    address, _, query = path.partition("?")
    kind = b"application/json" if sent else b"application/x-www-form-urlencoded"
    headers = [(b"accept", b"application/json"), (b"host", b"hub")]
    headers += [(b"content-type", kind)] * (method == "POST")
    headers += [(b"authorization", f"Bearer {token}".encode())] * bool(token)
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": address,
        "raw_path": address.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": headers,
        "client": ("10.0.0.1", 1),
        "server": ("hub", 80),
    }
    status, body = 0, b""

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": sent, "more_body": False}

    async def send(message: Any) -> None:  # noqa: ANN401 - as ASGI has it
        nonlocal status, body
        status = message.get("status", status)
        body += message.get("body", b"")

    try:
        await app(scope, receive, send)
    except Exception as error:  # noqa: BLE001 - the server's own answer to it
        return 500, repr(error)
    return status, body.decode(errors="replace")
