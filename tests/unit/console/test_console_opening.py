"""Remote opening over HTTP: who is offered it, what it asks, and what is shown of an order."""

from __future__ import annotations

import msgspec
import pytest

from hub.access.session import COOKIE, csrf_token
from hub.console.devices.command_sheet import ladder
from hub.errors import CommandRefusedError
from hub.model.access import Identity, Role
from hub.model.command import Command, CommandState, CommandStep
from hub.model.device import DeviceUid, Kind, Lifecycle, LinkState
from hub.services.command import FINAL
from hub.services.permission import MAY_COMMAND
from tests.unit.access.web_fakes import client_of
from tests.unit.console.fakes.community import Console, make_console

PAGE = {"accept": "text/html"}


@pytest.fixture
def console() -> Console:
    return make_console(devices=60)


@pytest.fixture
def gate(console: Console) -> str:
    return console.community.of_kind(Kind.BARRIER_GATE)[0]


async def get(console: Console, role: Role, path: str, scope: str = "") -> tuple[int, str]:
    cookie = console.sign_in(f"a-{role}", role, scope=scope)
    async with client_of(console.app, cookie=f"{COOKIE}={cookie}", **PAGE) as client:
        answer = await client.get(path)
    return answer.status_code, answer.text


async def post(console: Console, role: Role, path: str, **form: str) -> tuple[int, str, str]:
    cookie = console.sign_in(f"a-{role}", role)
    async with client_of(console.app, cookie=f"{COOKIE}={cookie}", **PAGE) as client:
        answer = await client.post(path, data={"csrf": csrf_token(cookie), **form})
    return answer.status_code, answer.headers.get("location", ""), answer.text


@pytest.mark.parametrize("role", Role)
async def test_only_who_may_command_is_offered_to_open(
    console: Console, gate: str, role: Role
) -> None:
    status, _ = await get(console, role, f"/devices/{gate}/open")
    assert status == (200 if role in MAY_COMMAND else 403)
    if role in {Role.GUARD, Role.CREW}:
        _, wall = await get(console, role, "/wall")
        assert (f"/devices/{gate}/open" in wall) == (role in MAY_COMMAND)


async def test_what_cannot_be_opened_and_what_is_elsewhere_is_not_offered(
    console: Console, gate: str
) -> None:
    camera = console.community.of_kind(Kind.CAMERA)[0]
    assert (await get(console, Role.GUARD, f"/devices/{camera}/open"))[0] == 404
    assert (await get(console, Role.GUARD, f"/devices/{gate}/open", "guanshan/zz"))[0] == 404
    view = console.community._views[gate]
    wired = msgspec.structs.replace(
        view.device, attributes={**view.device.attributes, "fire_linked": True}
    )
    console.community._views[gate] = msgspec.structs.replace(view, device=wired)
    assert (await get(console, Role.GUARD, f"/devices/{gate}/open"))[0] == 404


async def test_somebody_may_stand_beside_what_is_worked_on(console: Console, gate: str) -> None:
    _, page = await get(console, Role.GUARD, f"/devices/{gate}/open")
    assert "先打电话问" not in page
    console.community.set_state(gate, Lifecycle.MAINTENANCE)
    _, page = await get(console, Role.GUARD, f"/devices/{gate}/open")
    assert "先打电话问" in page


async def test_a_silent_gate_has_no_button_and_says_why(console: Console, gate: str) -> None:
    assert "data-hold" in (await get(console, Role.GUARD, f"/devices/{gate}/open"))[1]
    console.community.set_link(gate, LinkState.SILENT)
    _, page = await get(console, Role.GUARD, f"/devices/{gate}/open")
    assert "data-hold" not in page
    assert "请到现场" in page


@pytest.mark.parametrize(
    ("form", "reason"),
    [
        ({"reason": "delivery"}, "外卖"),
        ({"reason": "visitor", "other": "张工"}, "访客 张工"),
        ({"reason": "other", "other": "搬家"}, "搬家"),
    ],
)
async def test_an_order_carries_its_reason(
    console: Console, gate: str, form: dict[str, str], reason: str
) -> None:
    status, location, _ = await post(console, Role.GUARD, f"/devices/{gate}/open", **form)
    assert (status, location) == (303, "/commands/c1")
    command = console.community.books.command_by_id["c1"]
    assert (command.device, command.do, command.reason) == (gate, "open", reason)
    assert command.actor == "a-guard"


async def test_a_refused_order_is_told_above_the_question(
    console: Console, gate: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(*_: object) -> Command:
        raise CommandRefusedError("gate-1 is silent; go there", zh="gate-1 没有在线，请到现场。")

    monkeypatch.setattr(console.desk, "command", refuse)
    status, _, page = await post(console, Role.GUARD, f"/devices/{gate}/open", reason="visitor")
    assert status == 409
    assert "没有发出" in page
    assert "gate-1 没有在线，请到现场。" in page
    assert "go there" not in page, "a guard reads one language"


async def test_a_foreign_page_opens_no_gate(console: Console, gate: str) -> None:
    cookie = console.sign_in("wang", Role.GUARD)
    async with client_of(console.app, cookie=f"{COOKIE}={cookie}", **PAGE) as client:
        answer = await client.post(f"/devices/{gate}/open", data={"reason": "visitor"})
    assert answer.status_code == 403
    assert console.desk.asked == []


def order(*states: CommandState) -> Command:
    history = tuple(CommandStep(state=s, at=100.0 + i) for i, s in enumerate(states))
    return Command(
        id="c1",
        uid=DeviceUid("u"),
        device="gate",
        do="open",
        actor="wang",
        reason="访客",
        issued=100.0,
        expires=105.0,
        state=states[-1],
        history=history,
    )


def test_sent_is_never_shown_as_done() -> None:
    sent = order(CommandState.REQUESTED, CommandState.AUTHORISED, CommandState.SENT)
    assert [(rung.state, rung.after) for rung in ladder(sent)] == [
        ("sent", 2.0),
        ("received", None),
        ("executed", None),
    ]


@pytest.mark.parametrize("state", sorted(FINAL))
async def test_each_end_of_an_order_is_told_in_its_own_words(
    console: Console, gate: str, state: CommandState
) -> None:
    command = msgspec.structs.replace(order(CommandState.SENT, state), device=gate)
    console.community.books.command_by_id["c1"] = command
    status, page = await get(console, Role.CREW, "/commands/c1")
    assert status == 200
    done = state is CommandState.EXECUTED
    assert ("已确认" in page) == done
    assert ("再试" in page) == (not done)


async def test_an_order_elsewhere_is_as_if_it_were_not_there(console: Console, gate: str) -> None:
    command = msgspec.structs.replace(order(CommandState.SENT), device=gate)
    console.community.books.command_by_id["c1"] = command
    who = Identity(name="x", role=Role.GUARD, scope="guanshan/zz")
    assert not who.may_see("guanshan/a")
    assert (await get(console, Role.GUARD, "/commands/c1", "guanshan/zz"))[0] == 404
    assert (await get(console, Role.GUARD, "/commands/c9"))[0] == 404
