from collections.abc import AsyncIterator
from random import Random

import httpx2
import pytest

from simulators.community import Community
from simulators.control import Control, build_control
from simulators.gate import Gate
from simulators.mishap import Mishaps


@pytest.fixture
def begun() -> list[str]:
    return []


@pytest.fixture
async def http(community: Community, begun: list[str]) -> AsyncIterator[httpx2.AsyncClient]:
    mishaps = Mishaps(community, Random(1), None)

    async def begin() -> None:
        begun.append("script")

    app = build_control(Control(community, mishaps, lambda: None, begin))
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://sim") as client:
        yield client


async def test_a_fault_is_ordered_listed_and_ended(http: httpx2.AsyncClient) -> None:
    answer = await http.post("/faults", json={"name": "door-held", "for": "10m"})
    fault = answer.json()
    assert answer.status_code == 201
    assert set(fault) == {"id", "name", "device", "place", "since", "until"}
    assert fault["until"] - fault["since"] == 600
    assert (await http.get("/faults")).json() == [fault]
    assert (await http.delete(f"/faults/{fault['id']}")).status_code == 200
    assert (await http.get("/faults")).json() == []


async def test_an_unknown_word_is_422_and_names_the_nearest(http: httpx2.AsyncClient) -> None:
    answer = await http.post("/faults", json={"name": "dor-held"})
    assert answer.status_code == 422
    assert "door-held" in answer.json()["detail"]
    answer = await http.post("/faults", json={"name": "door-held", "device": "door-a"})
    assert answer.status_code == 422
    assert "the nearest is door-a-" in answer.json()["detail"]


async def test_an_unknown_field_is_422(http: httpx2.AsyncClient) -> None:
    answer = await http.post("/faults", json={"name": "door-held", "devise": "door-a-b1-u1"})
    assert answer.status_code == 422
    assert (await http.get("/faults")).json() == []


async def test_nulls_mean_the_lot_decides(http: httpx2.AsyncClient) -> None:
    body = {"name": "door-held", "device": None, "place": None, "for": None}
    answer = await http.post("/faults", json=body)
    assert answer.status_code == 201
    assert answer.json()["until"] is None


async def test_a_fault_that_is_not_going_on_cannot_be_ended(http: httpx2.AsyncClient) -> None:
    answer = await http.delete("/faults/f99")
    assert answer.status_code == 404
    assert "f99" in answer.json()["detail"]


async def test_the_log_says_what_moved_which_gate(
    http: httpx2.AsyncClient, community: Community
) -> None:
    gate = community.devices["gate-a-1-in"]
    assert isinstance(gate, Gate)
    gate.let_through()
    (entry,) = (await http.get("/log")).json()
    assert entry == {
        "command": None,
        "device": "gate-a-1-in",
        "do": "open",
        "at": community.agenda.now,
        "expires": None,
    }


async def test_the_script_begins_when_told(http: httpx2.AsyncClient, begun: list[str]) -> None:
    assert (await http.post("/script")).status_code == 204
    assert begun == ["script"]
