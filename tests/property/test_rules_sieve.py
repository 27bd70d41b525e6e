"""What a sieve holds back has nothing new to say: with and without it all is the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random
from typing import Any
from unittest.mock import patch

import msgspec
import pytest

from hub.model.place import Place
from hub.model.report import Report, Topic, Value
from hub.ports import StateRow
from rules.engine import Engine
from rules.sieve import Sieve
from rules.state import DeviceState
from tests.unit.rules.gate import GATE, GATE_MODEL, T0, avail, load, say, write

PLACES = {"c/a": Place(path="c/a", name="a")}
CONDITIONS = (
    "arm.position == 'open'",
    "arm.position != 'open' and not loop.occupied",
    "not boom.broken",
    "mode in ('manual', 'hold_open')",
    "mode not in ('auto',) or boom.broken",
    "not (arm.position == 'open' and mode == 'auto')",
    "loop.occupied == true and motor.temperature > 30",
    "(boom.broken or mode == 'manual') and duration(loop.occupied) > '20s'",
    "count_events('vehicle.passed','1m') >= 2",
    "count_events('vehicle.passed','1m') == 0 and loop.occupied",
    "count_events('vehicle.passed','1m') < 2 and boom.broken",
    "count_events('vehicle.passed','40s') >= 1 and arm.position == 'open'",
    "count_events('vehicle.passed','1m') >= 1 or mode == 'manual'",
    "mode == 'manual' and count_events('vehicle.passed','1m') >= 1",
    "changes(loop.occupied,'1m') >= 2 and not boom.broken",
    "avg(motor.temperature,'1m') > 20 and mode == 'auto'",
)
INSTANTS = (
    "event('vehicle.passed') and loop.occupied",
    "event('{name}.missed') and count_events('{name}.missed','5m') >= 2",
    "followed('power.lost','vehicle.passed','1m')",
)
COUNTED = ("count_events('{name}.missed','5m') >= 2", "count_events('{name}.missed','5m') >= 1")
HOLDS = ("", 'hold = "45s"', 'release = "20s"', "clear = \"mode == 'auto'\"")
AFTERS = (
    "arm.position == 'open' and not loop.occupied",
    "command('open')",
    "event('vehicle.passed') or command('open')",
    "mode == 'manual'",
)
EXPECTS = ("arm.position == 'closed'", "loop.occupied or boom.broken", "mode != 'manual'")
GAPS = (0.5, 3.0, 7.0, 15.0, 31.0, 400.0)
FLAGS = (True, False, None)
SAID: dict[str, tuple[Value | None, ...]] = {
    "motor_temperature": (None, 10, 40),
    "arm_position": ("open", "closed", "moving", None),
    "boom_broken": FLAGS,
    "loop_occupied": FLAGS,
    "mode": ("auto", "manual", "hold_open"),
}
DONE = (
    "passes",
    "passes",
    "power goes",
    "order",
    "goes",
    "comes",
    "cleared",
    "anew",
    "retained",
    "late",
)
CUTS = ("cut", "resumed")

Told = list[Any]


def write_rules(chance: Random) -> Iterator[str]:
    for place in range(chance.randint(3, 9)):
        name = f"r{place}"
        kind = chance.randint(0, 3)
        if not kind:
            yield write(chance.choice(INSTANTS[:1]), 'quiet = "30s"', name)
        elif kind == 1:
            when = chance.choice((*COUNTED, INSTANTS[1])).format(name=name)
            extra = 'release = "20s"' if "count_events" in when[:12] else 'quiet = "30s"'
            after, expect = chance.choice(AFTERS), chance.choice(EXPECTS)
            within = 'within = "10s"'
            yield write(when, f'after = "{after}"\nexpect = "{expect}"\n{within}\n{extra}', name)
        else:
            yield write(chance.choice(CONDITIONS), chance.choice(HOLDS), name)


def speak(chance: Random, at: float, what: str) -> Report:
    """Let the gate say one to three points, seldom as they were kept or are long over."""
    names = [each for each in SAID if each != "motor_temperature"]
    told = {each: chance.choice(SAID[each]) for each in chance.sample(names, chance.randint(1, 3))}
    report = say(at - (30.0 if what == "late" else 0.0), **told)
    if what == "retained":
        return msgspec.structs.replace(report, retained=True)
    return msgspec.structs.replace(report, received=T0 + at, late=what == "late")


def live(texts: list[str], chance: Random, done: tuple[str, ...]) -> Told:
    """Return all that rules decide, answer and have stored in a life of the gate."""
    engine = Engine(load(*texts))
    engine.set_world((GATE,), PLACES, {"g": GATE_MODEL})
    told: Told = [engine.advance(T0)]
    at = 0.0
    for _ in range(chance.randint(0, 60)):
        at += chance.choice(GAPS)
        told.append(engine.advance(T0 + at - 0.1))
        told.append(_step(engine, chance, at, chance.choice((*["says"] * 8, "measures", *done))))
        told.append(engine.explain("u1"))
        told.append(sorted(map(_row, engine.take_states()), key=str))
    told.append(engine.uplink.resume(T0 + at) + engine.advance(T0 + at + 4000))
    return told


def _step(engine: Engine, chance: Random, at: float, what: str) -> Any:  # noqa: ANN401, PLR0911
    if what in {"passes", "power goes"}:
        name = "vehicle.passed" if what == "passes" else "power.lost"
        report = msgspec.structs.replace(say(at), topic=Topic.EVENT, event=name)
        return engine.apply(report)
    if what == "measures":
        report = say(at, motor_temperature=chance.choice(SAID["motor_temperature"]))
        return engine.apply(msgspec.structs.replace(report, topic=Topic.TELEMETRY))
    if what == "order":
        return engine.command("u1", "open", T0 + at)
    if what == "cleared":
        return [engine.clear_by_hand("u1", f"r{place}", T0 + at) for place in range(9)]
    if what == "anew":
        return engine.set_world((GATE,), PLACES, {"g": GATE_MODEL})
    if what in CUTS:
        return (engine.uplink.suspend if what == "cut" else engine.uplink.resume)(T0 + at)
    if what in {"goes", "comes"}:
        return engine.apply(avail(at, online=what == "comes"))
    return engine.apply(speak(chance, at, what))


def _row(row: StateRow) -> tuple[str, bytes | None]:
    return row.key, row.data


Pick = Callable[[Sieve, DeviceState], tuple[int, ...]]


def live_with(pick: Pick, seed: int, done: tuple[str, ...]) -> Told:
    with patch.object(Sieve, "pick", pick):
        return live(list(write_rules(Random(seed))), Random(seed), done)


def take_all(sieve: Sieve, _d: DeviceState) -> tuple[int, ...]:
    return sieve.indices


@pytest.mark.parametrize("seed", range(150))
def test_rules_say_what_they_say_without_a_sieve(seed: int) -> None:
    done = (*DONE, *CUTS) if seed % 2 else DONE
    assert live_with(Sieve.pick, seed, done) == live_with(take_all, seed, done)


def test_a_sieve_that_forgets_what_is_open_is_caught() -> None:
    pick = Sieve.pick

    def forget(sieve: Sieve, d: DeviceState) -> tuple[int, ...]:
        awake, d.awake = d.awake, 0
        found = pick(sieve, d)
        d.awake = awake
        return found

    assert any(live_with(forget, n, DONE) != live_with(take_all, n, DONE) for n in range(40))


def test_a_sieve_holds_most_rules_back() -> None:
    pick, counts = Sieve.pick, [0, 0]

    def count(sieve: Sieve, d: DeviceState) -> tuple[int, ...]:
        found = pick(sieve, d)
        counts[0] += len(found)
        counts[1] += len(sieve.indices)
        return found

    for seed in range(40):
        live_with(count, seed, DONE)
    assert counts[0] < 0.8 * counts[1], counts
