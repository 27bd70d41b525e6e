"""The roll call of the first week: heard, never heard, and heard but unlisted."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hub.model.device import Device, DeviceUid, Kind, Lifecycle, LinkState
from hub.ports import DeviceView
from hub.services.roll import call_roll, guess_kind
from tests.support.workbook import MODELS


def view(name: str, heard: float | None, **more: object) -> DeviceView:
    uid = DeviceUid(name)
    made: dict[str, Any] = {
        "kind": Kind.BARRIER_GATE,
        "model": "ld-barrier-gate",
        "place": "gs",
        **more,
    }
    device = Device(uid=uid, id=name, address=name.upper(), **made)
    return DeviceView(device=device, link=LinkState.UNKNOWN, heard_at=heard, points={})


def newcomer(address: str, **points: object) -> dict[str, Any]:
    sample = json.dumps({"boot": "b", "seq": 1, "points": points}).encode()
    seen = {"first_seen": 1.0, "last_seen": 2.0, "count": 3}
    return {"link": "mqtt", "address": address, "sample": sample, "guess": "lingdang", **seen}


def test_who_was_heard_who_never_was_and_who_is_unlisted() -> None:
    views = [
        view("gate-1", 5.0),
        view("gate-2", None),
        view("gate-5", 5.0),
        view("gate-3", None, state=Lifecycle.PLANNED),
        view("gate-4", None, state=Lifecycle.RETIRED),
        view("hub", None, kind=Kind.HUB),
    ]
    roll = call_roll(
        views, [newcomer("gate-2"), newcomer("X-99"), newcomer("GATE-5x")], MODELS.values()
    )
    assert (roll.heard, [each.id for each in roll.absent]) == (2, ["gate-2"])
    assert [(each.address, each.near) for each in roll.strangers] == [
        ("gate-2", "gate-2"),
        ("X-99", ""),
        ("GATE-5x", "gate-5"),
    ]


@pytest.mark.parametrize(
    ("names", "kinds", "model"),
    [
        (("arm.position", "loop.occupied"), (Kind.BARRIER_GATE,), "ld-barrier-gate"),
        (("door.open", "lock.locked", "our.own"), (Kind.UNIT_DOOR,), "ld-unit-door"),
        (("trapped",), (Kind.LIFT_ALARM,), "ld-lift-alarm"),
    ],
)
def test_a_stranger_is_guessed_by_what_it_says(
    names: tuple[str, ...], kinds: tuple[Kind, ...], model: str
) -> None:
    sample = json.dumps({"points": dict.fromkeys(names, 1)}).encode()
    guess = guess_kind(sample, "lingdang", MODELS.values())
    assert guess is not None
    assert (guess.kinds, guess.model) == (kinds, model)
    assert names[0] in guess.reason["zh"]
    assert f"of {len(names)} names" in guess.reason["en"]


def test_several_kinds_say_the_same_and_are_all_named() -> None:
    guess = guess_kind(b'{"points":{"port.3.up":true}}', "lingdang", MODELS.values())
    assert guess is not None
    assert {Kind.SWITCH, Kind.GATEWAY} <= set(guess.kinds)
    assert guess.model == ""


@pytest.mark.parametrize("sample", [b"", b"\xff", b"[]", b'{"points":3}', b'{"points":{"x":1}}'])
def test_what_says_nothing_is_not_guessed(sample: bytes) -> None:
    assert guess_kind(sample, "lingdang", MODELS.values()) is None
