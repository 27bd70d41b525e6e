"""A device that is heard no more: what the hub itself says of that is no sign of life."""

from __future__ import annotations

import msgspec

from hub.ports import Envelope
from tests.support.straight_hub import StraightHub, in_loop
from tests.unit.intake.stage import GATE, SITE

START = 1_764_000_000.0


def say(seq: int, at: float) -> Envelope:
    """Let the gate say that all is well, `at` seconds after the start."""
    points = {"arm.position": "closed", "mode": "auto"}
    body = {"boot": "b1", "seq": seq, "ts": START + at, "points": points}
    return Envelope(
        link="mqtt",
        address=f"ld/gs/{GATE.address}/state",
        payload=msgspec.json.encode(body),
        received=START + at,
        token=seq,
    )


def test_a_silent_gate_is_told_once_and_its_ticket_comes_after_the_settling_time() -> None:
    def live() -> StraightHub:
        hub = StraightHub(SITE, START)
        hub.hear(say(1, 0))
        hub.go_on(START + 3600)
        return hub

    hub = in_loop(live)
    told = [(each.type, each.at - START) for each in hub.journal() if each.subject == GATE.id]
    assert [kind for kind, _ in told] == ["device.silent", "alarm.raised"]
    (ticket,) = hub.tickets()
    assert ticket.opened_at == START + 3 * 60 + 60


def test_what_the_hub_counts_of_failed_exchanges_does_not_keep_a_device_alive() -> None:
    def live() -> StraightHub:
        hub = StraightHub(SITE, START)
        hub.hear(say(1, 0))
        for minute in range(1, 60):
            hub.go_on(START + 60 * minute)
            hub.intake.watch.slave_missed(GATE.uid)
            hub.turn()
        return hub

    hub = in_loop(live)
    (ticket,) = hub.tickets()
    assert ticket.opened_at == START + 3 * 60 + 60
    view = hub.intake.live.device(GATE.id)
    assert view is not None
    assert view.points["link.errors"].value == 59
    assert view.heard_at == START
