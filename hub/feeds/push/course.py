"""How a push goes on: when an item is tried again, when it is dead, and what waits behind it.

No clock and no I/O: a lane's `Progress` is changed in place. Items of one incident go in order,
whatever becomes of each; incidents do not wait for each other.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

MINUTE, HOUR = 60.0, 3600.0
SCHEDULE = (0.0, 5.0, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 10 * HOUR)
"""Seconds before each try, from the failure of the one before."""
MOST_STUCK, MOST_WAITING = 100, 1000
"""Incidents that may be stuck, and items that may wait in them; the rest waits in the feed."""
NEVER = float("inf")


class Stuck(msgspec.Struct, kw_only=True):
    """An incident whose first item was not taken: later ones wait behind it, in order.

    `tries` counts those of the first, `due` is when it is tried next, `failed_at` when it was last.
    """

    seqs: list[int]
    tries: int = 0
    due: float = 0.0
    failed_at: float = 0.0
    why: str = ""


class Progress(msgspec.Struct, kw_only=True):
    """Every item up to `cursor` was taken, is not wanted, is dead, or waits in `stuck`."""

    cursor: int
    stuck: dict[str, Stuck] = {}
    """By incident."""
    sent: int = 0
    sent_at: float | None = None


def is_full(progress: Progress) -> bool:
    """Tell whether no more may get stuck, so that the feed is not read on."""
    waiting = sum(len(each.seqs) for each in progress.stuck.values())
    return len(progress.stuck) >= MOST_STUCK or waiting >= MOST_WAITING


def next_due(progress: Progress) -> tuple[str, float]:
    """Return the stuck incident that is due first, and when; ("", NEVER) where none is."""
    dues = ((incident, each.due) for incident, each in progress.stuck.items())
    return min(dues, key=lambda pair: pair[1], default=("", NEVER))


def take(progress: Progress, incident: str, seq: int, now: float) -> None:
    """Note that an item was taken; what waited behind it is due."""
    progress.sent += 1
    progress.sent_at = now
    drop(progress, incident, seq, now)


def drop(progress: Progress, incident: str, seq: int, now: float) -> None:
    """Have an item wait no more; what waited behind it is due, with all its tries."""
    stuck = progress.stuck.get(incident)
    if stuck is None or seq not in stuck.seqs:
        return
    was_first = stuck.seqs[0] == seq
    stuck.seqs.remove(seq)
    if not stuck.seqs:
        del progress.stuck[incident]
    elif was_first:
        stuck.tries, stuck.due, stuck.why = 0, now, ""


def fail(
    progress: Progress, incident: str, seq: int, now: float, *, why: str, wait: float = 0.0
) -> int:
    """Note that an item was not taken; return how often it was tried if it is dead now, else 0.

    `wait` is what the receiver has asked for, in seconds.
    """
    stuck = _try(progress, incident, seq)
    if stuck is None:
        return 0
    if stuck.tries < len(SCHEDULE):
        stuck.due = now + max(SCHEDULE[stuck.tries], wait)
        stuck.failed_at, stuck.why = now, why
        return 0
    tries = stuck.tries
    drop(progress, incident, seq, now)
    return tries


def give_up(progress: Progress, incident: str, seq: int, now: float) -> int:
    """Note that an item will never be taken, and return how often it was tried."""
    stuck = _try(progress, incident, seq)
    if stuck is None:
        return 0
    tries = stuck.tries
    drop(progress, incident, seq, now)
    return tries


def _try(progress: Progress, incident: str, seq: int) -> Stuck | None:
    """Count a try; None where something older was replayed meanwhile, and goes first."""
    stuck = progress.stuck.setdefault(incident, Stuck(seqs=[seq]))
    if seq not in stuck.seqs:
        stuck.seqs = sorted([*stuck.seqs, seq])
    if stuck.seqs[0] != seq:
        return None
    stuck.tries += 1
    return stuck


def wait_behind(progress: Progress, incident: str, seq: int) -> bool:
    """Have an item wait behind its incident's first, and tell whether there is one."""
    stuck = progress.stuck.get(incident)
    if stuck is not None and seq not in stuck.seqs:
        stuck.seqs.append(seq)
    return stuck is not None


def hurry(progress: Progress, now: float, since: float) -> None:
    """Have everything that failed since an outage began be due: the receiver is back."""
    for stuck in progress.stuck.values():
        if stuck.failed_at >= since:
            stuck.due = min(stuck.due, now)


def replay(progress: Progress, items: Iterable[tuple[str, int]], now: float) -> None:
    """Have dead items (incident, number) be tried again, before what waits of their incidents."""
    for incident, seq in items:
        stuck = progress.stuck.setdefault(incident, Stuck(seqs=[]))
        if seq not in stuck.seqs:
            stuck.seqs = sorted([*stuck.seqs, seq])
        stuck.tries, stuck.due = 0, now
