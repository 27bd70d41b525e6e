"""A back-test of what is news finds all that a back-test of every message finds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from hub.clock import SystemClock
from hub.model.device import Device
from hub.model.repeats import Repeats
from hub.model.report import Quality, Report, Sample, Topic
from hub.ports import Changes, EventRow
from hub.store.readings.replay import replay_file, replay_news
from hub.store.sqlite import open_store
from rules.backtest import backtest, concerned
from tests.property.library_story import BAD, EVENTS, MODELS, SITE, VALUES
from tests.unit.intake.stage import PLACES, RULES

HOURS = 4
START = 490_000 * 3600.0
END = START + HOURS * 3600
BEAT = 60.0


def live(who: Device, chance: Random) -> Iterator[Report | EventRow]:
    """Say the same most of the time: with changes, doubts, pauses, and what has waited."""
    specs = MODELS[who.model].points
    names = [name for name in specs if name in VALUES]
    values = {name: VALUES[name][-1 if name in BAD else 0] for name in names}
    at, seq, shift = START + chance.random() * BEAT, 0, 0.001 * SITE.index(who)
    while at < END - 1:
        at += BEAT if chance.random() < 0.995 else chance.choice((2.0, 30.0, 400.0, 1300.0))
        seq += 1
        changed = [name for name in names if chance.random() < 0.01]
        values |= {name: chance.choice(VALUES[name]) for name in changed}
        bad = chance.choice(names) if names and chance.random() < 0.002 else ""
        lag = chance.choice((0.0, 0.0, 0.3, 0.9)) if chance.random() < 0.997 else 40.0
        for measured in (False, True):
            said = [name for name in names if bool(specs[name].period) is measured]
            if said and (not measured or seq % 3 == 0):
                yield report(who, at + shift, lag, seq, {n: values[n] for n in said if n != bad})
        if who.id in EVENTS and chance.random() < 0.01:
            yield happening(who, at + 1, seq, chance.choice(EVENTS[who.id]))


def report(who: Device, at: float, lag: float, seq: int, points: dict[str, object]) -> Report:
    samples = [Sample(name, value) for name, value in points.items()]  # type: ignore[arg-type]
    if seq % 197 == 0:
        samples = [Sample(each.point, None, Quality.BAD) for each in samples]
    return Report(
        address="",
        uid=who.uid,
        topic=Topic.STATE,
        at=at,
        received=at + lag,
        boot="b1",
        seq=seq,
        samples=tuple(samples),
    )


def happening(who: Device, at: float, seq: int, name: str) -> EventRow:
    return EventRow(uid=who.uid, at=at, received=at, boot="b1", seq=seq, name=name, data={})


async def store_life(path: Path, chance: Random) -> None:
    said = [each for who in SITE for each in live(who, chance)]
    readings = [each for each in said if isinstance(each, Report) and each.samples]
    events = [each for each in said if isinstance(each, EventRow)]
    async with open_store(path, clock=SystemClock()) as store:
        await store.committer.commit(Changes(readings=readings, events=events))
        await store.upkeep.tidy(now=END + 1e5)


@pytest.mark.parametrize("seed", range(6))
async def test_what_is_left_out_changes_nothing(tmp_path: Path, seed: int) -> None:
    path = tmp_path / "hub.db"
    await store_life(path, Random(seed))
    needs = concerned(RULES, SITE, PLACES, MODELS)
    news = list(replay_news(path, start=START, end=END + 60, needs=needs))
    every = list(replay_file(path, start=START, end=END + 60, uids=needs))
    found = backtest(RULES, news, SITE, PLACES, MODELS)
    assert found == backtest(RULES, every, SITE, PLACES, MODELS)
    assert len(found.alarms) > 20
    left_out = sum(each.count for each in news if isinstance(each, Repeats))
    assert found.reports == len(every)
    assert left_out > len(every) / 5
