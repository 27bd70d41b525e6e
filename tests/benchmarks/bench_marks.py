"""What it costs to ask the gates about every open alarm again, each ten seconds of a fire.

CPU time of this process.
"""

from __future__ import annotations

import time

import pytest

from hub.intake.gatehouse import Gatehouse
from hub.model.alarm import Alarm, AlarmState, Severity
from hub.model.window import Window, WindowKind
from rules.engine import Engine
from tests.benchmarks.bench_rules import LIBRARY, MODELS, PLACES, START, make_devices
from tests.benchmarks.report import Row, print_table, spread, write_results

pytestmark = [pytest.mark.bench, pytest.mark.timeout(300)]

ALARMS, RUNS = 5_000, 7
TEXT = {"zh": "停水", "en": "no water"}


def test_open_alarms_are_asked_again() -> None:
    devices = make_devices(10_000)
    engine = Engine(LIBRARY)
    engine.set_world(devices, PLACES, MODELS)
    gates = Gatehouse(devices, PLACES)
    notice = {"kind": WindowKind.NOTICE, "start": START, "end": START + 3600, "text": TEXT}
    rules = [rule.id for rule in LIBRARY]
    alarms = [
        Alarm(
            id=f"a{number}",
            subject=devices[number].id,
            uid=devices[number].uid,
            place=devices[number].place,
            rule=rules[number % len(rules)],
            fault="",
            name=TEXT,
            severity=Severity.MAJOR,
            state=AlarmState.RAISED,
            raised_at=START,
        )
        for number in range(ALARMS)
    ]
    rows = []
    for name, place in (("elsewhere", "c/b99"), ("of all of them", "c")):
        gates.set_windows([Window(id="w1", place=place, **notice)])  # type: ignore[arg-type]
        times = []
        for _ in range(RUNS):
            begun = time.process_time()
            gates.find_marks(alarms, engine.inhibits, START + 1)
            times.append(1000 * (time.process_time() - begun))
        rows.append(Row(f"{ALARMS:,} open alarms, a notice {name}, ms", spread(times, 1)))
    print_table("the gates ask again", rows)
    write_results("marks", {"rows": [row._asdict() for row in rows]})
