"""Hold, raise, stage, release, clear: how one rule on one device moves when its answer is known.

The functions take the answer of `when` at the instant `device.now` and lower `device.wake` to the
next instant at which time alone moves the watch on. `timed` tells that the clock, not a fact, is
asking: at one instant facts come before timers, so an edge that is due just now waits for it.
"""

from __future__ import annotations

from enum import Enum
from math import inf

from rules.plan import Program
from rules.state import DeviceState, Episode, Watch

STILL_THERE = 3_600.0
"""A condition that outlives a clear by hand raises again after so many seconds."""


def next_edge(watch: Watch) -> float:
    """Return the earliest instant at which what runs (a hold, a release, a stage) can be over."""
    rule, episode = watch.program.rule, watch.episode
    edges = list(watch.pending or ())
    if episode is None:
        if watch.since is not None and watch.unknown is None:
            edges.append(max(watch.since + rule.hold, _unlocked(watch)))
        return min(edges, default=inf)
    if episode.mark is not None:
        edges.append(episode.mark + rule.release - episode.acc)
    edges += [
        since + rule.stages[i].hold
        for i, since in episode.stage_since.items()
        if episode.stage < i < len(rule.stages)
    ]
    return min(edges, default=inf)


def _unlocked(watch: Watch) -> float:
    return -inf if watch.lock is None else watch.lock + STILL_THERE


class Move(Enum):
    """What a step did."""

    STAY = 0
    RAISE = 1
    CHANGE = 2
    CLEAR = 3


def step(watch: Watch, answer: bool | None, *, timed: bool) -> Move:
    """Move the watch on; RAISE and CLEAR have already changed its episode."""
    watch.last = answer
    if watch.episode is not None:
        return _lower(watch, answer, timed=timed)
    if answer is True:
        return _rise(watch, timed=timed)
    if answer is None:
        _doubt(watch)
    else:
        watch.since = watch.unknown = watch.lock = None
    return Move.STAY


def _rise(watch: Watch, *, timed: bool) -> Move:
    d, program = watch.device, watch.program
    now = d.now
    if watch.unknown is not None:
        if now - watch.unknown > program.gap:
            watch.since = None
        watch.unknown = None
    if watch.since is None or watch.since > now:
        watch.since = now
    due = max(watch.since + program.rule.hold, _unlocked(watch))
    if due > now or (due == now and not timed and due > watch.since):
        d.wake = min(d.wake, due)
        return Move.STAY
    watch.episode = Episode(raised_at=now)
    watch.since = watch.unknown = None
    find_stage(watch)
    return Move.RAISE


def _doubt(watch: Watch) -> None:
    if watch.since is None:
        return
    now = watch.device.now
    if watch.unknown is None:
        watch.unknown = now
    elif now - watch.unknown > watch.program.gap:
        watch.since = watch.unknown = None


def _lower(watch: Watch, answer: bool | None, *, timed: bool) -> Move:
    d, program, episode = watch.device, watch.program, watch.episode
    assert episode is not None  # noqa: S101
    good = _is_good(d, program, answer)
    if good is True and answer is not True:
        if episode.mark is None or episode.mark > d.now:
            episode.mark = d.now
        due = episode.mark + program.rule.release - episode.acc
        if due > d.now or (due == d.now and not timed and due > episode.mark):
            d.wake = min(d.wake, due)
        else:
            watch.episode = None
            return Move.CLEAR
    else:
        _pause(episode, d.now, forget=good is False)
    return Move.CHANGE if find_stage(watch) else Move.STAY


def _is_good(d: DeviceState, program: Program, answer: bool | None) -> bool | None:
    if program.clear is not None:
        return program.clear(d)  # type: ignore[no-any-return]
    return None if answer is None else not answer


def _pause(episode: Episode, now: float, *, forget: bool) -> None:
    if forget:
        episode.acc = 0.0
    elif episode.mark is not None:
        episode.acc += max(0.0, now - episode.mark)
    episode.mark = None


def find_stage(watch: Watch) -> bool:
    """Move to the worst stage that holds, and tell whether it is worse than before."""
    d, program, episode = watch.device, watch.program, watch.episode
    if episode is None:
        return False
    found = episode.stage
    for i in range(episode.stage + 1, len(program.stages)):
        answer = program.stages[i](d)
        if answer is False:
            episode.stage_since.pop(i, None)
        elif answer is True:
            due = episode.stage_since.setdefault(i, d.now) + program.rule.stages[i].hold
            found = i if due <= d.now else found
            d.wake = d.wake if due <= d.now else min(d.wake, due)
    worse = found > episode.stage
    episode.stage = found
    return worse


def meet(watch: Watch) -> bool:
    """Take back the expectations that were open at `now` and are met by what is known of it."""
    d, program = watch.device, watch.program
    expectation = program.rule.expectation
    if expectation is None or program.expect is None or not watch.pending:
        return False
    if program.expect(d) is not True:
        return False
    left = [
        due for due in watch.pending if due != inf and not due - expectation.within <= d.now <= due
    ]
    met = len(left) < len(watch.pending)
    watch.pending = left
    return met


def expect(watch: Watch, *, timed: bool) -> int:
    """Open and check the watch's expectations; return how many were missed just now."""
    d, program = watch.device, watch.program
    expectation = program.rule.expectation
    if expectation is None or program.after is None or program.expect is None:
        return 0
    after = program.after(d)
    if after is True and watch.after is not True:
        start = inf if d.contact.listens == inf else d.now
        watch.pending = [*(watch.pending or ())[-63:], start + expectation.within]
    watch.after = after
    return _check(watch, program.expect(d), timed=timed) if watch.pending else 0


def _check(watch: Watch, answer: bool | None, *, timed: bool) -> int:
    """Keep the expectations that go on; an unknown answer misses none of those that are over."""
    d, pending = watch.device, watch.pending or []
    over = [due for due in pending if due < d.now or (timed and due == d.now)]
    watch.pending = [] if answer is True else [due for due in pending if due not in over]
    d.wake = min([d.wake, *watch.pending])
    return len(over) if answer is False else 0
