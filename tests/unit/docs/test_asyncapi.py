"""`docs/asyncapi.json` says what the code does: its examples decode, and it leaves no topic out."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from device_drivers.catalogue import load_models, shipped_models
from device_drivers.dialects import lingdang
from device_drivers.dialects.lingdang import LingdangDriver, encode_command
from device_drivers.links.mqtt_settings import LAST_WORDS
from hub.errors import ProtocolError
from hub.model.command import Command, CommandState
from hub.model.device import Device, DeviceUid
from hub.model.report import Quality, Report, Topic
from hub.ports import Envelope
from hub.services.command import EXPIRY

DOCUMENT = json.loads((Path(__file__).parents[3] / "docs/asyncapi.json").read_text("utf-8"))
MODELS = load_models(shipped_models())
DRIVER = LingdangDriver(MODELS)
NOW = 1_764_000_010.0
COMMAND = "cmd"
RETAINED = {"state", "avail"}


def resolve(thing: dict[str, Any]) -> dict[str, Any]:
    """Follow `$ref`s within the document."""
    while "$ref" in thing:
        found: Any = DOCUMENT
        for word in thing["$ref"].removeprefix("#/").split("/"):
            found = found[word]
        thing = found
    return thing


def schema_of(kind: str) -> dict[str, Any]:
    message = resolve(DOCUMENT["channels"][kind]["messages"][kind])
    return resolve(message["payload"])


def examples() -> Iterator[Any]:
    """Yield (topic kind, model, payload) of every example but the command's."""
    for kind, channel in DOCUMENT["channels"].items():
        for each in resolve(channel["messages"][kind])["examples"] if kind != COMMAND else ():
            model = each["summary"].removeprefix("model ")
            yield pytest.param(kind, model, each["payload"], id=f"{kind}: {each['name']}")


def decode(kind: str, model: str, payload: dict[str, Any], *, retained: bool = False) -> Report:
    address = DOCUMENT["channels"][kind]["address"].format(community="guanshan", address="g1")
    device = Device(
        uid=DeviceUid("u1"),
        id="g",
        address="g1",
        kind=MODELS[model].kind,
        model=model,
        place="guanshan",
    )
    body = json.dumps(payload).encode()
    envelope = Envelope(link="mqtt", address=address, payload=body, received=NOW, retained=retained)
    (report,) = DRIVER.decode(envelope, device)
    return report


def test_each_topic_kind_has_its_channel_and_nothing_else_has() -> None:
    assert set(DOCUMENT["channels"]) == {*Topic, COMMAND}


def test_the_hub_receives_what_its_sessions_subscribe_to_and_sends_commands() -> None:
    actions = {
        each["channel"]["$ref"].rpartition("/")[2]: each["action"]
        for each in DOCUMENT["operations"].values()
    }
    heard = {word for words in LAST_WORDS.values() for word in words}
    assert actions == {COMMAND: "send", **dict.fromkeys(heard, "receive")}


def test_every_reference_leads_somewhere() -> None:
    for channel in DOCUMENT["channels"].values():
        for message in channel["messages"].values():
            assert resolve(resolve(message)["payload"])["type"] == "object"
    for operation in DOCUMENT["operations"].values():
        assert resolve(operation["channel"])["address"].startswith("ld/")


@pytest.mark.parametrize(("kind", "model", "payload"), list(examples()))
def test_an_example_decodes_to_a_report_of_its_kind(
    kind: str, model: str, payload: dict[str, Any]
) -> None:
    report = decode(kind, model, payload, retained=kind in RETAINED)
    assert report.topic == kind
    assert report.address == "g1"
    assert report.seq == payload.get("seq")
    assert {sample.point for sample in report.samples} == set(payload.get("points", {}))
    bad = {sample.point for sample in report.samples if sample.quality is Quality.BAD}
    assert bad == {name for name, value in payload.get("points", {}).items() if value is None}


@pytest.mark.parametrize(("kind", "model", "payload"), list(examples()))
def test_a_field_is_needed_exactly_where_the_schema_says_so(
    kind: str, model: str, payload: dict[str, Any]
) -> None:
    needed = set(schema_of(kind)["required"])
    for name in payload:
        rest = {key: value for key, value in payload.items() if key != name}
        if name in needed:
            with pytest.raises(ProtocolError):
                decode(kind, model, rest)
        else:
            assert decode(kind, model, rest).topic == kind


@pytest.mark.parametrize("kind", list(Topic))
def test_a_schema_names_the_fields_that_the_driver_reads(kind: Topic) -> None:
    fields = msgspec.structs.fields(lingdang._FORMS[kind].type)
    assert set(schema_of(kind)["properties"]) == {field.encode_name for field in fields}


@pytest.mark.parametrize(
    ("kind", "field"), [("ack", "result"), ("avail", "state")], ids=["ack", "avail"]
)
def test_each_word_of_a_choice_is_understood_and_no_other(kind: str, field: str) -> None:
    payload = {"id": "c1", field: ""} if kind == "ack" else {field: ""}
    for word in schema_of(kind)["properties"][field]["enum"]:
        assert decode(kind, "ld-barrier-gate", payload | {field: word}).topic == kind
    with pytest.raises(ProtocolError):
        decode(kind, "ld-barrier-gate", payload | {field: "perhaps"})


def test_only_what_is_kept_by_the_broker_may_be_retained() -> None:
    told = {
        each["channel"]["$ref"].rpartition("/")[2]: each["bindings"]["mqtt"]["retain"]
        for each in DOCUMENT["operations"].values()
    }
    assert {kind for kind, retain in told.items() if retain} == RETAINED
    event = {"name": "opened.locally"}
    with pytest.raises(ProtocolError, match="retained"):
        decode("event", "ld-barrier-gate", event, retained=True)
    with pytest.raises(ProtocolError, match="retained"):
        decode("ack", "ld-barrier-gate", {"id": "c1", "result": "received"}, retained=True)


def test_a_command_is_written_as_the_document_says() -> None:
    command = Command(
        id="c1",
        uid=DeviceUid("u1"),
        device="g",
        do="open",
        actor="li",
        reason="ambulance",
        issued=NOW,
        expires=NOW + EXPIRY,
        state=CommandState.AUTHORISED,
    )
    word, body = encode_command(command)
    written = json.loads(body)
    schema = schema_of(word)
    assert word == COMMAND
    assert set(written) == set(schema["properties"]) == set(schema["required"])
    (example,) = resolve(DOCUMENT["channels"][COMMAND]["messages"][COMMAND])["examples"]
    assert set(example["payload"]) == set(written)
    assert example["payload"]["expires"] - example["payload"]["issued"] == pytest.approx(EXPIRY)


def test_no_example_puts_a_field_that_its_schema_does_not_name() -> None:
    for kind, channel in DOCUMENT["channels"].items():
        known = set(schema_of(kind)["properties"])
        for each in resolve(channel["messages"][kind])["examples"]:
            assert set(each["payload"]) <= known, each["name"]
