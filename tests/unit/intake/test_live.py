"""What pages see of a device: each point as it was said last, as of the last commit."""

from __future__ import annotations

from typing import Any

import msgspec

from hub.intake.live import LiveState
from hub.model.device import LinkState
from hub.model.report import Quality, Report, Sample, Topic, Value
from hub.ports import Changes, Document, HeardRow, PointRow, Snapshot
from hub.services.commission.state_book import DEVICES
from tests.support.shipped import MODELS
from tests.unit.intake.stage import GATE, OTHER, PLACES


def live() -> LiveState:
    state = LiveState()
    state.set_site([GATE, OTHER], PLACES, MODELS)
    return state


def report(at: float, *, late: bool = False, **values: Value) -> Report:
    samples = tuple(Sample(name.replace("_", "."), value) for name, value in values.items())
    return Report(
        address="gate-1",
        uid=GATE.uid,
        topic=Topic.STATE,
        at=at,
        received=at,
        late=late,
        samples=samples,
    )


def seen(state: LiveState) -> dict[str, tuple[Value | None, Quality, float]]:
    view = state.device("gate-1")
    assert view is not None
    return {name: (each.value, each.quality, each.at) for name, each in view.points.items()}


def row(point: str, value: Value | None, at: float) -> PointRow:
    quality = Quality.BAD if value is None else Quality.GOOD
    return PointRow(uid=GATE.uid, point=point, at=at, received=at, value=value, quality=quality)


def test_each_point_keeps_the_instant_at_which_it_was_said() -> None:
    state = live()
    first = report(1.0, boom_broken=False, loop_occupied=True, mode="auto")
    state.apply(Changes(readings=[first, report(2.0, loop_occupied=False)]))
    state.apply(Changes(readings=[report(9.0, late=True, mode="manual")]))
    assert seen(state) == {
        "boom.broken": (False, Quality.GOOD, 1.0),
        "loop.occupied": (False, Quality.GOOD, 2.0),
        "mode": ("auto", Quality.GOOD, 1.0),
    }


def test_after_a_start_they_are_as_they_were_stored() -> None:
    state = live()
    points = [row("mode", "auto", 1.0), row("boom.broken", None, 1.0), row("fault.code", "e", 2.0)]
    empty = ("cursors", "heard", "states", "alarms", "tickets", "commands")
    nothing: dict[str, Any] = {name: [] for name in empty}
    state.restore(Snapshot(points=points, last_seq=0, last_ticket={}, **nothing))
    state.apply(Changes(readings=[report(3.0, mode="manual")]))
    assert seen(state) == {
        "mode": ("manual", Quality.GOOD, 3.0),
        "boom.broken": (None, Quality.BAD, 1.0),
        "fault.code": ("e", Quality.GOOD, 2.0),
    }


def test_a_device_is_replaced_only_by_another_one() -> None:
    state = live()
    same = Document(collection=DEVICES, key="gate-1", body=msgspec.json.encode(GATE))
    state.apply(Changes(documents=[same]))
    view = state.device("gate-1")
    assert view is not None
    assert view.device is GATE, "ten thousand copies would be 6 MB"
    named = msgspec.structs.replace(GATE, name="北门")
    state.apply(Changes(documents=[msgspec.structs.replace(same, body=msgspec.json.encode(named))]))
    view = state.device("gate-1")
    assert view is not None
    assert view.device == named


def test_links_are_told_without_their_points() -> None:
    state = live()
    heard = HeardRow(uid=OTHER.uid, at=1.0, state=LinkState.SILENT, boot="b")
    state.apply(Changes(heard=[heard]))
    assert list(state.links()) == [LinkState.UNKNOWN, LinkState.SILENT]
