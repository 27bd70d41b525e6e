"""Who is heard: online, silent, unknown; which boot is current; wills that come too late.

The hub's verdict here is for screens and for health; whether silence is a fault is the rules'.
"""

from __future__ import annotations

from collections.abc import Mapping
from heapq import heappop, heappush
from math import inf

from hub.model.device import LinkState
from hub.model.report import Report, Topic
from hub.ports import HeardRow

SILENT_AFTER_HEARTBEATS = 3


class _Trace:
    """What is known about one device's presence."""

    __slots__ = ("at", "boot", "doubt", "is_watched", "look", "state")

    def __init__(self, at: float, boot: str, state: LinkState) -> None:
        self.is_watched = False
        self.look = at
        """When its entry in the heap is due; others of it are void."""
        self.doubt = -inf
        """When a will came that was not believed; any message since then has refuted it."""
        self.at = at
        self.boot = boot
        self.state = state


class Presence:
    """Follows each device's last sign of life; what changed goes into the commit."""

    def __init__(self, heard: list[HeardRow], now: float = inf) -> None:
        self._traces = {row.uid: _Trace(min(row.at, now), row.boot, row.state) for row in heard}
        self._changed: set[str] = set()
        self._counts_from: dict[str, float] = {}
        self._looks: list[tuple[float, str]] = []
        """A heap: when each device that is online is looked at next, or before."""
        for uid, trace in self._traces.items():
            self._watch(uid, trace)

    def is_late_will(self, report: Report) -> bool:
        """Tell whether a will belongs to a connection that the device has left behind.

        A will that names no boot, of a device that was heard within its `grace`, is doubted: it
        counts once nothing else has come for a heartbeat.
        """
        if report.topic is not Topic.AVAIL or report.online is not False:
            return False
        trace = self._traces.get(report.uid)
        if trace is None:
            return False
        if not report.grace:
            return bool(trace.boot) and report.boot != trace.boot
        if trace.state is not LinkState.ONLINE or report.received - trace.at >= report.grace:
            return False
        trace.doubt = report.received
        self._watch(report.uid, trace)
        return True

    def hear(self, report: Report, *, apart: bool = False) -> tuple[bool, bool]:
        """Note a live message; return (it was silent and is back, it has rebooted).

        One that comes `apart` from what was said after it, of another boot, shows no reboot.
        """
        trace = self._traces.get(report.uid)
        if trace is None:
            trace = self._traces[report.uid] = _Trace(
                report.received, report.boot, LinkState.UNKNOWN
            )
        boot = trace.boot if apart else report.boot
        rebooted = bool(boot and trace.boot and boot != trace.boot)
        back = trace.state is LinkState.SILENT
        trace.at, trace.state = report.received, LinkState.ONLINE
        if not trace.is_watched:
            self._watch(report.uid, trace)
        trace.boot = boot or trace.boot
        self._changed.add(report.uid)
        return back, rebooted

    def lose(self, uid: str) -> bool:
        """Note that a device is gone (its will, or its breaker); True when that is news."""
        trace = self._traces.get(uid)
        if trace is None or trace.state is LinkState.SILENT:
            return False
        trace.state = LinkState.SILENT
        self._changed.add(uid)
        return True

    def blind(self, link: str) -> None:
        """Note that nothing is heard over this link: its devices are not judged until `see`."""
        self._counts_from.pop(link, None)

    def see(self, link: str, now: float) -> None:
        """Note that this link is heard again: the silence of its devices counts from now on."""
        self._counts_from[link] = now

    def see_first(self, link: str, now: float) -> None:
        """Count silence on this link from now on, unless it counts already."""
        self._counts_from.setdefault(link, now)

    def overdue(self, now: float, rhythms: Mapping[str, tuple[str, float]]) -> list[str]:
        """Return devices quiet for three heartbeats that were not yet called silent.

        `rhythms` maps a uid to its link and its heartbeat in seconds.
        """
        quiet: list[str] = []
        while self._looks and self._looks[0][0] < now:
            at, uid = heappop(self._looks)
            trace = self._traces[uid]
            if at != trace.look:
                continue
            trace.is_watched = trace.state is LinkState.ONLINE and uid in rhythms
            if trace.is_watched:
                due = self._due(trace, *rhythms[uid], now)
                if due < now:
                    quiet.append(uid)
                self._look(uid, trace, max(due, now))
        return quiet

    def _watch(self, uid: str, trace: _Trace) -> None:
        """Have a device be looked at in the next round."""
        trace.is_watched = True
        self._look(uid, trace, trace.at)

    def _look(self, uid: str, trace: _Trace, at: float) -> None:
        trace.look = at
        heappush(self._looks, (at, uid))

    def _due(self, trace: _Trace, link: str, heartbeat: float, now: float) -> float:
        """Return when a device is overdue if it stays quiet; never too late, whatever comes."""
        counts_from = self._counts_from.get(link, now)
        due = max(trace.at, counts_from) + SILENT_AFTER_HEARTBEATS * heartbeat
        if trace.doubt >= trace.at:
            due = min(due, max(trace.doubt, counts_from) + heartbeat)
        return due

    def take_rows(self) -> list[HeardRow]:
        """Return and forget what changed."""
        rows = [
            HeardRow(uid=uid, at=trace.at, state=trace.state, boot=trace.boot)
            for uid in self._changed
            for trace in (self._traces[uid],)
        ]
        self._changed = set()
        return rows
