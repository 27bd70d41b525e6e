"""Days of a community in virtual time: a hub with troubles decides what one without them does."""

from __future__ import annotations

import os
import sys
from collections import Counter
from functools import lru_cache
from typing import Any

import pytest

from hub.intake.hearing import Hearing
from hub.intake.identity import IdentityBook, Seen
from hub.model.report import Report
from hub.store.memory_tables import Tables
from rules import cut, facts, uplink
from rules.runner import Runner
from rules.state import DeviceState
from tests.chaos.community import Community
from tests.chaos.simulation import START, Broker, Outcome, Trouble, simulate

SEED = int(os.environ.get("SIMULATION_SEED", "20261125"))
RUNS = int(os.environ.get("SIMULATION_RUNS", "5"))
pytestmark = [pytest.mark.chaos, pytest.mark.timeout(240 + 60 * RUNS)]

HOUR = 3600.0
YEAR = 365 * 24 * HOUR
TRIES = 8
"""Days that a broken hub has to live through: what catches it does not happen on each."""
BRIEF, DAY, LONG = 12 * HOUR, 24 * HOUR, 72 * HOUR


untroubled = lru_cache(simulate)
"""The same run without troubles."""


def faults(found: Outcome, truth: Outcome, seed: int, seconds: float) -> list[str]:
    """Return what is wrong with a run, a sentence each."""
    community = Community(seed, seconds, START)
    expected = community.raises
    raised = Counter(alarm[:2] for alarm in found.alarms)
    checks = {
        "a message was never acknowledged": found.is_done,
        "a message is missing, or was stored twice": found.stored == {1: len(community.lines)},
        "an alarm is missing or was raised too often": raised == expected,
        "an alarm has other instants than without troubles": found.alarms == truth.alarms,
        "a ticket is missing, or there are two": found.tickets == truth.tickets,
        "the journal has a gap": found.journal == list(range(1, len(found.journal) + 1)),
    }
    return [sentence for sentence, holds in checks.items() if not holds]


@pytest.mark.parametrize(("runs", "seconds"), [(1, LONG), (RUNS, BRIEF)])
def test_stops_crashes_and_cuts_change_no_alarm_and_no_ticket(runs: int, seconds: float) -> None:
    total: Counter[str] = Counter()
    for seed in range(SEED, SEED + runs):
        truth = untroubled(seed, seconds)
        found = simulate(seed, seconds, troubled=True)
        assert faults(found, truth, seed, seconds) == [], seed
        total += found.troubles
        total += Counter(messages=found.delivered, twice=found.doubled, alarms=len(found.alarms))
    sys.stdout.write(
        f"\nseeds {SEED}..{SEED + runs - 1}, {seconds / HOUR:.0f} h each: {dict(total)}\n"
    )
    assert min(total["stop"], total["crash"], total["cut"], total["alarms"]) > 0


@pytest.mark.parametrize("kind", ["crash", "cut"])
def test_thirteen_hours_without_the_hub_change_no_alarm_and_no_ticket(kind: str) -> None:
    outage = Trouble(kind=kind, at=20 * HOUR, until=33 * HOUR)
    truth = untroubled(SEED, LONG)
    found = simulate(SEED, LONG, troubles=[outage])
    assert faults(found, truth, SEED, LONG) == []


@pytest.mark.parametrize("by", [HOUR, -HOUR, 10 * YEAR, -10 * YEAR])
def test_a_hub_that_starts_with_a_wrong_clock_misses_nothing_and_blames_nobody(by: float) -> None:
    troubles = [
        Trouble(kind="crash", at=4 * HOUR, until=4 * HOUR + 2, by=by),
        Trouble(kind="crash", at=8 * HOUR, until=8 * HOUR + 2, by=-by),
    ]
    found = simulate(SEED, BRIEF, troubles=troubles)
    raised = Counter(alarm[:2] for alarm in found.alarms)
    expected = Community(SEED, BRIEF, START).raises
    assert expected - raised == Counter()
    # What was going on when the clock was set forward has lasted as long as that, for all it knows.
    assert sum((raised - expected).values()) <= 2
    assert {rule for _, rule in raised} == {rule for _, rule in expected}
    assert found.is_done


def test_the_same_seed_gives_the_same_run() -> None:
    first, second = (simulate(SEED, BRIEF, troubled=True) for _ in range(2))
    assert first == second


def acknowledges_early(patch: pytest.MonkeyPatch) -> None:
    """Acknowledge what is delivered before it is stored."""
    deliver = Broker.waited

    def waited(self: Broker) -> list[Any]:
        envelopes = deliver(self)
        self._acknowledged = self._said
        return envelopes

    patch.setattr(Broker, "waited", waited)
    patch.setattr(Broker, "take_acknowledgements", lambda self, run: run.acknowledged.clear())


def has_no_lasting_session(patch: pytest.MonkeyPatch) -> None:
    """Hear nothing of what was said while nobody was connected."""

    def lose(self: Broker) -> list[Any]:
        self._acknowledged = self._said
        return []

    patch.setattr(Broker, "waited", lose)
    patch.setattr(Broker, "take_acknowledgements", lambda self, run: run.acknowledged.clear())


def takes_everything_for_new(patch: pytest.MonkeyPatch) -> None:
    """Remember no message."""
    patch.setattr(IdentityBook, "take", lambda self, report, **_: Seen.NEW)


def forgets_what_it_has_seen(patch: pytest.MonkeyPatch) -> None:
    """Remember messages until it dies."""
    patch.setattr(IdentityBook, "take_rows", lambda self: ([], []))


def goes_on_during_a_cut(patch: pytest.MonkeyPatch) -> None:
    """Let deadlines come while nothing can be heard."""
    patch.setattr(uplink, "cut_off", lambda runner, d: None)


def doubts_at_a_cut(patch: pytest.MonkeyPatch) -> None:
    """Take nothing for known any more once the connection is cut."""
    cut_off = uplink.cut_off

    def doubt(runner: Runner, d: DeviceState) -> None:
        cut_off(runner, d)
        cut.doubt(runner, d)

    patch.setattr(uplink, "cut_off", doubt)


def forgets_what_runs(patch: pytest.MonkeyPatch) -> None:
    """Store no running hold and no open episode."""
    apply = Tables.apply

    def lose(self: Tables, changes: Any) -> None:  # noqa: ANN401
        changes.states.clear()
        apply(self, changes)

    patch.setattr(Tables, "apply", lose)


def believes_arrival(patch: pytest.MonkeyPatch) -> None:
    """Judge by when a message came."""

    def place(d: DeviceState, report: Report, *, judging: bool) -> tuple[float, bool]:
        return report.received, False

    patch.setattr(facts, "place_in_time", place)


def takes_quiet_for_silence(patch: pytest.MonkeyPatch) -> None:
    """Let timers come without a proof that all was heard."""
    patch.setattr(Hearing, "until", lambda self, now, due: now)


@pytest.mark.parametrize(
    "broken",
    [
        takes_quiet_for_silence,
        acknowledges_early,
        has_no_lasting_session,
        takes_everything_for_new,
        forgets_what_it_has_seen,
        goes_on_during_a_cut,
        doubts_at_a_cut,
        forgets_what_runs,
        believes_arrival,
    ],
)
def test_a_broken_hub_is_caught(broken: Any, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: ANN401
    caught: list[str] = []
    for seed in range(SEED, SEED + TRIES):
        truth = untroubled(seed, DAY)
        with monkeypatch.context() as patch:
            broken(patch)
            caught = faults(simulate(seed, DAY, troubled=True), truth, seed, DAY)
        sys.stdout.write(f"\nseed {seed}, {broken.__name__}: {caught}\n")
        if caught:
            break
    assert caught
