"""A community one night at twelve past three, with something of everything: no page is empty."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

import msgspec
from fastapi import FastAPI

from hub.access.authority import make_authority
from hub.access.key_cabinet import NewKey
from hub.access.people import NewPerson
from hub.access.policy import join
from hub.api.problem import install
from hub.api.router import build_api
from hub.api.shield import protect
from hub.clock import ManualClock
from hub.console import build_console, error_page, static_app
from hub.errors import Problem
from hub.model.access import Identity, Role
from hub.model.climb import Outlook
from hub.model.command import CommandState, CommandStep
from hub.model.detour import Rung, Shelf
from hub.model.device import Kind
from hub.model.photo import Moment
from hub.model.ticket import Ticket, TicketFlag
from hub.model.whistle import Reporter, Source
from hub.ports import QuarantineRow
from hub.ports.receiver import Outlet
from hub.ports.whistle import Said
from tests.screens import past_week
from tests.screens.past_week import DAY, DEPARTMENT
from tests.support.duty_office import FakeEscalation
from tests.support.photos import photo
from tests.unit.access.web_fakes import NOW
from tests.unit.console.fakes.community import GUANSHAN, Console, break_things, make_console

TWELVE_PAST_THREE = NOW + 3 * 3600 + 12 * 60
WANG = Identity(name="王师傅", role=Role.GUARD)
BOSS = Identity(name="管理员", role=Role.ADMINISTRATOR)
PROBLEM = Problem(
    file="rules/door.toml",
    message="rule door-held: there is no point door.opne",
    hint="did you mean door.open?",
)


async def furnish(devices: int = 300) -> tuple[Console, dict[str, str]]:
    """Return the community, and the name of one thing of each kind by the names in paths."""
    card = msgspec.structs.replace(
        GUANSHAN,
        publish_work=True,
        publish_shelved=True,
        phone="027-8123 4567",
        public_url="https://hub.example.org",
    )
    clock = ManualClock(TWELVE_PAST_THREE - 8 * DAY)
    console = make_console(devices=devices, clock=clock, problems=(PROBLEM,), card=card)
    things = await past_week.claim_projects(console)
    await clock.advance(7 * DAY)
    things |= await past_week.walk_rounds(console)
    things |= await past_week.survey(console)
    things |= await past_week.meet(console)
    await past_week.score(console)
    things |= await past_week.announce(console)
    _hear_everybody(console)
    break_things(console.community)
    things |= await _tonight(console)
    things |= await _people(console)
    console.app = _with_receivers(console)
    return console, things


def _hear_everybody(console: Console) -> None:
    """Have every device say what it said a week ago."""
    community, now = console.community, console.clock.now()
    for name, view in community._views.items():
        points = {
            point: msgspec.structs.replace(each, at=now - 2) for point, each in view.points.items()
        }
        community._views[name] = msgspec.structs.replace(view, heard_at=now - 2, points=points)


async def _tonight(console: Console) -> dict[str, str]:
    """Report, shelve, hand over, open and commission something."""
    community, now = console.community, console.clock.now()
    gates = community.of_kind(Kind.BARRIER_GATE)
    tickets = list(community.open_tickets())
    stuck = next(each for each in tickets if each.title["zh"] == "落杆失败")
    await _whistle(console, stuck)
    picture = await console.ports.photos.develop(past_week.reader(photo(480, 320)))
    kept = await console.ports.photos.add(stuck, picture, moment=Moment.BEFORE, actor="李师傅")
    past_week.dispatch(console, stuck)
    held = community.open_ticket(gates[2], "停电", "No power", holder=DEPARTMENT, age=5000)
    past_week.dispatch(console, held)
    shelf = Shelf(
        since=now - DAY,
        approved_by=Rung.STREET,
        approver="街道 吴主任",
        condition="等小区改造换电缆",
        measure="白天由保安手动开门",
        review_at=now + 30 * DAY,
    )
    community.open_ticket(
        gates[3], "门机电缆老化", "Old cable", age=2 * DAY, shelf=shelf, flags=(TicketFlag.SHELVED,)
    )
    handover = await console.ports.handovers.give("北门钥匙在抽屉里。", WANG)
    _propose(console, stuck)
    view = community.device(gates[6])
    assert view is not None
    console.commissioning.begin(view.device)
    _strangers(console)
    label = next(
        each.code
        for each in console.ports.whistle.labels_at("")
        if each.target.device == stuck.subject
    )
    return {
        "number": stuck.number,
        "photo": kept.id,
        "handover": handover.id,
        "device_id": view.device.id,
        "code": label,
        "command_id": await _open(console, gates[0]),
        "rule": "barrier-stuck-open",
    }


async def _whistle(console: Console, ticket: Ticket) -> None:
    whistle = console.ports.whistle
    target = whistle.find_subject(ticket.subject)
    assert target is not None
    for phone, text in (("13812345678", "杆砸到车了，幸好没伤人"), ("", "")):
        said = Said(
            key=whistle.form_key(),
            source=Source.RESIDENT,
            category="",
            target=target,
            join=ticket.number,
            reporter=Reporter(caller="王女士" * bool(phone), phone=phone, text=text),
        )
        await whistle.file(said)


async def _open(console: Console, gate: str) -> str:
    """Have the guard open a gate, which was not seen to move."""
    command = await console.ports.desk.command(gate, "open", "救护/消防/警务", WANG)
    now = console.clock.now() - 60
    so_far = [
        CommandStep(state=state, at=now + after)
        for state, after in (
            (CommandState.REQUESTED, 0.0),
            (CommandState.SENT, 0.1),
            (CommandState.UNKNOWN, 5.0),
        )
    ]
    console.community.books.command_by_id[command.id] = msgspec.structs.replace(
        command, issued=now, expires=now + 5, state=CommandState.UNKNOWN, history=tuple(so_far)
    )
    said = {"device": gate, "do": "open", "actor": WANG.name, "reason": "救护/消防/警务"}
    for state in ("requested", "unknown"):
        console.community.tell(
            f"command.{state}", command.id, WANG.name, data={**said, "state": state}
        )
    return command.id


def _propose(console: Console, ticket: Ticket) -> None:
    """Have a ladder propose to tell the street."""
    office = console.ports.escalation
    assert isinstance(office, FakeEscalation)
    office.waiting.append(ticket)
    office.outlooks[ticket.number] = Outlook(
        ticket=ticket.number,
        plan="p",
        rung="street",
        name={"zh": "街道", "en": "street"},
        proposed=True,
    )


def _strangers(console: Console) -> None:
    """Have two newcomers speak, and somebody say what is not understood."""
    books, now = console.community.books, console.clock.now()
    for address, guess in (("8A21F3", "barrier_gate"), ("8A21F4", "")):
        books.new.append(
            {
                "link": "mqtt",
                "address": address,
                "sample": b'{"arm":"up","t":38.5}',
                "guess": guess,
                "first_seen": now - 7200,
                "last_seen": now - 20,
                "count": 240,
            }
        )
    books.quarantined_rows.append(
        QuarantineRow(
            id=1, link="mqtt", address="8A21F9", payload=b"\x00\x01", reason="not JSON", at=now - 90
        )
    )


async def _people(console: Console) -> dict[str, str]:
    """Let in who works here, one of whom has yet to choose a password; give three keys."""
    people, cabinet = console.ports.gatekeeper.people, console.ports.gatekeeper.keys
    for name, role in (
        ("王师傅", Role.GUARD),
        ("李师傅", Role.CREW),
        ("周网格", Role.GRID_WORKER),
        ("陈经理", Role.MANAGER),
        (DEPARTMENT, Role.DEPARTMENT),
    ):
        console.sign_in(name, role)
    await people.add(NewPerson(name="赵师傅", role=Role.GUARD, phone="13900000000"), BOSS)
    for name, role in (("市平台", Role.GRID), ("大屏", Role.GUARD)):
        await cabinet.give(NewKey(name=name, role=role), BOSS)
    return {"person": "赵师傅"}


def _with_receivers(console: Console) -> FastAPI:
    """Put the pages on an application that has receivers of its feed."""
    now = console.clock.now()
    outlets: Sequence[Outlet] = (
        Outlet(
            id="s1",
            receiver="市平台",
            url="https://platform.example.org/push",
            state="works",
            sent=412,
            sent_at=now - 30,
        ),
        Outlet(
            id="s2",
            receiver="区平台",
            url="https://district.example.org/push",
            profile="gb-t-30428",
            state="fails",
            why="503 Service Unavailable",
            since=now - 1800,
            waiting=3,
            behind=21,
        ),
    )
    console.ports = msgspec.structs.replace(console.ports, authority_file=_make_authority())
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    protect(app)
    install(app, page=error_page)
    pages = build_console(console.ports, problems=lambda: (PROBLEM,), outlets=lambda _who: outlets)
    api = build_api(console.ports, readiness=dict, counts=dict)
    join(app.router, api, pages)
    app.mount("/static", static_app())
    return app


def _make_authority() -> Path:
    """Write the certificate of an authority of the site's own."""
    body, _ = make_authority("关山社区", ("hub.example.org",), NOW)
    file = Path(tempfile.mkdtemp()) / "ca.pem"
    file.write_bytes(body)
    return file
