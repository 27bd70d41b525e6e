"""The rules' running state as rows, and the way back: what a restart must not lose."""

from __future__ import annotations

from collections.abc import Iterator
from math import inf
from typing import Any

import msgspec

from hub.ports import StateRow
from rules.runner import Runner
from rules.state import NEVER, DeviceState, Episode, Watch
from rules.tracker import is_grouped
from rules.window import Window
from rules.world import World

_SEPARATOR = "|"
_GROUPS = "#"
"""Stands where else a rule does, in the key of the row with what identifies people."""


class WatchState(msgspec.Struct, array_like=True, omit_defaults=True):
    """A watch as it is stored."""

    since: float | None = None
    unknown: float | None = None
    episode: Episode | None = None
    lock: float | None = None
    pending: list[float] = []
    after: bool | None = None


class DeviceMemory(msgspec.Struct, array_like=True):
    """What a device's trackers cannot get back from history, by their key."""

    trackers: dict[str, list[Any]]
    offline_at: float | None = None
    heard_at: float | None = None
    worked_on: float | None = None


def watch_row(watch: Watch) -> StateRow | None:
    """Return the row that stores the watch; None when nothing was and nothing is to be stored."""
    key = _key(watch)
    if watch.is_idle():
        if not watch.stored:
            return None
        watch.stored = False
        return StateRow(key=key, data=None)
    watch.stored = True
    state = WatchState(
        since=watch.since,
        unknown=watch.unknown,
        episode=watch.episode,
        lock=watch.lock,
        pending=watch.pending or [],
        after=watch.after,
    )
    return StateRow(key=key, data=msgspec.msgpack.encode(state))


def device_row(d: DeviceState) -> StateRow | None:
    """Return the row with the device's trackers; None when it has not changed."""
    trackers, mine = {}, d.trackers
    for name, index in _sort_trackers(d)[0]:
        state = mine[index].dump()
        if state is not None:
            trackers[name] = state
    worked_on = None if d.worked_on == NEVER else d.worked_on
    memory = DeviceMemory(trackers=trackers, offline_at=d.contact.offline_at, worked_on=worked_on)
    empty = not trackers and memory.offline_at is None and worked_on is None
    data = None if empty else msgspec.msgpack.encode(memory)
    if data == d.stored:
        return None
    d.stored = data
    return StateRow(key=f"{d.device.uid}{_SEPARATOR}", data=data)


def group_row(d: DeviceState) -> StateRow | None:
    """Return the row with the groups of its events (plates, cards); None when it has not changed.

    They lie apart, since they have to be forgotten before the rest is.
    """
    grouped = _sort_trackers(d)[1]
    if not grouped:
        return None
    groups = {name: state for name, index in grouped if (state := d.trackers[index].dump())}
    data = msgspec.msgpack.encode(groups) if groups else None
    if data == d.groups_stored:
        return None
    d.groups_stored = data
    newest = max((at for state in groups.values() for at, _ in state), default=None)
    key = f"{d.device.uid}{_SEPARATOR}{_GROUPS}"
    return StateRow(key=key, data=data, personal_at=newest)


def _sort_trackers(d: DeviceState) -> tuple[list[tuple[str, int]], list[tuple[str, int]]]:
    """Return (key, place) of the trackers, and of those that keep whose an event was."""
    plan = d.plan
    if plan.sorted_trackers is None:
        grouped = {index for index, each in enumerate(d.trackers) if is_grouped(each)}
        items = list(plan.tracker_by_key.items())
        plan.sorted_trackers = (
            [each for each in items if each[1] not in grouped],
            [each for each in items if each[1] in grouped],
        )
    return plan.sorted_trackers


def find_unparted(world: World) -> Iterator[DeviceState]:
    """Yield devices whose groups were stored among the rest, as hubs did before."""
    for d in world.values():
        if d.groups_stored is None and any(is_grouped(t) and t.dump() for t in d.trackers):
            yield d


def load_row(world: World, row: StateRow, now: float) -> None:
    """Put a row back; one of a device or rule that is gone is passed over.

    What began in the future began before somebody set the clock back: it begins at `now`.
    """
    uid, _, rule = row.key.partition(_SEPARATOR)
    d = world.get(uid)
    if d is None or row.data is None:
        return
    if not rule:
        _load_device(d, row.data, now)
        return
    if rule == _GROUPS:
        d.groups_stored = row.data
        _load_trackers(d, msgspec.msgpack.decode(row.data))
        return
    watch = next((each for each in d.watches if each.program.rule.id == rule), None)
    if watch is not None:
        _load_watch(watch, msgspec.msgpack.decode(row.data, type=WatchState), now)


def _load_watch(watch: Watch, state: WatchState, now: float) -> None:
    watch.since, watch.unknown = _past(state.since, now), _past(state.unknown, now)
    watch.lock, watch.episode, watch.after = _past(state.lock, now), state.episode, state.after
    expectation = watch.program.rule.expectation
    latest = now + (expectation.within if expectation else 0.0)
    watch.pending = [due if due == inf else min(due, latest) for due in state.pending]
    watch.stored = True
    if watch.episode is not None:
        _pull_back(watch.episode, now)


def _pull_back(episode: Episode, now: float) -> None:
    episode.mark = _past(episode.mark, now)
    episode.stage_since = {i: min(since, now) for i, since in episode.stage_since.items()}


def _past(at: float | None, now: float) -> float | None:
    return at if at is None else min(at, now)


def _load_device(d: DeviceState, data: bytes, now: float) -> None:
    memory = msgspec.msgpack.decode(data, type=DeviceMemory)
    d.stored = data
    d.contact.offline_at = _past(memory.offline_at, now)
    if memory.worked_on is not None:
        d.worked_on = min(memory.worked_on, now)
    _load_trackers(d, memory.trackers)


def _load_trackers(d: DeviceState, trackers: dict[str, list[Any]]) -> None:
    for name, state in trackers.items():
        index = d.plan.tracker_by_key.get(name)
        if index is not None:
            d.trackers[index].load(state)


def loaded_trackers(d: DeviceState) -> set[int]:
    """Return the trackers whose state came from a row, and that history must not feed again."""
    return {
        index
        for index, tracker in enumerate(d.trackers)
        if not isinstance(tracker, Window) and tracker.dump() is not None
    }


def carry_over(old: World, new: World, runner: Runner) -> None:
    """Move everything that is known into a new world, and note what is gone or must be stored."""
    runner.dirty.clear()
    runner.dirty_devices.clear()
    kept = {(uid, watch.program.rule.id) for uid, d in new.items() for watch in d.watches}
    for uid, state in old.items():
        if uid in new:
            _transplant(state, new[uid])
            runner.dirty.update(watch for watch in new[uid].watches if not watch.is_idle())
            runner.dirty_devices.add(new[uid])
        for watch in state.watches:
            if watch.stored and (uid, watch.program.rule.id) not in kept:
                runner.dropped.append(drop_row(watch))


def drop_row(watch: Watch) -> StateRow:
    """Return the row that says that a watch is gone."""
    return StateRow(key=_key(watch), data=None)


def _key(watch: Watch) -> str:
    return f"{watch.device.device.uid}{_SEPARATOR}{watch.program.rule.id}"


def _transplant(old: DeviceState, new: DeviceState) -> None:
    """Carry a device's state over into a new world: readings, trackers, holds, open episodes."""
    move_readings(old, new)
    before = {watch.program.rule.id: i for i, watch in enumerate(old.watches)}
    after = {watch.program.rule.id: i for i, watch in enumerate(new.watches)}
    for index, target in _pairs(before, after):
        _copy(old.watches[index], new.watches[target], _WATCH_FIELDS)
    _copy(old.contact, new.contact, _CONTACT_FIELDS)
    _copy(
        old,
        new,
        ("newest", "measured", "lag", "drift", "now", "stored", "groups_stored", "worked_on"),
    )


def move_readings(old: DeviceState, new: DeviceState) -> None:
    """Carry over what a device has said, as far as the new plan asks for it."""
    for slot, target in _pairs(old.plan.slot_by_point, new.plan.slot_by_point):
        new.raw[target], new.ats[target] = old.raw[slot], old.ats[slot]
    for index, target in _pairs(old.plan.tracker_by_key, new.plan.tracker_by_key):
        new.trackers[target] = old.trackers[index]
    new.values = new.raw if old.values is old.raw else new.plan.blanks


_WATCH_FIELDS = ("since", "unknown", "episode", "lock", "pending", "after", "stored")
_CONTACT_FIELDS = (
    "heard_at",
    "offline_at",
    "floor",
    "silent",
    "doubted",
    "kept",
    "listens",
    "back_at",
    "missed",
)


def _pairs(old: dict[str, int], new: dict[str, int]) -> Iterator[tuple[int, int]]:
    return ((index, new[key]) for key, index in old.items() if key in new)


def _copy(old: object, new: object, fields: tuple[str, ...]) -> None:
    for field in fields:
        setattr(new, field, getattr(old, field))
