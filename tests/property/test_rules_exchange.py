"""Rules that are put in force on what goes on, and a world that is built anew, say the same."""

from __future__ import annotations

from unittest.mock import patch

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from device_drivers.catalogue import load_models, shipped_models
from hub.model.alarm import Decision
from hub.model.device import Device, DeviceUid, Kind
from hub.model.place import Place
from hub.model.report import Report, Sample, Topic, Value
from rules.engine import Engine
from rules.rule import Rule
from rules.ruleset import load_rules

T0 = 1_764_000_000.0
MODELS = load_models(shipped_models())
PLACES = {"c": Place(path="c", name="c")}
GATE, DOOR = Kind.BARRIER_GATE, Kind.UNIT_DOOR
DEVICES = [
    Device(uid=DeviceUid(uid), id=uid, address=uid, kind=kind, model=model, place="c")
    for uid, kind, model in (
        ("g1", GATE, "ld-barrier-gate"),
        ("g2", GATE, "ld-barrier-gate"),
        ("d1", DOOR, "ld-unit-door"),
    )
]
POOL = {
    "warm": (GATE, "motor.temperature > {n}0", 'hold = "90s"'),
    "mean": (GATE, "avg(motor.temperature,'2m') > {n}0", ""),
    "warmer": (GATE, "motor.temperature >= {n}5", ""),
    "mean-too": (GATE, "avg(motor.temperature,'2m') > {n}5 and mode != 'manual'", 'hold = "30s"'),
    "by-hand": (GATE, "count_events('opened.locally','5m') >= {n}", ""),
    "long": (GATE, "duration(arm.position == 'open') > '{n}m'", 'release = "30s"'),
    "share": (GATE, "sibling_share(boom.broken) > 0.{n}", ""),
    "open": (DOOR, "door.open", 'hold = "{n}m"'),
    "silent": (DOOR, "silent('{n}m')", ""),
}
texts = st.dictionaries(
    st.sampled_from(sorted(POOL)), st.tuples(st.integers(1, 4), st.booleans()), min_size=1
)
words = st.one_of(
    st.tuples(st.just("motor.temperature"), st.integers(0, 50).map(float)),
    st.tuples(st.just("arm.position"), st.sampled_from(["open", "closed"])),
    st.tuples(st.just("boom.broken"), st.booleans()),
    st.tuples(st.just("door.open"), st.booleans()),
    st.just(("opened.locally", "")),
)
said = st.tuples(st.sampled_from(["g1", "g2", "d1"]), words)
steps = st.lists(st.tuples(st.integers(0, 100), st.one_of(said, texts)), max_size=40)


def load(chosen: dict[str, tuple[int, bool]]) -> tuple[Rule, ...]:
    """Write rules of the pool, each with a number and whether it is on trial."""
    parts = []
    for name, (number, trial) in chosen.items():
        kind, when, extra = POOL[name]
        parts.append(
            f'[[rule]]\nid = "{name}"\nname = {{ zh = "规则", en = "rule" }}\nkind = "{kind}"\n'
            f'when = "{when.format(n=number)}"\n{extra.format(n=number)}\n'
            f"trial = {str(trial).lower()}\n"
        )
    return load_rules({"r.toml": "\n".join(parts)}, MODELS, prove=False)


def report(uid: str, at: float, point: str, value: Value) -> Report:
    event = point if point == "opened.locally" else ""
    return Report(
        address=uid,
        uid=DeviceUid(uid),
        topic=Topic.EVENT if event else Topic.STATE,
        at=at,
        received=at,
        event=event,
        samples=() if event else (Sample(point, value),),
    )


def spell(decisions: list[Decision]) -> list[str]:
    return sorted(msgspec.json.encode(each).decode() for each in decisions)


def start(chosen: dict[str, tuple[int, bool]]) -> Engine:
    engine = Engine(load(chosen), judge_clocks=False)
    engine.set_world(DEVICES, PLACES, MODELS)
    engine.advance(T0)
    return engine


@settings(max_examples=150)
@given(first=texts, steps=steps)
def test_what_is_exchanged_says_what_is_built_anew(
    first: dict[str, tuple[int, bool]],
    steps: list[tuple[int, dict[str, tuple[int, bool]] | tuple[str, tuple[str, Value]]]],
) -> None:
    going, anew = start(first), start(first)
    stored: tuple[dict[str, bytes | None], dict[str, bytes | None]] = {}, {}
    now = T0
    for gap, what in (*steps, (900, ("g1", ("boom.broken", False)))):
        now += gap
        assert spell(going.advance(now - 0.5)) == spell(anew.advance(now - 0.5))
        if isinstance(what, dict):
            answers = going.set_rules(load(what), now)
            with patch("rules.engine.exchange", return_value=False):
                assert spell(answers) == spell(anew.set_rules(load(what), now))
        else:
            said = report(what[0], now, *what[1])
            assert spell(going.apply(said)) == spell(anew.apply(said))
        for engine, rows in zip((going, anew), stored, strict=True):
            rows.update({row.key: row.data for row in engine.take_states()})
        left = [{key for key, data in rows.items() if data} for rows in stored]
        assert left[0] == left[1]
    for device in DEVICES:
        assert going.explain(device.uid) == anew.explain(device.uid)
