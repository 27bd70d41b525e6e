"""Open311 as GeoReport v2 has it: fields, forms, errors and filters, and nothing of people."""

from typing import Any
from xml.etree import ElementTree as ET

import httpx2
import msgspec
import pytest
from fastapi import FastAPI

from hub.access.policy import join
from hub.api.problem import install
from hub.feeds.catalogue import IncidentCatalogue
from hub.feeds.incident import make_projector
from hub.feeds.open311.location import is_wgs84, named_places
from hub.feeds.open311.router import build_open311
from hub.feeds.open311.search import read_search
from hub.feeds.open311.service import service_name, service_of
from hub.feeds.open311.wire import PREFIX, answer_error, to_xml
from hub.model.access import Role
from hub.model.alarm import ReportWhen
from hub.model.instant import to_rfc3339
from hub.model.place import Place
from hub.model.ticket import TicketFlag, TicketState
from hub.model.trouble import TROUBLES
from tests.unit.access.web_fakes import NOW, PLACES, TOKENS, World, client_of, make_world, ticket

DAY = 86_400.0
project = make_projector("guanshan", lambda: PLACES)
REQUEST = (
    *("service_request_id", "status", "status_notes", "service_name", "service_code"),
    *("description", "agency_responsible", "service_notice", "requested_datetime"),
    *("updated_datetime", "expected_datetime", "address", "address_id", "zipcode"),
    *("lat", "long", "media_url"),
)
"""The fields of the specification's example, in its order."""


@pytest.fixture
def world() -> World:
    return make_world()


def app_of(world: World) -> FastAPI:
    """Mount Open311 alone."""
    app = FastAPI(openapi_url=None)
    install(app, dialects={PREFIX: answer_error})
    join(app.router, build_open311(world.ports, IncidentCatalogue(world.books)))
    return app


def put(world: World, number: str, *, at: float = NOW, **fields: Any) -> None:  # noqa: ANN401
    """Have the feed tell of a ticket that changed at an instant."""
    about = msgspec.structs.replace(ticket(number), opened_at=at, **fields)
    world.books.ticket_by_number[number] = about
    entry = world.desk.tell("ticket.updated", number, place=about.place)
    row = project(msgspec.structs.replace(entry, at=at), about)
    assert row is not None
    world.books.rows.append(row)


def program(world: World, role: Role = Role.GRID) -> httpx2.AsyncClient:
    return client_of(app_of(world), TOKENS[role])


async def ask(world: World, path: str, role: Role = Role.GRID) -> httpx2.Response:
    async with program(world, role) as client:
        return await client.get(PREFIX + path)


async def send(world: World, **form: str) -> httpx2.Response:
    async with program(world) as client:
        return await client.post(f"{PREFIX}/requests.json", data=form)


async def numbers(world: World, query: str) -> list[str]:
    answer = await ask(world, f"/requests.json?{query}")
    assert answer.status_code == 200, answer.text
    return [each["service_request_id"] for each in answer.json()]


async def test_discovery_says_where_it_is_in_both_forms(world: World) -> None:
    found = (await ask(world, "/discovery.json")).json()
    assert list(found) == ["changeset", "contact", "key_service", "endpoints"]
    (endpoint,) = found["endpoints"]
    assert endpoint["specification"] == "http://wiki.open311.org/GeoReport_v2"
    assert endpoint["url"].endswith(PREFIX)
    assert endpoint["formats"] == ["text/xml", "application/json"]
    tree = ET.fromstring((await ask(world, "/discovery.xml")).content)
    assert [each.text for each in tree.iterfind("endpoints/endpoint/formats/format")] == [
        "text/xml",
        "application/json",
    ]


async def test_services_are_the_choices_of_the_whistle_page(world: World) -> None:
    answer = await ask(world, "/services.json")
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    assert [each["service_code"] for each in answer.json()] == [each.id for each in TROUBLES]
    fields = [
        "service_code",
        "service_name",
        "description",
        "metadata",
        "type",
        "keywords",
        "group",
    ]
    assert all(list(each) == fields for each in answer.json())
    assert {(each["metadata"], each["type"]) for each in answer.json()} == {(False, "realtime")}
    xml = await ask(world, "/services.xml?jurisdiction_id=guanshan")
    assert xml.headers["content-type"] == "text/xml; charset=utf-8"
    assert xml.text.startswith('<?xml version="1.0" encoding="utf-8"?>')
    tree = ET.fromstring(xml.content)
    assert [each.findtext("metadata") for each in tree.iterfind("service")][:2] == ["false"] * 2


async def test_names_of_services_tell_gates_from_doors(world: World) -> None:
    assert len({service_name(each.id) for each in TROUBLES}) == len(TROUBLES)
    found = (await ask(world, "/services/struck.json")).json()
    assert found == {"service_code": "struck", "attributes": []}
    assert (await ask(world, "/services/struk.json")).status_code == 404


def test_a_fault_of_a_rule_and_the_same_report_are_one_service() -> None:
    assert service_of("gate.boom_broken") == service_of("report.struck") == "struck"
    assert service_of("report.other/GS-7") == service_of("link.flapping") == "other"


async def test_a_request_has_the_fields_of_the_specification(world: World) -> None:
    put(world, "GS-1", finish_by=NOW + DAY, flags=(TicketFlag.SHELVED,))
    (found,) = (await ask(world, "/requests/GS-1.json")).json()
    assert tuple(found) == REQUEST
    assert (found["status"], found["service_code"]) == ("open", "stays_open")
    assert "挂账" in found["status_notes"]
    assert (found["lat"], found["long"]) == (30.5, 114.4)
    assert found["address"] == "东门 甲小区 关山社区"
    assert found["requested_datetime"] == "2025-11-25T00:00:00+08:00"
    assert found["expected_datetime"] == "2025-11-26T00:00:00+08:00"
    tree = ET.fromstring((await ask(world, "/requests/GS-1.xml")).content)
    assert tree.tag == "service_requests"
    assert tuple(each.tag for each in tree[0]) == REQUEST
    assert (tree[0].findtext("lat"), tree[0].findtext("zipcode")) == ("30.5", "")


async def test_extensions_are_there_for_whoever_asks(world: World) -> None:
    put(world, "GS-1")
    plain = (await ask(world, "/requests.json")).json()[0]
    (more,) = (await ask(world, "/requests.json?extensions=true")).json()
    assert "extended_attributes" not in plain
    assert more["extended_attributes"]["state"] == "dispatched"
    tree = ET.fromstring((await ask(world, "/requests/GS-1.xml?extensions=true")).content)
    assert tree.findtext("request/extended_attributes/grid_code") == "420100"


async def test_what_has_ended_is_closed_on_the_day_it_ended(world: World) -> None:
    put(world, "GS-1", state=TicketState.CLOSED, closed_at=NOW - 60)
    put(world, "GS-2", folded_into="GS-3")
    put(world, "GS-3")
    assert await numbers(world, "status=closed") == ["GS-2", "GS-1"]
    assert await numbers(world, "status=open") == ["GS-3"]
    first, second = (await ask(world, "/requests.json?status=closed")).json()
    assert second["updated_datetime"] == "2025-11-24T23:59:00+08:00"
    assert (first["expected_datetime"], first["status_notes"]) == (None, "并入 merged into GS-3")


async def test_filters_are_those_of_the_standard_and_ids_override_them(world: World) -> None:
    put(world, "GS-1", at=NOW - 100 * DAY)
    put(world, "GS-2", at=NOW - 2 * DAY, fault="report.dirty")
    put(world, "GS-3", at=NOW - DAY)
    assert await numbers(world, "") == ["GS-3", "GS-2"]
    assert await numbers(world, "service_code=dirty,leak") == ["GS-2"]
    old = (to_rfc3339(NOW - 101 * DAY) or "").replace("+", "%2B")
    assert await numbers(world, f"start_date={old}&end_date=") == ["GS-1"]
    assert await numbers(world, f"end_date={old}") == []
    assert await numbers(world, "service_request_id=GS-1,GS-9&status=closed") == ["GS-1"]
    both = f"start_date={old}&end_date={to_rfc3339(NOW)}".replace("+08", "%2B08")
    assert (await ask(world, f"/requests.json?{both}")).status_code == 400


async def test_what_changed_is_read_page_by_page_oldest_change_first(world: World) -> None:
    for count in range(5):
        put(world, f"GS-{count}", at=NOW - 200 * DAY + count)
    since = (to_rfc3339(NOW - 200 * DAY + 1) or "").replace("+", "%2B")
    query = f"updated_after={since}&page_size=3"
    assert await numbers(world, query) == ["GS-1", "GS-2", "GS-3"]
    assert await numbers(world, f"{query}&page=2") == ["GS-4"]
    assert await numbers(world, f"{query}&page=3") == []


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("status=opn", "status"),
        ("start_date=soon", "start_date"),
        ("updated_after=1", "updated_after"),
        ("page=0", "page"),
        ("page_size=1001", "page_size"),
    ],
)
async def test_a_wrong_parameter_is_400_and_named_in_both_forms(
    world: World, query: str, field: str
) -> None:
    answer = await ask(world, f"/requests.json?{query}")
    assert answer.status_code == 400
    (error,) = answer.json()
    assert error["code"] == 400
    assert error["description"].startswith(f"{field}: ")
    tree = ET.fromstring((await ask(world, f"/requests.xml?{query}")).content)
    assert tree.tag == "errors"
    assert tree.findtext("error/code") == "400"


async def test_without_a_good_key_everything_is_403(world: World) -> None:
    put(world, "GS-1")
    app = app_of(world)
    async with client_of(app) as client:
        for path in ("discovery", "services", "services/leak", "requests", "requests/GS-1"):
            for key in ("", "?api_key=ld_nobodys"):
                answer = await client.get(f"{PREFIX}/{path}.json{key}")
                assert answer.status_code == 403, path
                assert answer.json()[0]["code"] == 403
        good = await client.get(f"{PREFIX}/requests.json?api_key={TOKENS[Role.GRID]}")
        assert good.status_code == 200
        form = {"service_code": "dirty", "address_id": "guanshan/a"}
        for key, status in ((Role.MANAGER, 403), (Role.ADMINISTRATOR, 403), (Role.GRID, 200)):
            body = {**form, "api_key": TOKENS[key]}
            made = await client.post(f"{PREFIX}/requests.json", data=body)
            assert made.status_code == status
    assert (await ask(world, "/requests.json", Role.MANAGER)).status_code == 403


async def test_a_key_sees_its_own_part_and_no_other_community(world: World) -> None:
    put(world, "GS-1")
    put(world, "GS-2", place="guanshan/b")
    world.give(Role.GRID, scope="guanshan/b", token="ld_of_b")
    async with client_of(app_of(world), "ld_of_b") as client:
        found = (await client.get(f"{PREFIX}/requests.json")).json()
        assert [each["service_request_id"] for each in found] == ["GS-2"]
        assert (await client.get(f"{PREFIX}/requests/GS-1.json")).status_code == 404
        form = {"service_code": "dirty", "address_id": "guanshan/a"}
        assert (await client.post(f"{PREFIX}/requests.json", data=form)).status_code == 400
    answer = await ask(world, "/requests.json?jurisdiction_id=elsewhere")
    assert answer.status_code == 404
    assert answer.json()[0]["description"].startswith("jurisdiction_id")


async def test_a_report_becomes_a_ticket_and_a_known_fault_is_its_ticket(world: World) -> None:
    first = await send(world, service_code="struck", address_id="gate-a", description="杆断了")
    assert first.status_code == 200
    (made,) = first.json()
    assert list(made) == ["service_request_id", "service_notice", "account_id"]
    opened = world.books.ticket_by_number[made["service_request_id"]]
    assert (opened.source, opened.subject, opened.fault) == ("grid", "gate-a", "gate.boom_broken")
    (again,) = (await send(world, service_code="struck", address_string="东门 甲小区")).json()
    assert again["service_request_id"] == made["service_request_id"]
    assert again["service_notice"].startswith("已知")


async def test_what_no_platform_sees_is_not_joined(world: World) -> None:
    quiet = ticket("GS-1", fault="gate.boom_broken", uid="u-a", report=ReportWhen.NEVER)
    world.books.ticket_by_number["GS-1"] = quiet
    (made,) = (await send(world, service_code="struck", address_id="gate-a")).json()
    assert made["service_request_id"] != "GS-1"


async def test_the_same_key_of_repetition_is_the_same_report(world: World) -> None:
    form = {"service_code": "other", "address_id": "guanshan/a"}
    async with program(world) as client:
        got = [
            (await client.post(f"{PREFIX}/requests.xml", data=form, headers=headers)).text
            for headers in ({"idempotency-key": "a"}, {"idempotency-key": "a"}, {})
        ]
    assert got[0] == got[1] != got[2]
    assert ET.fromstring(got[0]).tag == "service_requests"


async def test_a_point_finds_the_nearest_place_and_the_crew_reads_where(world: World) -> None:
    form = {"service_code": "dirty", "lat": "30.503", "long": "114.4", "phone": "13900000000"}
    (made,) = (await send(world, address_string="无此处", **form)).json()
    number = made["service_request_id"]
    assert world.books.ticket_by_number[number].place == "guanshan/a"
    ((_, reporter),) = await world.ports.whistle.reports_of(number)
    assert reporter.text == "无此处\nWGS-84 30.503, 114.4"
    shown = (await ask(world, "/requests.json")).text
    assert "13900000000" not in shown
    assert "无此处" not in shown
    far = await send(world, service_code="dirty", lat="31", long="114.4")
    assert far.status_code == 400
    assert "1000 m" in far.json()[0]["description"]


@pytest.mark.parametrize(
    ("form", "status", "says"),
    [
        ({}, 400, "service_code"),
        ({"service_code": "flood", "address_id": "guanshan"}, 404, "service_code"),
        ({"service_code": "dirty"}, 400, "address_string"),
        ({"service_code": "dirty", "lat": "30.5"}, 400, "both lat and long"),
        ({"service_code": "dirty", "lat": "nan", "long": "1"}, 400, "lat"),
        ({"service_code": "dirty", "lat": "91", "long": "1"}, 400, "lat"),
        ({"service_code": "dirty", "address_string": "火星"}, 400, "no place"),
        ({"service_code": "dirty", "address_string": "小区"}, 400, "address_string"),
        ({"service_code": "dirty", "address_id": "guanshan/z"}, 400, "address_id"),
        ({"service_code": "struck", "address_id": "guanshan"}, 400, "gate-a, gate-b"),
        ({"service_code": "struck", "address_id": "meter-1"}, 400, "barrier_gate"),
        (
            {"service_code": "dirty", "address_id": "guanshan", "attribute[x]": "1"},
            400,
            "attribute",
        ),
        ({"service_code": "dirty", "address_id": "guanshan", "phone": "call me"}, 400, "phone"),
        (
            {"service_code": "dirty", "address_id": "guanshan", "media_url": "file:///etc"},
            400,
            "media_url",
        ),
    ],
)
async def test_a_wrong_form_is_named_by_its_field(
    world: World, form: dict[str, str], status: int, says: str
) -> None:
    answer = await send(world, **form)
    assert answer.status_code == status, answer.text
    assert any(says in each["description"] for each in answer.json()), answer.text
    assert not world.books.ticket_by_number


async def test_a_field_that_comes_twice_or_in_no_utf8_is_refused(world: World) -> None:
    kind = {"content-type": "application/x-www-form-urlencoded"}
    async with program(world) as client:
        for body in (b"service_code=dirty&service_code=leak", b"description=%FF", b"\xff"):
            answer = await client.post(f"{PREFIX}/requests.json", content=body, headers=kind)
            assert answer.status_code == 400, body


@pytest.mark.parametrize(
    "kind", ["multipart/form-data; boundary=x", "application/json", "text/xml"]
)
async def test_what_is_no_form_is_told_so_and_not_that_its_key_is_missing(
    world: World, kind: str
) -> None:
    async with client_of(app_of(world), "") as client:
        for path in ("/requests.json", f"/requests.json?api_key={TOKENS[Role.GRID]}"):
            answer = await client.post(
                f"{PREFIX}{path}", content=b"--x\r\n", headers={"content-type": kind}
            )
            assert answer.status_code == 400, path
            assert "media_url" in answer.json()[0]["description"]


async def test_a_token_is_the_number_that_came_at_once(world: World) -> None:
    put(world, "GS-1")
    assert (await ask(world, "/tokens/GS-1.json")).json() == [
        {"service_request_id": "GS-1", "token": "GS-1"}
    ]
    assert (await ask(world, "/tokens/12345.json")).status_code == 404


async def test_what_is_no_call_is_told_as_an_error_of_the_standard(world: World) -> None:
    assert (await ask(world, "/requests.html")).json()[0]["code"] == 404
    async with program(world) as client:
        answer = await client.delete(f"{PREFIX}/requests.json")
    assert answer.json()[0]["code"] == answer.status_code == 405


def test_an_address_is_read_by_the_longest_line_of_names() -> None:
    places = {
        path: Place(path=path, name=name)
        for path, name in {
            "g": "关山",
            "g/e": "东苑",
            "g/e/1": "1幢",
            "g/e/11": "11幢",
            "g/w": "西苑",
            "g/w/1": "1 幢",
        }.items()
    }
    assert named_places("关山 东苑，1 幢", places) == ["g/e/1"]
    assert named_places("东苑11幢 3 楼", places) == ["g/e/11"]
    assert sorted(named_places("1幢", places)) == ["g/e/1", "g/w/1"]
    assert named_places("西苑", places) == ["g/w"]
    assert named_places("北苑", places) == []


@pytest.mark.parametrize(
    ("label", "fits"),
    [("wgs84", True), ("WGS-84", True), ("EPSG:4326", True), ("gcj02", False), ("", False)],
)
def test_only_what_is_labelled_wgs84_is_given_as_such(label: str, fits: bool) -> None:
    assert is_wgs84({"crs": label}) is fits


def test_signs_that_xml_cannot_hold_are_left_out_and_markup_is_text() -> None:
    text = to_xml("errors", [{"code": 400, "description": "a\x00b<c>&\ud7ff\ufffe"}])
    assert ET.fromstring(text).findtext("error/description") == "ab<c>&\ud7ff"


def test_an_empty_parameter_is_none_at_all() -> None:
    assert read_search({"status": "", "page": " "}, NOW) == read_search({}, NOW)
