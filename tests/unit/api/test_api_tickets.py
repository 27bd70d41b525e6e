"""Calls about tickets on a detour: what is shown, what may be published, and the asset card."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from hub.model.access import Role
from hub.model.alarm import Severity
from hub.model.asset import AssetCard, read_card
from hub.model.instant import to_rfc3339
from hub.model.place import Place
from tests.support.detour import ASKED, CALL, SHELF, WAIT
from tests.unit.access.web_fakes import NOW, PLACES, World, make_world
from tests.unit.access.web_fakes import alarm as an_alarm
from tests.unit.access.web_fakes import ticket as a_ticket
from tests.unit.api.app_of_api import asking

DAY = 86400.0


@pytest.fixture
def world() -> World:
    return make_world()


async def test_a_ticket_shows_its_detours_with_instants_as_text(world: World) -> None:
    world.books.ticket_by_number["GS-1"] = a_ticket(
        "GS-1",
        waiting=WAIT,
        extensions=(ASKED,),
        call_back=CALL,
        first_finish_by=NOW,
        acknowledged_by="zhao",
        acknowledged_at=NOW,
        overdue=("take",),
        parts=("motor",),
        minutes=45,
    )
    async with asking(world, Role.CREW) as client:
        one = (await client.get("/api/v1/tickets/GS-1")).json()
    now = to_rfc3339(NOW)
    assert one["waiting"] == {"since": now, "body": "State Grid", "reason": "no current"}
    [extension] = one["extensions"]
    assert (extension["ruling"], extension["rung"]) == ("asked", "community")
    assert (extension["until"], extension["decided_at"]) == (to_rfc3339(NOW + 30 * DAY), None)
    assert one["call_back"] == {"by": "li", "at": now, "satisfied": True, "text": ""}
    assert (one["acknowledged_by"], one["acknowledged_at"]) == ("zhao", now)
    assert (one["first_finish_by"], one["overdue"], one["shelf"]) == (now, ["take"], None)
    assert (one["parts"], one["minutes"]) == (["motor"], 45)


DISCREET_CALLS = (
    ("GET", "/api/v1/tickets/{}"),
    ("POST", "/api/v1/tickets/{}/actions"),
    ("GET", "/api/v1/tickets/{}/escalation"),
    ("POST", "/api/v1/tickets/{}/escalation"),
    ("GET", "/api/v1/tickets/{}/photos"),
    ("GET", "/api/v1/tickets/{}/reports"),
)


@pytest.mark.parametrize("role", [Role.GUARD, Role.CREW, Role.GRID_WORKER, Role.DEPARTMENT])
async def test_a_discreet_ticket_is_not_there_for_whom_pages_hide_it(
    world: World, role: Role
) -> None:
    secret, older = a_ticket("GS-8", discreet=True), a_ticket("GS-9")
    world.books.ticket_by_number |= {"GS-8": secret, "GS-9": older}
    world.live.alarms = [replace(an_alarm("al9"), discreet=True, ticket="GS-9")]
    body = {"do": "take"}
    async with asking(world, role) as client:
        listed = (await client.get("/api/v1/tickets")).text
        statuses = {
            (await client.request(method, path.format(number), json=body)).status_code
            for method, path in DISCREET_CALLS
            for number in ("GS-8", "GS-9")
        }
    assert "GS-8" not in listed
    assert "GS-9" not in listed
    assert statuses <= {404, 403}
    async with asking(world, Role.MANAGER) as client:
        assert {"GS-8", "GS-9"} <= {
            each["number"] for each in (await client.get("/api/v1/tickets")).json()["items"]
        }
        assert (await client.get("/api/v1/tickets/GS-8")).status_code == 200


async def test_the_list_of_the_shelved_names_no_people_and_nothing_discreet(world: World) -> None:
    late = replace(SHELF, review_at=NOW + 60 * DAY)
    world.live.tickets = [
        a_ticket("GS-1"),
        a_ticket("GS-2", shelf=late, place="guanshan/b"),
        a_ticket("GS-3", shelf=SHELF),
        a_ticket("GS-4", shelf=SHELF),
    ]
    world.live.alarms = [replace(an_alarm("al9"), discreet=True, ticket="GS-4")]
    token = world.give(Role.CREW, scope="guanshan/b", token="ld_" + "b" * 40)
    async with asking(world, Role.CREW) as client:
        answer = await client.get("/api/v1/shelved")
        of_b = await client.get("/api/v1/shelved", headers={"authorization": f"Bearer {token}"})
    shown = answer.json()["items"]
    assert [each["number"] for each in shown] == ["GS-3", "GS-2"]
    assert shown[0]["condition"] == "the road is rebuilt"
    assert shown[0]["measure"] == "a guard opens by hand"
    assert shown[0]["review_at"] == to_rfc3339(SHELF.review_at)
    assert "approver" not in shown[0]
    assert "Wu" not in answer.text
    assert "李师傅" not in answer.text
    assert [each["number"] for each in of_b.json()["items"]] == ["GS-2"]


async def test_who_may_not_read_tickets_reads_no_shelf(world: World) -> None:
    async with asking(world, Role.GRID) as client:
        assert (await client.get("/api/v1/shelved")).status_code == 403


def own(**columns: str) -> dict[str, Any]:
    return dict(columns)


async def test_a_ticket_shows_what_the_books_say_of_its_device(world: World) -> None:
    view = world.live.views["gate-a"]
    columns = own(vendor="宏门", vendor_phone="0571-1", warranty_until="2027-05-31")
    columns["emergency_card"] = "key in box 3"
    device = replace(view.device, attributes=columns)
    world.live.views["gate-a"] = replace(view, device=device)
    for severity, card in ((Severity.MAJOR, ""), (Severity.CRITICAL, "key in box 3")):
        world.books.ticket_by_number["GS-1"] = a_ticket("GS-1", severity=severity)
        async with asking(world, Role.CREW) as client:
            asset = (await client.get("/api/v1/tickets/GS-1")).json()["asset"]
        assert asset == {
            "number": "",
            "vendor": "宏门",
            "vendor_phone": "0571-1",
            "warranty_until": "2027-05-31",
            "in_warranty": True,
            "emergency_card": card,
        }


def card(columns: dict[str, Any], places: dict[str, Place] | None = None) -> AssetCard:
    device = replace(make_world().live.views["gate-a"].device, attributes=columns)
    return read_card(device, places or PLACES, device.place, now=NOW, grave=True)


def test_the_columns_of_older_sheets_are_read_too() -> None:
    found = card(own(phone="0571-2", warranty_end="2025-11-24", number="7"))
    assert (found.vendor_phone, found.number) == ("0571-2", "7")
    assert (found.warranty_until, found.in_warranty) == ("2025-11-24", False)
    assert card(own(warranty_until="2025-11-25")).in_warranty is True
    assert card({}) == AssetCard()


def test_a_device_without_an_emergency_card_has_that_of_the_nearest_place() -> None:
    places = {
        path: Place(path=path, name=path, attributes={"emergency_card": f"at {path}"})
        for path in ("guanshan", "guanshan/a")
    }
    assert card({}, places).emergency_card == "at guanshan/a"
    assert card(own(emergency_card="mine"), places).emergency_card == "mine"
    of_place = read_card(None, places, "guanshan", now=NOW, grave=True)
    assert of_place.emergency_card == "at guanshan"
