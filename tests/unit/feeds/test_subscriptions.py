"""Subscriptions over HTTP: the receiver's own, the secret shown once, what is wrong named."""

import re
import time
from pathlib import Path
from typing import Any

import httpx2
import msgspec
import pytest

from hub.courier.signature import signed_headers
from hub.feeds.incident import TYPES
from hub.model.access import Role
from hub.model.subscription import DEAD, SUBSCRIPTIONS, Dead, Subscription
from tests.unit.access.web_fakes import NOW, TOKENS, World, client_of, make_world
from tests.unit.api.app_of_api import make_app

PATH = "/grid/v1/subscriptions"
URL = "https://city.example/in"
PAGE = Path(__file__).parents[3] / "docs" / "grid-feed.md"


@pytest.fixture
def world() -> World:
    return make_world()


def platform(world: World, token: str = TOKENS[Role.GRID]) -> httpx2.AsyncClient:
    return client_of(make_app(world), token)


async def test_the_secret_is_shown_once_and_never_again(world: World) -> None:
    async with platform(world) as client:
        key = {"idempotency-key": "k1"}
        made = await client.post(PATH, json={"url": URL}, headers=key)
        again = await client.post(PATH, json={"url": URL}, headers=key)
        listed = (await client.get(PATH)).json()["items"]
    assert made.status_code == again.status_code == 201
    secret = made.json()["secret"]
    assert re.fullmatch(r"whsec_[A-Za-z0-9+/]{43}=", secret)
    assert "secret" not in again.json()
    assert again.json()["id"] == made.json()["id"]
    assert [each["id"] for each in listed] == [made.json()["id"]]
    assert "secret" not in listed[0]
    assert (listed[0]["receiver"], listed[0]["state"]) == ("grid", "unused")
    assert not any(secret in str(entry.data) for entry in world.books.entries)


async def test_it_begins_now_or_at_a_cursor_of_the_feed(world: World) -> None:
    async with platform(world) as client:
        cursor = (await client.get("/grid/v1/feed")).json()["next"]
        world.desk.tell("device.silent", "gate-a")
        for body in ({"url": URL}, {"url": URL, "after": cursor}):
            assert (await client.post(PATH, json=body)).status_code == 201
    stored = (await world.books.documents(SUBSCRIPTIONS)).values()
    begun = [msgspec.json.decode(body, type=Subscription).after for body in stored]
    assert begun == [1, 0]


@pytest.mark.parametrize(
    ("sent", "field", "says"),
    [
        ({"url": "city.example"}, "url", "https"),
        ({"url": "https://me:secret@city.example/"}, "url", "without a name"),
        ({"url": "file:///etc/passwd"}, "url", "https"),
        ({"url": URL, "types": ["opened"]}, "types", TYPES[0]),
        ({"url": URL, "after": "7"}, "after", "cursor"),
        ({"url": URL, "colour": "red"}, "colour", "unknown"),
        ({}, "body", "url"),
    ],
)
async def test_what_is_wrong_names_its_field(
    world: World, sent: dict[str, Any], field: str, says: str
) -> None:
    async with platform(world) as client:
        answer = await client.post(PATH, json=sent)
    assert answer.status_code == 422
    assert says in answer.json()["errors"][field]
    assert await world.books.documents(SUBSCRIPTIONS) == {}


async def test_it_can_be_ended_and_what_was_given_up_replayed(world: World) -> None:
    async with platform(world) as client:
        made = (await client.post(PATH, json={"url": URL})).json()
        here = f"{PATH}/{made['id']}"
        dead = Dead(
            subscription=made["id"], seq=7, incident="GS-1", at=NOW, tries=8, why="HTTP 500"
        )
        world.books.papers[DEAD, dead.key] = msgspec.json.encode(dead)
        [item] = (await client.get(f"{here}/dead")).json()["items"]
        assert (item["id"], item["tries"], item["why"]) == ("guanshan-7", 8, "HTTP 500")
        wrong = await client.post(f"{here}/replay", json={"ids": ["luonan-7"]})
        assert wrong.status_code == 422
        none = await client.post(f"{here}/replay", json={"ids": ["guanshan-8"]})
        assert none.json() == {"replayed": 0}
        assert (await client.post(f"{here}/replay")).json() == {"replayed": 1}
        assert (await client.get(PATH)).json()["items"][0]["stuck"] == {"GS-1": 1}
        assert (await client.get(f"{here}/dead")).json()["items"] == []
        assert (await client.post(f"{here}/end")).status_code == 200
        assert (await client.get(f"{here}/dead")).status_code == 404
    assert await world.books.documents(SUBSCRIPTIONS) == {}


async def test_another_receivers_subscription_is_not_there(world: World) -> None:
    app = make_app(world)
    async with client_of(app, TOKENS[Role.GRID]) as client:
        made = (await client.post(PATH, json={"url": URL})).json()
    async with client_of(app, TOKENS[Role.ADMINISTRATOR]) as boss:
        assert [each["id"] for each in (await boss.get(PATH)).json()["items"]] == [made["id"]]
        assert (await boss.post(PATH, json={"url": URL})).status_code == 403
        assert (await boss.post(f"{PATH}/sub-none/end")).status_code == 404


def test_the_pages_check_of_a_signature_is_right() -> None:
    found = re.search(r"```python\n(import base64.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    assert found is not None
    names: dict[str, Any] = {}
    exec(compile(found[1], "grid-feed.md", "exec"), names)  # the example itself is under test
    secret, body, now = (
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        b'{"test": 2432232314}',
        time.time(),
    )
    headers = signed_headers(secret, "msg_1", now, body)
    assert names["is_genuine"](secret, headers, body)
    assert not names["is_genuine"](secret, headers, body + b" ")
    assert not names["is_genuine"]("whsec_" + "A" * 32, headers, body)
    assert not names["is_genuine"](secret, signed_headers(secret, "msg_1", now - 301, body), body)
