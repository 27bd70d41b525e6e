"""The calls of `/api/v1`, field by field as programs rely on them."""

from base64 import b64decode

import pytest

from hub.errors import CommandRefusedError
from hub.model.access import Role
from hub.model.alarm import AlarmState
from hub.model.instant import to_rfc3339
from hub.model.ticket import TicketAction, TicketState
from hub.ports import EventRow, Holding, QuarantineRow
from tests.unit.access.web_fakes import NOW, TOKENS, World, make_world
from tests.unit.access.web_fakes import alarm as an_alarm
from tests.unit.access.web_fakes import ticket as a_ticket
from tests.unit.api.app_of_api import asking

DEVICE_FIELDS = "id uid address kind model place lane upstream power state link points name"
ALARM_FIELDS = "id subject rule fault severity state raised_at cleared_at children explained_by"
TICKET_FIELDS = (
    "number state flags subject place fault severity urgency class opened_at take_by arrive_by "
    "finish_by holder children folded_into evidence"
)
MOMENT = "2025-11-25T00:00:00.000+08:00"


@pytest.fixture
def world() -> World:
    return make_world()


async def test_a_device_shows_its_fields_and_points_with_their_age(world: World) -> None:
    async with asking(world) as client:
        device = (await client.get("/api/v1/devices/gate-a")).json()
    assert set(DEVICE_FIELDS.split()) <= set(device)
    assert device["link"] == "online"
    assert device["points"]["arm.position"] == {
        "value": "open",
        "unit": "",
        "quality": "good",
        "at": MOMENT,
        "stale": False,
    }
    assert device["points"]["motor.temperature"]["stale"] is True


async def test_the_list_of_devices_is_paged_and_filtered(world: World) -> None:
    async with asking(world) as client:
        first = (await client.get("/api/v1/devices?limit=2")).json()
        rest = (await client.get(f"/api/v1/devices?after={first['next']}")).json()
        gates = (await client.get("/api/v1/devices?kind=barrier_gate&place=guanshan/a")).json()
        wrong = await client.get("/api/v1/devices?after=nobody")
    assert [each["id"] for each in first["items"]] == ["gate-a", "gate-b"]
    assert [each["id"] for each in rest["items"]] == ["meter-1"]
    assert rest["next"] is None
    assert [each["id"] for each in gates["items"]] == ["gate-a"]
    assert wrong.status_code == 422


async def test_a_households_readings_are_withheld(world: World) -> None:
    async with asking(world, Role.ADMINISTRATOR) as client:
        device = (await client.get("/api/v1/devices/meter-1")).json()
        history = await client.get("/api/v1/devices/meter-1/history?point=volume.total")
    assert device["points"] == {}
    assert history.status_code == 403


async def test_history_is_paged_by_time_and_understands_instants(world: World) -> None:
    path = "/api/v1/devices/gate-a/history?point=arm.position"
    async with asking(world) as client:
        first = (await client.get(f"{path}&limit=2")).json()
        assert world.archive.asked == (NOW - 86400, NOW)
        await client.get(f"{path}&from={first['next']}&to=2025-11-25T00:00:10%2B08:00")
        assert world.archive.asked == (NOW + 2, NOW + 10)
        await client.get(f"{path}&from=2025-11-25T00:00:01+08:00&to={int(NOW * 1000) + 5000}")
        assert world.archive.asked == (NOW + 1, NOW + 5)
    assert first["items"][0] == {
        "at": MOMENT,
        "value": "open",
        "quality": "good",
        "boot": "b7",
        "seq": 0,
    }


async def test_history_by_the_hour_is_paged_by_time(world: World) -> None:
    path = "/api/v1/devices/gate-a/history?point=motor.temperature&step=hour"
    async with asking(world) as client:
        first = (await client.get(f"{path}&limit=2")).json()
        assert world.archive.asked == (NOW - 86400, NOW)
        whole = (await client.get(f"{path}&limit=3")).json()
    assert first["next"] == repr(NOW + 7200)
    assert whole["next"] is None
    assert [len(each["items"]) for each in (first, whole)] == [2, 3]
    figures = {"count": 60, "min": 1, "max": 3, "mean": 2.0, "first": 1, "last": 3}
    assert first["items"][0] == {"at": MOMENT, **figures}


@pytest.mark.parametrize(
    "query",
    [
        "point=x&from=soon", "point=x&from=20&to=10", "", "point=x&limit=0", "point=x&step=day",
        "point=x&from=0001-01-01", "point=x&to=9999-12-31T23:59:59-14:00",
        "point=x&to=9999-12-31T23:59:59Z", "point=x&to=" + "9" * 20,
    ],
)  # fmt: skip
async def test_a_wrong_question_about_history_is_named(world: World, query: str) -> None:
    async with asking(world) as client:
        answer = await client.get(f"/api/v1/devices/gate-a/history?{query}")
    assert answer.status_code == 422
    assert answer.json()["errors"]


async def test_events_and_reasons_of_a_device(world: World) -> None:
    async with asking(world) as client:
        events = (await client.get("/api/v1/devices/gate-a/events?limit=1")).json()
        why = (await client.get("/api/v1/devices/gate-a/why")).json()
    event = {"at": MOMENT, "name": "vehicle.passed", "data": {}, "boot": "b7", "seq": 1}
    assert events["items"] == [event]
    assert why["items"][0]["reason"]["en"] == "gate-a"


async def test_alarms_are_listed_newest_first_in_pages(world: World) -> None:
    for number in range(5):
        state = AlarmState.CLEARED if number % 2 else AlarmState.RAISED
        world.books.alarm_list.append(an_alarm(f"al{number}", state=state))
    async with asking(world) as client:
        first = (await client.get("/api/v1/alarms?limit=3")).json()
        rest = (await client.get(f"/api/v1/alarms?limit=3&after={first['next']}")).json()
        raised = (await client.get("/api/v1/alarms?state=open")).json()
        other = (await client.get("/api/v1/alarms?subject=gate-b")).json()
        wrong = await client.get("/api/v1/alarms?state=loud")
    assert [each["id"] for each in first["items"] + rest["items"]] == [
        "al4",
        "al3",
        "al2",
        "al1",
        "al0",
    ]
    assert set(ALARM_FIELDS.split()) <= set(first["items"][0])
    assert [each["id"] for each in raised["items"]] == ["al4", "al2", "al0"]
    assert other["items"] == []
    assert wrong.status_code == 422


async def test_pages_of_events_lose_none_repeat_none_and_end(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    instants = (0, 1, 1, 1, 2, 3)
    kept = [
        EventRow(uid="d", name="vehicle.passed", at=NOW + at, received=NOW, boot="b7", seq=seq)
        for seq, at in enumerate(instants)
    ]

    async def events(_uid: str, *, start: float, end: float, limit: int) -> list[EventRow]:
        return [row for row in kept if start <= row.at < end][:limit]

    monkeypatch.setattr(world.archive, "events", events)
    following, pages = str(NOW), []
    path = f"/api/v1/devices/gate-a/events?limit=2&to={NOW + 9}"
    async with asking(world) as client:
        while following is not None and len(pages) < len(kept):
            answer = (await client.get(f"{path}&from={following}")).json()
            pages.append([row["seq"] for row in answer["items"]])
            following = answer["next"]
    assert pages == [[0], [1, 2, 3], [4, 5]]


@pytest.mark.parametrize("path", ["/api/v1/alarms", "/api/v1/tickets"])
async def test_a_full_last_page_says_that_it_is_the_last(world: World, path: str) -> None:
    for number in range(4):
        world.books.alarm_list.append(an_alarm(f"al{number}"))
        world.books.ticket_by_number[f"GS-{number}"] = a_ticket(f"GS-{number}")
    async with asking(world) as client:
        first = (await client.get(f"{path}?limit=2")).json()
        last = (await client.get(f"{path}?limit=2&after={first['next']}")).json()
        whole = (await client.get(f"{path}?limit=4")).json()
    assert (len(first["items"]), len(last["items"]), last["next"]) == (2, 2, None)
    assert (len(whole["items"]), whole["next"]) == (4, None)


async def test_a_ticket_shows_its_fields_and_its_possible_steps(world: World) -> None:
    world.books.ticket_by_number["GS-1"] = a_ticket("GS-1")
    world.books.ticket_by_number["GS-2"] = a_ticket("GS-2", state=TicketState.CLOSED)
    async with asking(world, Role.CREW) as client:
        listed = (await client.get("/api/v1/tickets")).json()["items"]
        open_ones = (await client.get("/api/v1/tickets?state=open")).json()["items"]
        one = (await client.get("/api/v1/tickets/GS-1")).json()
        none = await client.get("/api/v1/tickets/GS-9")
    assert [each["number"] for each in listed] == ["GS-2", "GS-1"]
    assert [each["number"] for each in open_ones] == ["GS-1"]
    assert set(TICKET_FIELDS.split()) <= set(one)
    assert one["opened_at"] == MOMENT
    assert one["possible"] == ["take", "comment", "void"]
    assert none.status_code == 404


async def test_a_step_answers_with_the_ticket_or_with_what_is_possible(world: World) -> None:
    world.books.ticket_by_number["GS-1"] = a_ticket("GS-1")
    path = "/api/v1/tickets/GS-1/actions"
    async with asking(world, Role.CREW) as client:
        taken = await client.post(path, json={"do": "take"})
        again = await client.post(path, json={"do": "take"})
    assert taken.json()["state"] == "taken"
    assert taken.json()["holder"] == "key:crew"
    assert again.status_code == 409
    assert again.json()["possible"] == ["comment", "take"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ('{"do":"explode"}', "do"),
        ('{"do":"take","holder":"me"}', "holder"),
        ("[]", "body"),
        ("{", "body"),
        ("", "body"),
        ('{"do":"take","extra":{"a":' + "[" * 9000, "body"),
    ],
)
async def test_a_wrong_step_names_the_field(world: World, body: str, field: str) -> None:
    world.books.ticket_by_number["GS-1"] = a_ticket("GS-1")
    async with asking(world, Role.CREW) as client:
        answer = await client.post("/api/v1/tickets/GS-1/actions", content=body)
    assert answer.status_code == 422
    assert list(answer.json()["errors"]) == [field]
    assert world.desk.asked == []


async def test_a_number_that_nothing_can_hold_is_refused(world: World) -> None:
    change = {"mode": "trial", "why": "x"}
    digits = {"if-match": "9" * 5000}
    async with asking(world, Role.ADMINISTRATOR) as client:
        looked = await client.get(f"/api/v1/quarantine/{2**63}")
        changed = await client.post(
            "/api/v1/rules/door-forced/actions", json=change, headers=digits
        )
    assert (looked.status_code, changed.status_code) == (422, 422)


async def test_an_unknown_step_is_answered_with_those_that_there_are(world: World) -> None:
    world.books.ticket_by_number["GS-1"] = a_ticket("GS-1")
    async with asking(world, Role.CREW) as client:
        answer = await client.post("/api/v1/tickets/GS-1/actions", json={"do": "explode"})
    assert f"one of: {', '.join(TicketAction)}" in answer.json()["errors"]["do"]
    assert "'explode'" in answer.json()["detail"]


async def test_a_step_sent_twice_with_one_key_happens_once(world: World) -> None:
    world.books.ticket_by_number["GS-1"] = a_ticket("GS-1")
    async with asking(world, Role.CREW) as client:
        answers = [
            await client.post(
                "/api/v1/tickets/GS-1/actions",
                json={"do": "take"},
                headers={"idempotency-key": "k1"},
            )
            for _ in range(3)
        ]
    assert [answer.status_code for answer in answers] == [200] * 3
    assert len({answer.content for answer in answers}) == 1
    assert len(world.desk.asked) == 1


async def test_an_order_is_accepted_and_can_be_looked_at(world: World) -> None:
    order = {"device": "gate-a", "do": "open", "reason": "救护车"}
    async with asking(world) as client:
        answer = await client.post("/api/v1/commands", json=order)
        seen = await client.get(answer.headers["location"])
        none = await client.get("/api/v1/commands/c99")
    assert answer.status_code == 202
    assert answer.json() == seen.json()
    assert seen.json()["id"] == "c1"
    assert seen.json()["history"][0]["state"] == "requested"
    assert seen.json()["expires"] == "2025-11-25T00:00:05.000+08:00"
    assert none.status_code == 404


async def test_an_order_without_reason_is_not_given(world: World) -> None:
    async with asking(world) as client:
        for reason in ({}, {"reason": "  "}):
            order = {"device": "gate-a", "do": "open", **reason}
            assert (await client.post("/api/v1/commands", json=order)).status_code == 422
        order = {"device": "nothing", "do": "open", "reason": "x"}
        assert (await client.post("/api/v1/commands", json=order)).status_code == 404
    assert world.desk.asked == []


async def test_a_refused_order_says_why(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    async def refuse(*_: object) -> None:
        raise CommandRefusedError("gate-a is silent; look at the gate", zh="gate-a 离线。")

    monkeypatch.setattr(world.desk, "command", refuse)
    order = {"device": "gate-a", "do": "open", "reason": "x"}
    async with asking(world) as client:
        answer = await client.post("/api/v1/commands", json=order)
    assert answer.status_code == 409
    assert answer.json()["detail"] == "gate-a 离线。 gate-a is silent; look at the gate"


@pytest.mark.parametrize(
    ("call", "since"),
    [
        ("history?point=arm.position", 7.0),
        ("events?", 30.0),
        ("events?limit=1", 30.0),
    ],
)
async def test_an_answer_that_begins_before_what_is_kept_says_since_when_it_is_whole(
    world: World, call: str, since: float
) -> None:
    world.books.held = [
        holding("readings", NOW - 1 * 86400),
        holding("device_events", NOW - 1000 * 86400),
        holding("vehicle_events", NOW - 30 * 86400),
        holding("access_events", NOW - 1 * 86400),
        holding("newcomers", None),
    ]
    uid = world.live.views["gate-a"].device.uid
    world.books.reaches = {(uid, "arm.position"): NOW - 7 * 86400}
    async with asking(world) as client:
        path = f"/api/v1/devices/gate-a/{call}&from="
        whole = (await client.get(f"{path}{NOW - since * 86400}")).json()
        early = (await client.get(f"{path}{NOW - since * 86400 - 1}")).json()
    assert "complete_since" not in whole
    assert early["complete_since"] == to_rfc3339(NOW - since * 86400)


def holding(kind: str, since: float | None) -> Holding:
    return Holding(
        kind=kind,
        keep_days=30,
        oldest=since,
        complete_since=since,
        deleted=1,
        deleted_at=NOW,
    )


QUARANTINED = QuarantineRow(
    id=7, link="mqtt", address="x", payload=b"\xffsecret", reason="no JSON", at=NOW
)
NEWCOMER = {
    "link": "mqtt",
    "address": "n1",
    "first_seen": NOW,
    "last_seen": NOW,
    "count": 3,
    "guess": "lingdang",
    "sample": b"\xff{}",
}


async def test_quarantine_shows_reasons_and_no_bytes(world: World) -> None:
    world.books.quarantined_rows.append(QUARANTINED)
    async with asking(world, Role.ADMINISTRATOR) as client:
        items = (await client.get("/api/v1/quarantine")).json()["items"]
    assert items == [
        {"id": 7, "link": "mqtt", "address": "x", "reason": "no JSON", "at": MOMENT, "length": 7}
    ]
    assert world.books.entries == []


async def test_newcomers_show_no_bytes(world: World) -> None:
    world.books.new.append(NEWCOMER)
    async with asking(world, Role.MANAGER) as client:
        (item,) = (await client.get("/api/v1/newcomers")).json()["items"]
    assert "sample" not in item
    assert item["first_seen"] == MOMENT
    assert item["count"] == 3
    assert world.books.entries == []


@pytest.mark.parametrize(
    ("path", "text", "kind", "subject"),
    [
        ("quarantine/7", "\ufffdsecret", "quarantine.read", "7"),
        ("newcomers/mqtt/n1", "\ufffd{}", "newcomer.read", "n1"),
    ],
)
async def test_who_looks_at_bytes_stands_in_the_journal_before_they_are_given(
    world: World, path: str, text: str, kind: str, subject: str
) -> None:
    world.books.quarantined_rows.append(QUARANTINED)
    world.books.new.append(NEWCOMER)
    async with asking(world, Role.ADMINISTRATOR) as client:
        answer = await client.get(f"/api/v1/{path}")
        assert answer.status_code == 200
        assert answer.json()["text"] == text
        assert b64decode(answer.json()["payload"]).decode(errors="replace") == text
        (entry,) = world.books.entries
        assert (entry.type, entry.subject) == (kind, subject)
        assert entry.actor
        assert set(entry.data) == {"link", "address"}, "which, and nothing of what it says"
        world.desk.full = True
        refused = await client.get(f"/api/v1/{path}")
    assert refused.status_code == 503, "what cannot be noted is not shown"
    assert text not in refused.text


@pytest.mark.parametrize("path", ["quarantine/7", "newcomers/mqtt/n1"])
async def test_only_an_administrator_looks_at_bytes(world: World, path: str) -> None:
    world.books.quarantined_rows.append(QUARANTINED)
    world.books.new.append(NEWCOMER)
    for role in set(Role) - {Role.ADMINISTRATOR}:
        async with asking(world, role) as client:
            assert (await client.get(f"/api/v1/{path}")).status_code == 403, role
    async with asking(world, Role.ADMINISTRATOR) as client:
        assert (await client.get(f"/api/v1/{path}9")).status_code == 404
    assert not [each for each in world.books.entries if each.type.endswith(".read")]


async def test_retention_is_told_for_each_kind_of_data(world: World) -> None:
    world.books.held = [
        Holding(
            kind="vehicle_events",
            keep_days=30,
            oldest=NOW,
            complete_since=NOW,
            deleted=4,
            deleted_at=NOW,
        ),
        Holding(
            kind="journal",
            keep_days=None,
            oldest=None,
            complete_since=None,
            deleted=0,
            deleted_at=None,
        ),
    ]
    async with asking(world, Role.MANAGER) as client:
        items = (await client.get("/api/v1/retention")).json()["items"]
    assert items == [
        {
            "kind": "vehicle_events",
            "keep_days": 30,
            "oldest": MOMENT,
            "complete_since": MOMENT,
            "deleted": 4,
            "deleted_at": MOMENT,
        },
        {
            "kind": "journal",
            "keep_days": None,
            "oldest": None,
            "complete_since": None,
            "deleted": 0,
            "deleted_at": None,
        },
    ]


@pytest.mark.parametrize(("scope", "status"), [("", 200), ("guanshan/b", 403)])
async def test_a_back_test_is_for_who_sees_the_community(
    world: World, scope: str, status: int
) -> None:
    world.give(Role.MANAGER, scope=scope, token=TOKENS[Role.MANAGER])
    async with asking(world, Role.MANAGER) as client:
        answer = await client.post("/api/v1/rules/backtest", json={"days": 1})
    assert answer.status_code == status, answer.text
