"""What identifies people lies in a row of its own, and rules live on when it is forgotten."""

from __future__ import annotations

import msgspec

from hub.model.device import DeviceUid
from hub.model.report import Report, Topic
from hub.ports import StateRow
from rules.engine import Engine
from tests.unit.rules.gate import T0, brief, start, write

PLATE = "hash-of-nobody"
SAME = "count_events('vehicle.passed','1h',same='plate') >= 3"
RULE = write(SAME, "clear = \"mode == 'manual'\"")
COUNT = write("count_events('opened.locally','1h') >= 3", "clear = \"mode == 'manual'\"", "s")


def passed(at: float, name: str = "vehicle.passed") -> Report:
    return Report(
        address="u1",
        uid=DeviceUid("u1"),
        topic=Topic.EVENT,
        at=T0 + at,
        received=T0 + at,
        event=name,
        data={"plate": PLATE},
    )


def stored(engine: Engine) -> dict[str, StateRow]:
    return {row.key: row for row in engine.take_states()}


def restarted(rows: dict[str, StateRow]) -> Engine:
    engine = start(RULE, COUNT)
    engine.take_states()
    engine.restore(rows.values(), [], [], [], T0 + 100)
    return engine


def test_plates_lie_apart_from_what_has_to_be_kept_and_say_since_when() -> None:
    engine = start(RULE, COUNT)
    engine.apply(passed(1))
    engine.apply(passed(2, "opened.locally"))
    engine.apply(passed(3))
    rows = stored(engine)
    assert {key for key, row in rows.items() if PLATE.encode() in (row.data or b"")} == {"u1|#"}
    assert rows["u1|#"].personal_at == T0 + 3
    assert rows["u1|"].personal_at is None
    engine.apply(passed(4, "opened.locally"))
    assert "u1|#" not in stored(engine), "only what has changed"


def test_a_count_goes_on_over_a_restart_and_begins_anew_once_it_is_forgotten() -> None:
    engine = start(RULE, COUNT)
    for at in (1, 2):
        engine.apply(passed(at))
        engine.apply(passed(at, "opened.locally"))
    rows = stored(engine)
    again = restarted(rows)
    assert brief(again.apply(passed(101))) == [("raise", 101.0)]
    del rows["u1|#"]
    forgotten = restarted(rows)
    assert forgotten.apply(passed(101)) == []
    raised = forgotten.apply(passed(102, "opened.locally"))
    assert [each.rule for each in raised] == ["s"], "what tells of nobody was kept"


def test_groups_that_a_hub_of_before_has_stored_among_the_rest_are_parted_at_the_start() -> None:
    engine = start(RULE, COUNT)
    engine.apply(passed(1))
    engine.apply(passed(2, "opened.locally"))
    rows = stored(engine)
    counts = msgspec.msgpack.decode(rows["u1|"].data or b"")
    counts[0] |= msgspec.msgpack.decode(rows.pop("u1|#").data or b"")
    old = {"u1|": StateRow(key="u1|", data=msgspec.msgpack.encode(counts))}
    parted = stored(restarted(old))
    assert PLATE.encode() not in (parted["u1|"].data or b"")
    assert PLATE.encode() in (parted["u1|#"].data or b"")
