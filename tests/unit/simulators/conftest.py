"""A community without sockets: messages end in a list."""

from collections.abc import Callable
from random import Random

import pytest

from hub.model.device import Kind
from simulators.agenda import Agenda
from simulators.community import Community
from simulators.device import Movement, Surroundings
from simulators.guanshan import build_site
from simulators.site import DeviceRow, on_mqtt
from tests.unit.simulators.tape import Tape

NOON = 1_764_043_200.0


@pytest.fixture
def tape() -> Tape:
    return Tape()


@pytest.fixture
def agenda() -> Agenda:
    return Agenda(NOON)


@pytest.fixture
def moves() -> list[Movement]:
    return []


@pytest.fixture
def around(agenda: Agenda, tape: Tape, moves: list[Movement]) -> Surroundings:
    return Surroundings(agenda=agenda, wire=tape, chance=Random(1), log=moves.append)


@pytest.fixture
def row_of() -> Callable[[Kind], DeviceRow]:
    def make(kind: Kind) -> DeviceRow:
        return DeviceRow(
            id=f"{kind}-1", address="d1", kind=kind, model="m", place="guanshan/a", name="一号"
        )

    return make


@pytest.fixture
def community(tape: Tape) -> Community:
    """All of a small Guanshan, lying still until `live` is called."""
    site = build_site(devices=100, seed=3)
    community = Community(site.devices, now=NOON, seed=3)
    for row in on_mqtt(site.devices):
        community.wire(row, tape)
    for gateway in ("electricity-1", "water-1"):
        community.bus(gateway)
    return community
