"""The AsyncAPI document of pushes and feed: whole, and real items are as it says."""

import json
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest

from hub.api.document import openapi_document
from hub.feeds.asyncapi import HEADERS, asyncapi_document
from hub.feeds.incident import TYPES
from hub.model.access import Role
from tests.unit.access.web_fakes import TOKENS, client_of, make_world
from tests.unit.api.app_of_api import make_app
from tests.unit.docs.test_pages import change

DOCUMENT = asyncapi_document()


def references(thing: Any) -> Iterator[str]:  # noqa: ANN401 - any JSON
    """Yield every reference within the document."""
    if isinstance(thing, dict):
        if isinstance(thing.get("$ref"), str):
            yield thing["$ref"]
        for inner in thing.values():
            yield from references(inner)
    elif isinstance(thing, list):
        for inner in thing:
            yield from references(inner)


def resolve(reference: str) -> Any:  # noqa: ANN401 - any JSON
    found: Any = DOCUMENT
    for word in reference.removeprefix("#/").split("/"):
        found = found[word]
    return found


def validator(word: str) -> jsonschema_rs.Validator:
    """Return a validator of a message's payload that nobody here wrote."""
    payload = DOCUMENT["components"]["messages"][word]["payload"]
    schema = {**payload, "components": DOCUMENT["components"]}
    return jsonschema_rs.validator_for(json.loads(json.dumps(schema)))


def test_it_has_what_asyncapi_3_asks_for() -> None:
    assert DOCUMENT["asyncapi"] == "3.0.0"
    assert {"title", "version"} <= set(DOCUMENT["info"])
    assert set(DOCUMENT["operations"]) == {"pushItem", "tellItem"}
    for operation in DOCUMENT["operations"].values():
        assert operation["action"] == "send"
        channel = operation["channel"]["$ref"]
        for message in operation["messages"]:
            assert message["$ref"].startswith(f"{channel}/messages/"), "of its own channel"
    assert DOCUMENT["channels"]["push"]["address"] is None
    assert DOCUMENT["channels"]["feed"]["address"] == "/grid/v1/feed"


def test_every_reference_leads_somewhere() -> None:
    found = set(references(DOCUMENT))
    assert len(found) > len(TYPES)
    assert all(isinstance(resolve(each), dict) for each in found)


def test_each_type_has_its_message_in_each_channel() -> None:
    messages = DOCUMENT["components"]["messages"]
    assert sorted(each["name"] for each in messages.values()) == sorted(TYPES)
    for channel in DOCUMENT["channels"].values():
        assert set(channel["messages"]) == set(messages)
    assert set(messages["opened"]["headers"]["properties"]) == set(HEADERS)


def test_a_real_item_is_as_its_message_says_and_no_other() -> None:
    world = make_world()
    change(world, "GS-1")
    item = json.loads(world.books.rows[0].body)
    assert validator("opened").is_valid(item)
    assert not validator("closed").is_valid(item), "its type is another one"
    for broken in (
        {**item, "specversion": "0.3"},
        {**item, "more": 1},
        {**item, "data": {**item["data"], "state": "lost"}},
        {name: value for name, value in item.items() if name != "id"},
    ):
        assert not validator("opened").is_valid(broken)


@pytest.mark.parametrize("role", [Role.GRID, Role.ADMINISTRATOR])
async def test_it_is_served_for_a_key_and_says_what_openapi_says(role: Role) -> None:
    app = make_app(make_world())
    async with client_of(app, TOKENS[role]) as client:
        answer = await client.get("/grid/v1/asyncapi.json")
    assert answer.json() == DOCUMENT
    schemas = openapi_document(app)["components"]["schemas"]
    for name, schema in DOCUMENT["components"]["schemas"].items():
        assert json.loads(json.dumps(schemas[name])) == json.loads(json.dumps(schema)), name
