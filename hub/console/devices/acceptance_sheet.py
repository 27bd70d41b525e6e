"""An acceptance sheet as people read it: a row for each fault, with what was seen of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from hub.console.frame.language import Words
from hub.console.frame.naming import device_name, place_name
from hub.console.frame.span import clock_face, day_and_time
from hub.console.live.reading import point_name, value_text
from hub.model.acceptance import Attempt, Line, Progress
from hub.model.alarm import Evidence
from hub.model.device import Device, Kind
from hub.model.place import Place
from hub.ports import AcceptanceView

EVIDENCE_SHOWN = 3
EVENT = "event:"


class FaultRow(msgspec.Struct, frozen=True, kw_only=True):
    """One fault; `is_missing` says that it keeps the sheet from being signed."""

    rule: str
    name: str
    severity: str
    progress: Progress
    is_missing: bool
    seen: tuple[str, ...]
    excuse: str
    is_excused: bool


class SheetRow(msgspec.Struct, frozen=True, kw_only=True):
    """One sheet in the list of all: how many of its faults are done."""

    device: str
    name: str
    place: str
    begun: str
    done: int
    count: int
    standing: str


def fault_rows(view: AcceptanceView, kind: Kind, words: Words) -> list[FaultRow]:
    """List the faults of a sheet, what is missing first."""
    rows = [_row(line, kind, words) for line in view.lines]
    return sorted(rows, key=lambda row: not row.is_missing)


def sheet_row(
    view: AcceptanceView, device: Device | None, places: Mapping[str, Place], words: Words
) -> SheetRow:
    """Write a sheet as a line of the list."""
    sheet = view.sheet
    ended = "signed" if sheet.signature else "given_up"
    count = len(view.lines)
    return SheetRow(
        device=sheet.device,
        name=device_name(device) if device else sheet.device,
        place=place_name(view.place, places),
        begun=day_and_time(sheet.begun_at),
        done=count - view.missing,
        count=count,
        standing=words(f"acceptance.{ended if sheet.ended_at else 'under_way'}"),
    )


def _row(line: Line, kind: Kind, words: Words) -> FaultRow:
    excuse = line.excuse
    missing = line.progress in {Progress.UNTRIED, Progress.RAISED, Progress.CHANGED}
    return FaultRow(
        rule=line.fault.rule,
        name=words.of(line.fault.name),
        severity=words.name("severity", line.fault.severity),
        progress=line.progress,
        is_missing=missing,
        seen=tuple(_attempt(each, kind, words) for each in line.attempts),
        excuse=f"{excuse.why} · {excuse.actor} {day_and_time(excuse.at)}" if excuse else "",
        is_excused=excuse is not None,
    )


def _attempt(attempt: Attempt, kind: Kind, words: Words) -> str:
    begun = f"{day_and_time(attempt.raised_at)}:{clock_face(attempt.raised_at)[-2:]}"
    if attempt.cleared_at is None:
        said = words("acceptance.there", at=begun)
    else:
        said = words("acceptance.gone", at=begun, end=clock_face(attempt.cleared_at))
    seen = _evidence(attempt.evidence, kind, words)
    return f"{said}{words('punct.colon')}{seen}" if seen else said


def _evidence(evidence: Sequence[Evidence], kind: Kind, words: Words) -> str:
    found = [_reading(each, kind, words) for each in evidence[:EVIDENCE_SHOWN]]
    return words("punct.comma").join(found)


def _reading(each: Evidence, kind: Kind, words: Words) -> str:
    if each.point.startswith(EVENT):
        return words.name("event", each.point.removeprefix(EVENT))
    value = value_text(each.point, each.value, "", words)
    return f"{point_name(kind, each.point, words)} {value}"
