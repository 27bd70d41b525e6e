"""The shapes that programs see, field by field: what is not named here does not leave the hub."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from hub.model.alarm import Alarm, Evidence
from hub.model.command import Command
from hub.model.instant import to_rfc3339
from hub.model.journal import Entry
from hub.ports import DeviceView, EventRow, PointView, QuarantineRow, ReadingRow, RollupRow

HOUSEHOLD = "household"
"""A meter's `scope` attribute: its readings are a family's business."""


def device(view: DeviceView, now: float) -> dict[str, Any]:
    """Write a device as it stands at `now`; a household's readings are withheld."""
    book = view.device
    return {
        "id": book.id,
        "uid": book.uid,
        "address": book.address,
        "name": book.name,
        "formerly": list(view.formerly),
        "kind": book.kind,
        "model": book.model,
        "place": book.place,
        "lane": book.lane,
        "upstream": book.upstream,
        "power": book.power,
        "state": book.state,
        "maintenance_until": to_rfc3339(book.maintenance_until),
        "link": view.link,
        "heard_at": to_rfc3339(view.heard_at),
        "points": {} if is_household(view) else points(view.points, now),
    }


def is_household(view: DeviceView) -> bool:
    """Tell whether the device measures one household."""
    return view.device.attributes.get("scope") == HOUSEHOLD


def points(views: dict[str, PointView], now: float) -> dict[str, Any]:
    """Write points by name."""
    return {name: point(view, now) for name, view in views.items()}


def point(view: PointView, now: float) -> dict[str, Any]:
    """Write a point; `stale` says that it is older than three of its periods."""
    return {
        "value": view.value,
        "unit": view.unit,
        "quality": view.quality,
        "at": to_rfc3339(view.at),
        "stale": 0 < view.stale_after < now - view.at,
    }


def reading(row: ReadingRow) -> dict[str, Any]:
    """Write a reading of history."""
    return {
        "at": to_rfc3339(row.at),
        "value": row.value,
        "quality": row.quality,
        "boot": row.boot,
        "seq": row.seq,
    }


def rollup(row: RollupRow) -> dict[str, Any]:
    """Write an hour of a point."""
    return {
        "at": to_rfc3339(row.at),
        "count": row.count,
        "min": row.minimum,
        "max": row.maximum,
        "mean": row.mean,
        "first": row.first,
        "last": row.last,
    }


def event(row: EventRow) -> dict[str, Any]:
    """Write an event of a device."""
    return {
        "at": to_rfc3339(row.at),
        "name": row.name,
        "data": row.data,
        "boot": row.boot,
        "seq": row.seq,
    }


def evidence(rows: Iterable[Evidence]) -> list[dict[str, Any]]:
    """Write the readings that caused something."""
    return [
        {
            "point": row.point,
            "value": row.value,
            "quality": row.quality,
            "at": to_rfc3339(row.at),
        }
        for row in rows
    ]


def alarm(alarm: Alarm) -> dict[str, Any]:
    """Write an alarm."""
    return {
        "id": alarm.id,
        "subject": alarm.subject,
        "place": alarm.place,
        "rule": alarm.rule,
        "fault": alarm.fault,
        "name": alarm.name,
        "severity": alarm.severity,
        "state": alarm.state,
        "raised_at": to_rfc3339(alarm.raised_at),
        "cleared_at": to_rfc3339(alarm.cleared_at),
        "reason": alarm.reason,
        "evidence": evidence(alarm.evidence),
        "children": alarm.children,
        "explained_by": alarm.explained_by,
        "held_by": alarm.held_by,
        "ticket": alarm.ticket,
    }


def command(command: Command) -> dict[str, Any]:
    """Write an order and what became of it."""
    return {
        "id": command.id,
        "device": command.device,
        "do": command.do,
        "actor": command.actor,
        "reason": command.reason,
        "state": command.state,
        "issued": to_rfc3339(command.issued),
        "expires": to_rfc3339(command.expires),
        "history": [
            {"state": step.state, "at": to_rfc3339(step.at), "why": step.why}
            for step in command.history
        ],
    }


def entry(entry: Entry) -> dict[str, Any]:
    """Write an entry of the journal."""
    return {
        "seq": entry.seq,
        "at": to_rfc3339(entry.at),
        "type": entry.type,
        "subject": entry.subject,
        "place": entry.place,
        "actor": entry.actor,
        "data": entry.data,
    }


def quarantined(row: QuarantineRow) -> dict[str, Any]:
    """Write a message that was not understood, without its bytes."""
    return {
        "id": row.id,
        "link": row.link,
        "address": row.address,
        "reason": row.reason,
        "at": to_rfc3339(row.at),
        "length": len(row.payload),
    }
