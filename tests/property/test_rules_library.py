"""The shipped rules on stories that nobody wrote: repeats, delays and restarts change no alarm.

Through the whole intake with a store in memory, and what that has stored through the back-test.
`CHAOS_LONG=1` in the environment tries many more stories, and others each time.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from random import Random

import msgspec
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from hub.model.alarm import Alarm
from hub.ports import Envelope
from rules.backtest import backtest
from tests.property.library_story import (
    BY_ID,
    MODELS,
    SITE,
    START,
    Told,
    Turn,
    silent_stories,
    stories,
    tell,
)
from tests.support.spoken import deliver
from tests.support.straight_hub import StraightHub, in_loop
from tests.unit.intake.stage import PLACES, RULES

LONG = bool(os.environ.get("CHAOS_LONG"))
LAG = 58.0
"""Seconds that a device's messages may be under way; over 60 they are late."""
REPEATED = 0.3
"""Share of the messages that come again, at once or much later."""
EXPECTING = {rule.id for rule in RULES if rule.expectation or ".missed'" in rule.when}
"""What is expected is due as long after the hub's return as it was to be after its cause."""
SILENCE = {rule.id for rule in RULES if rule.explains}
"""Silence is told by arrival, and waits for what explains it; a restart begins both anew."""
some = settings(
    max_examples=1000 if LONG else 15,
    derandomize=not LONG,
    phases=[phase for phase in Phase if LONG or phase is not Phase.shrink],
    report_multiple_bugs=False,
)
"""The first stories that a generator of fixed seed gives; a failure prints its story.

A story runs for a second, so that only who has the time makes it shorter.
"""

Life = tuple[str, str, float, float | None]
"""(device, rule, raised at, cleared at), in seconds from the start."""


def hear(
    told: Told, *, restarts: Sequence[float] = (), repeat: Random | None = None, rest: float = 0.0
) -> StraightHub:
    """Let a hub live through a story, and `rest` seconds more."""

    def run() -> StraightHub:
        hub = StraightHub(SITE, START, models=MODELS)
        waiting = sorted(restarts, reverse=True)
        for envelope in _repeat(list(deliver(told.lines, START)), repeat):
            while waiting and START + waiting[-1] <= envelope.received:
                hub.go_on(START + waiting.pop())
                hub.start()
            hub.hear(envelope)
        hub.go_on(max(START + told.end + rest, hub.clock.now()))
        return hub

    return in_loop(run)


def _repeat(envelopes: list[Envelope], chance: Random | None) -> list[Envelope]:
    if chance is None:
        return envelopes
    end = envelopes[-1].received
    again = [
        msgspec.structs.replace(
            each,
            received=each.received + chance.choice([0.0, chance.uniform(0, end - each.received)]),
            retained=each.address.endswith("/state") and chance.random() < 0.5,
        )
        for each in envelopes
        if chance.random() < REPEATED
    ]
    return sorted([*envelopes, *again], key=lambda each: each.received)


def lives(
    alarms: Iterable[Alarm], *, without: Iterable[str] = (), until: float = 0.0
) -> list[Life]:
    """Return when each alarm was raised and cleared, as it stood at an instant."""
    left_out = {*without}
    return sorted(
        _life(each.uid, each.rule, each.raised_at, each.cleared_at, until)
        for each in alarms
        if each.rule not in left_out and (not until or each.raised_at <= START + until)
    )


def _life(uid: str, rule: str, raised: float, cleared: float | None, until: float = 0.0) -> Life:
    is_over = cleared is not None and (not until or cleared <= START + until)
    return uid, rule, round(raised - START, 3), round(cleared - START, 3) if is_over else None


@some
@given(turns=silent_stories, seed=st.integers(0, 2**32))
def test_what_comes_twice_or_again_changes_no_alarm(turns: list[Turn], seed: int) -> None:
    told = tell(turns)
    once, again = hear(told), hear(told, repeat=Random(seed))
    assert lives(again.alarms()) == lives(once.alarms())
    assert [each.number for each in again.tickets()] == [each.number for each in once.tickets()]
    assert len(again.journal()) == len(once.journal())


@some
@given(turns=stories, lags=st.lists(st.floats(0, LAG), min_size=len(SITE), max_size=len(SITE)))
def test_delays_of_up_to_a_minute_in_any_order_of_devices_change_no_alarm(
    turns: list[Turn], lags: list[float]
) -> None:
    late = hear(tell(turns, dict(zip(BY_ID, lags, strict=True))), rest=LAG)
    told = tell(turns)
    assert lives(late.alarms(), until=told.end) == lives(hear(told).alarms(), until=told.end)


def _delay(told: Told, chance: Random) -> Told:
    """Let each message be under way for as long as it likes; a device's own keep their order."""
    free: dict[str, float] = {}
    lines = []
    for line in sorted(told.lines, key=lambda each: each.at):
        late = line.at + chance.choice([0.0, chance.uniform(0, 1), chance.uniform(0, LAG)])
        free[line.device] = max(free.get(line.device, 0.0), late)
        lines.append(msgspec.structs.replace(line, arrives=free[line.device]))
    return Told(lines=sorted(lines, key=lambda each: (each.arrives, each.at)), end=told.end)


@some
@given(turns=stories, seed=st.integers(0, 2**32))
def test_delays_that_change_from_message_to_message_lose_no_alarm(
    turns: list[Turn], seed: int
) -> None:
    """What ends a wait may be under way when it is over: then there is an alarm too many."""
    told = tell(turns)
    without = SILENCE | EXPECTING
    found = lives(hear(_delay(told, Random(seed)), rest=LAG).alarms(), without=without)
    for wanted in lives(hear(told).alarms(), without=without):
        assert any(_covers(each, wanted) for each in found), wanted


def _covers(one: Life, other: Life) -> bool:
    """Tell whether the same alarm stood already when the other was raised."""
    stood = one[2] <= other[2] and (one[3] is None or one[3] >= other[2])
    return one[:2] == other[:2] and stood


@some
@given(turns=stories, restarts=st.lists(st.floats(0, 3000), min_size=1, max_size=4))
def test_a_restart_at_any_moment_changes_no_alarm(turns: list[Turn], restarts: list[float]) -> None:
    told = tell(turns)
    without = SILENCE | EXPECTING
    found = lives(hear(told, restarts=restarts).alarms(), without=without)
    assert found == lives(hear(told).alarms(), without=without)


@some
@given(turns=silent_stories)
def test_a_back_test_of_what_was_stored_tells_what_was_told_live(turns: list[Turn]) -> None:
    told = tell(turns)
    hub = hear(msgspec.structs.replace(told, end=told.lines[-1].at))
    history = hub.store.archive.replay(start=START, end=START + told.end)
    result = backtest(RULES, history, SITE, PLACES, MODELS)
    raised = {each.data["id"] for each in hub.journal() if each.type == "alarm.raised"}
    live = [
        (
            *_life(each.uid, each.rule, each.raised_at, each.cleared_at),
            each.severity,
            bool(each.explained_by),
            each.id in raised or bool(each.explained_by),
            {BY_ID[name].uid if name in BY_ID else name for name in each.children},
        )
        for each in hub.alarms()
    ]
    again = [
        (
            *_life(each.subject, each.rule, each.raised_at, each.cleared_at),
            each.severity,
            bool(each.explained_by),
            not each.stopped_by,
            {*each.children} - {each.subject},
        )
        for each in result.alarms
    ]
    assert sorted(again, key=str) == sorted(live, key=str)
