"""Why is there no alarm? Whoever was taken in by another alarm says by which."""

from __future__ import annotations

import msgspec

from hub.clock import ManualClock
from hub.model.device import Kind
from hub.store.memory import MemoryStore
from tests.unit.intake.stage import Stage, device, stage

SWITCH = msgspec.structs.replace(device("sw-1", Kind.SWITCH), name="三号交换机")
CAMERA = device("cam-1", Kind.CAMERA, upstream="sw-1")
SITE = (SWITCH, CAMERA)


def closed(run: Stage, device_id: str) -> list[tuple[str, str]]:
    return [
        (each["gate"], each["reason"]["zh"])
        for each in run.intake.live.why(device_id)
        if each["answer"] == "closed" and each["gate"] in {"explained", "topology"}
    ]


async def test_a_folded_alarm_names_what_explains_it_over_a_restart_too() -> None:
    clock = ManualClock()
    store = MemoryStore(clock)
    async with stage(store, clock, SITE) as run:
        for each in SITE:
            run.say("state", {"points": {"online": True}}, of=each)
        await run.settle()
        assert closed(run, "cam-1") == []
        await run.settle(300)
        told = closed(run, "cam-1")
        assert [gate for gate, _ in told] == ["explained", "topology"]
        assert all("由“三号交换机”的“" in reason for _, reason in told)
        assert closed(run, "sw-1") == []
    async with stage(store, clock, SITE) as run:
        assert closed(run, "cam-1") == told
