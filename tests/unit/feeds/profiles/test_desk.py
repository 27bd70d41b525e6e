"""Where platforms fetch: who is let in, and what they are answered, in their own envelope."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

import msgspec
import pytest

from hub.assembly.receiver_file import shipped_profiles
from hub.clock import ManualClock
from hub.feeds.incident import make_projector
from hub.feeds.profiles.carrier import ProfileCarrier, Sources
from hub.feeds.profiles.composing import Credentials, Draft, Moment, compose
from hub.feeds.profiles.desk import Asked, PullDesk
from hub.feeds.profiles.receiver import Receiver
from hub.model.journal import Entry
from tests.unit.access.web_fakes import NOW, PLACES, make_world, ticket
from tests.unit.feeds.profiles.test_profile_reading import profile_of

MD5 = next(text for name, text in shipped_profiles().items() if "sign-md5" in name)
KEYS = Credentials(app_key="app", secret="s3cret")
HERE = "10.1.2.3"


class Front:
    """A desk over a world in memory, and a platform that asks it."""

    def __init__(self, text: str = MD5, **fields: Any) -> None:  # noqa: ANN401 - a receiver's
        self.world = make_world()
        self.clock = ManualClock(NOW)
        self.profile = profile_of(text)
        self.receiver = Receiver(name="city", profile=self.profile, keys=KEYS, **fields)
        self.count = 0
        self.open()

    def open(self) -> None:
        ports = msgspec.structs.replace(self.world.ports, clock=self.clock)
        sources = Sources("t", ports.books, ports.desk, lambda: PLACES, self.look_up)
        carrier = ProfileCarrier(self.receiver, None, sources)  # type: ignore[arg-type]
        self.desk = PullDesk(self.receiver, ports, carrier)

    async def look_up(self, _incident: str) -> Mapping[str, Any]:
        raise AssertionError("nobody lists anything of people")

    def tell(self, number: str, at: float = NOW, **fields: object) -> None:
        about = ticket(number, **fields)
        self.world.books.ticket_by_number[number] = about
        seq = len(self.world.books.rows) + 1
        entry = Entry(
            seq=seq, at=at, type="ticket.opened", subject=number, actor="hub", place=about.place
        )
        row = make_projector("t", lambda: PLACES)(entry, about)
        assert row is not None
        self.world.books.rows.append(row)

    def sign(self, now: float | None = None, nonce: str = "", **query: object) -> Asked:
        return self._sign("GET", now, nonce, query)

    def step(self, **body: object) -> Asked:
        return self._sign("POST", None, "", body)

    def _sign(self, method: str, now: float | None, nonce: str, fields: dict[str, object]) -> Asked:
        self.count += 1
        moment = Moment(self.clock.now() if now is None else now, nonce or f"n{self.count}")
        made = compose(self.profile, Draft(method, "http://h/x", fields), KEYS, moment).request
        query = dict(parse_qsl(made.url.partition("?")[2], keep_blank_values=True))
        headers = {name.lower(): text for name, text in made.headers.items()}
        return Asked(HERE, headers, query, made.body)

    async def ask(self, asked: Asked, call: str = "incidents") -> tuple[int, Any]:
        answered = await self.desk.answer(call, asked)
        return answered.status, json.loads(answered.body)

    async def code(self, asked: Asked, call: str = "incidents") -> object:
        return (await self.ask(asked, call))[1]["code"]


async def test_a_good_sign_gets_a_page_in_their_form() -> None:
    front = Front()
    front.tell("GS-1")
    status, said = await front.ask(front.sign(pageSize=10))
    assert (status, said["code"], said["msg"], said["data"]["total"]) == (200, 0, "ok", 1)
    [row] = said["data"]["rows"]
    assert (row["outerNo"], row["level"], row["coordType"]) == ("GS-1", "2", "WGS84")
    assert said["data"]["asOf"] == "2025-11-25 00:00:00"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"sign": "0" * 32}, 1001),
        ({"sign": ""}, 1001),
        ({"appKey": "other"}, 1001),
        ({"pageNo": "2"}, 1001),
        ({"nonce": ""}, 1001),
        ({"more": "1"}, 1001),
        ({"timestamp": "soon"}, 1001),
    ],
)
async def test_what_was_changed_on_the_way_is_refused(change: dict[str, str], code: int) -> None:
    front = Front()
    asked = front.sign(pageNo=1)
    assert await front.code(asked._replace(query={**asked.query, **change})) == code


@pytest.mark.parametrize(("off", "code"), [(299, 0), (301, 1002), (-299, 0), (-301, 1002)])
async def test_a_timestamp_has_its_window(off: float, code: int) -> None:
    front = Front()
    await front.clock.advance(600)
    assert await front.code(front.sign(now=front.clock.now() + off)) == code


async def test_a_nonce_counts_once_and_a_restart_opens_no_gap() -> None:
    front = Front()
    asked = front.sign(nonce="one")
    assert await front.code(asked) == 0
    assert await front.code(asked) == 1003
    assert await front.code(front.sign(nonce="one")) == 1003, "also under another sign"
    await front.clock.advance(30)
    front.open()
    assert await front.code(asked) == 1002, "signed before the start"
    await front.clock.advance(1)
    assert await front.code(front.sign()) == 0


async def test_nonces_are_forgotten_with_their_window_and_not_before() -> None:
    front = Front()
    early = front.sign(now=NOW + 290, nonce="x")
    assert await front.code(early) == 0
    await front.clock.advance(299)
    assert await front.code(early) == 1003
    await front.clock.advance(150)
    assert await front.code(early) == 1003
    await front.clock.advance(150)
    assert await front.code(early) == 1002
    await front.code(front.sign())
    assert len(front.desk._door._nonces) == 1


async def test_addresses_are_a_list() -> None:
    front = Front(addresses=("10.1.2.0/24",))
    assert await front.code(front.sign()) == 0
    assert await front.code(front.sign()._replace(address="10.1.3.1")) == 1004
    assert await front.code(front.sign()._replace(address="unix")) == 1004


async def test_a_token_is_compared() -> None:
    text = MD5.replace('scheme = "sign"', 'scheme = "bearer"').replace(
        'status = "200"', 'status = "real"'
    )
    front = Front(text)
    good = Asked(HERE, {"authorization": f"Bearer {KEYS.secret}"}, {}, b"")
    assert (await front.ask(good))[0] == 200
    assert (await front.ask(good._replace(headers={"authorization": "Bearer x"})))[0] == 401
    assert (await front.ask(good._replace(headers={})))[0] == 401


@pytest.mark.parametrize(
    "query",
    [
        {"pageNo": "0"},
        {"pageNo": "-1"},
        {"pageNo": "x"},
        {"pageSize": "1001"},
        {"pageNo": "9" * 30},
        {"startTime": "yesterday"},
        {"endTime": "2026-13-01 00:00:00"},
    ],
)
async def test_bad_words_are_named(query: dict[str, str]) -> None:
    front = Front()
    _, said = await front.ask(front.sign(**query))
    assert said["code"] == 1005
    assert next(iter(query)) in said["msg"]


async def test_what_is_not_kept_any_more_says_where_to_begin() -> None:
    front = Front()
    front.tell("GS-1", NOW - 7200)
    front.tell("GS-2", NOW - 3600)
    front.world.books.oldest = 1
    _, said = await front.ask(front.sign(startTime="2025-11-24 21:00:00"))
    assert said["code"] == 1008
    assert "2025-11-24 23:00:00" in said["msg"]
    _, said = await front.ask(front.sign(startTime="2025-11-24 23:00:00"))
    assert [row["outerNo"] for row in said["data"]["rows"]] == ["GS-2"]


async def test_a_step_is_taken_and_an_older_one_is_a_yes_that_changes_nothing() -> None:
    front = Front()
    front.tell("GS-1")
    new = {"outerNo": "GS-1", "opType": "20", "opTime": "2025-11-25 00:00:10", "dept": "供电所"}
    old = {"outerNo": "GS-1", "opType": "10", "opTime": "2025-11-25 00:00:00", "caseNo": "C-1"}
    assert await front.code(front.step(**new), "actions") == 0
    assert await front.code(front.step(**old), "actions") == 0
    case = front.world.desk.cases.find("city", "GS-1")
    assert (case.state, case.to) == ("dispatched", "供电所")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"opType": "99"}, 1006),
        ({"outerNo": "GS-404"}, 1006),
        ({"outerNo": "", "caseNo": "C-404"}, 1006),
        ({"opType": "50"}, 1007),
        ({"opTime": "now"}, 1005),
        ({"opTime": "2099-01-01 00:00:00"}, 1005),
        ({"opType": "10", "caseNo": ""}, 1005),
    ],
)
async def test_a_step_that_cannot_be_taken_has_its_clear_answer(
    change: dict[str, str], code: int
) -> None:
    front = Front()
    front.tell("GS-1")
    body = {"outerNo": "GS-1", "opType": "20", "opTime": "2025-11-25 00:00:00", **change}
    status, said = await front.ask(front.step(**body), "actions")
    assert (status, said["code"]) == (200, code), said
    assert said["msg"]


async def test_an_incident_of_another_place_is_not_there() -> None:
    front = Front(place="guanshan/b")
    front.tell("GS-1")
    body = {"outerNo": "GS-1", "opType": "20", "opTime": "2025-11-25 00:00:00"}
    assert await front.code(front.step(**body), "actions") == 1006
    _, said = await front.ask(front.sign())
    assert said["data"]["rows"] == []


async def test_a_body_that_was_changed_on_the_way_is_refused() -> None:
    front = Front()
    front.tell("GS-1")
    asked = front.step(outerNo="GS-1", opType="20", opTime="2025-11-25 00:00:00", dept="a")
    forged = asked._replace(body=asked.body.replace(b'"a"', b'"b"'))
    assert await front.code(forged, "actions") == 1001
    assert await front.code(asked, "actions") == 0


@pytest.mark.parametrize("body", [b"", b"[]", b"<a/>", b"\xff", b"[" * 10_000])
async def test_a_body_that_is_none_is_refused_in_their_envelope(body: bytes) -> None:
    front = Front()
    status, said = await front.ask(front.sign()._replace(body=body), "actions")
    assert status == 200
    assert said["code"] in {1005, 1006}, "no body at all names no incident"


async def test_a_row_that_does_not_fit_is_in_the_page_all_the_same() -> None:
    text = MD5.replace('from = "grid_code"', 'from = "grid_code"\nrequired = true')
    front = Front(text.replace("length = 50\ncut = true", "length = 5"))
    front.tell("GS-1")
    _, said = await front.ask(front.sign())
    [row] = said["data"]["rows"]
    assert "gridCode" not in row
    assert row["title"] == "道闸长时…"


SOAP = """
format = "soap"
operation = "query"
namespace = "urn:case"
argument = "in0"
result = "return"
"""


async def test_soap_is_answered_as_soap() -> None:
    text = MD5.replace('format = "json"', SOAP.strip()).replace(
        'scheme = "sign"', 'scheme = "token"'
    )
    front = Front(text)
    front.tell("GS-1")
    body = b"""<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body>
        <c:query xmlns:c="urn:case"><in0>{"pageNo":1}</in0></c:query></e:Body></e:Envelope>"""
    asked = Asked(HERE, {"authorization": KEYS.secret}, {}, body)
    answered = await front.desk.answer("incidents", asked)
    assert answered.media.startswith("text/xml")
    assert b"queryResponse" in answered.body
    inner = answered.body.partition(b"<return>")[2].partition(b"</return>")[0]
    assert json.loads(inner)["data"]["rows"][0]["outerNo"] == "GS-1"
