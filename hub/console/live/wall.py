"""The guard wall: what it shows, cut into parts that are painted and sent one by one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Protocol

import msgspec

from hub.console.devices.hold_row import hold_rows
from hub.console.frame.language import Words
from hub.console.frame.naming import device_name, place_name
from hub.console.frame.span import coarse_ago, hour_and_minute
from hub.console.frame.story import sentence
from hub.console.frame.template import dom_id, paint
from hub.console.live.cell import Cell, burdened
from hub.console.live.channel import Parts
from hub.console.live.job import Job
from hub.console.live.lookout import Outlook
from hub.console.live.standing import ABNORMAL, Sighting, Standing
from hub.model.access import Identity
from hub.ports import Live
from hub.services.permission import MAY_COMMAND

HEAD, TODO, GATES, LAST = "wall-head", "wall-todo", "wall-gates", "wall-last"
ROWS = 3
"""Further things to do below the first one."""
GATES_SHOWN = 12
SENTENCES = 4
FULL_CELLS = 48
"""Up to so many buildings are drawn with their doors, more of them as one shape each."""
MANY_CELLS = 18


class Look(Protocol):
    """How a wall comes to its outlook."""

    async def __call__(self, *, fresh: bool) -> Outlook:
        """Return how the community stands, as of now with `fresh`."""
        ...


class GateRow(msgspec.Struct, frozen=True, kw_only=True):
    """One gate: its shape, what it does now, and how long it has been silent."""

    id: str
    name: str
    standing: Standing
    word: str
    key: int
    age: str


class TodoRow(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to do, with the name of where it is and who has got it."""

    job: Job
    where: str
    received: str


class WallScene:
    """Paints the wall of one language and one part of the community."""

    def __init__(self, look: Look, live: Live, words: Words, who: Identity) -> None:
        self._look = look
        self._live = live
        self._words = words
        self._who = who
        self._seen: Outlook | None = None
        self._parts: Parts = {}
        self._cells: dict[str, tuple[Cell, str, str]] = {}

    async def paint(self, *, fresh: bool) -> Parts:
        """Return the wall's parts; the same mapping while the outlook is the same."""
        outlook = await self._look(fresh=fresh)
        if outlook is not self._seen:
            self._seen = outlook
            new = self._paint(outlook)
            self._parts = new if new != self._parts else self._parts
        return self._parts

    def _paint(self, outlook: Outlook) -> Parts:
        sees = self._who.may_see
        waiting = [job for job in outlook.jobs if sees(job.place)]
        cells = [cell for cell in outlook.cells if sees(cell.place)]
        gates = [gate for gate in outlook.gates if sees(gate.device.place)]
        return {
            HEAD: self._head(waiting, cells, gates),
            TODO: self._todo(waiting, outlook),
            GATES: self._gates(gates, outlook),
            **self._paint_cells(cells, outlook.at),
            LAST: self._last(outlook),
        }

    def _head(
        self, waiting: Sequence[Job], cells: Sequence[Cell], gates: Sequence[Sighting]
    ) -> str:
        jobs = Counter(job.standing for job in waiting)
        stand = Counter(gate.standing for gate in gates)
        counts = (
            (Standing.URGENT, jobs[Standing.URGENT]),
            (Standing.FAULT, jobs[Standing.FAULT]),
            (Standing.SILENT, stand[Standing.SILENT] + sum(cell.silent for cell in cells)),
            (
                Standing.MAINTENANCE,
                stand[Standing.MAINTENANCE] + sum(cell.maintained for cell in cells),
            ),
        )
        rings = any(job.standing is Standing.URGENT for job in waiting)
        return paint("part_head.html", self._words, counts=counts, rings=rings)

    def _todo(self, waiting: Sequence[Job], outlook: Outlook) -> str:
        rows = [
            TodoRow(job=job, where=self._where(job), received=outlook.received.get(job.number, ""))
            for job in waiting[: ROWS + 1]
        ]
        more = max(0, len(waiting) - len(rows))
        return paint(
            "part_todo.html",
            self._words,
            rows=rows,
            more=more,
            now=outlook.at,
            short=outlook.shortage,
        )

    def _gates(self, gates: Sequence[Sighting], outlook: Outlook) -> str:
        rows = [self._gate_row(gate, key, outlook) for key, gate in enumerate(gates, 1)]
        hidden = 0
        if len(rows) > GATES_SHOWN:
            rows.sort(key=lambda row: row.standing not in ABNORMAL)
            hidden = sum(row.standing not in ABNORMAL for row in rows[GATES_SHOWN:])
            rows = rows[:GATES_SHOWN]
        opens = self._who.role in MAY_COMMAND
        sees = self._who.may_see
        mine = [hold for hold in outlook.holds if sees(hold.place)]
        holds = hold_rows(mine, self._live, self._words)
        return paint(
            "part_gates.html", self._words, rows=rows, hidden=hidden, opens=opens, holds=holds
        )

    def _gate_row(self, gate: Sighting, key: int, outlook: Outlook) -> GateRow:
        quiet = gate.standing in {Standing.SILENT, Standing.STALE}
        return GateRow(
            id=gate.device.id,
            name=device_name(gate.device),
            standing=burdened(gate, outlook.burdens),
            word=self._words(gate.word),
            key=key,
            age=coarse_ago(gate.since, outlook.at, self._words) if quiet else "",
        )

    def _paint_cells(self, cells: Iterable[Cell], now: float) -> dict[str, str]:
        parts = {}
        for cell in cells:
            age = coarse_ago(cell.lead.since, now, self._words) if cell.lead else ""
            name = dom_id("cell", cell.place)
            known = self._cells.get(name)
            if known is None or known[:2] != (cell, age):
                html = paint("part_cell.html", self._words, cell=cell, age=age)
                known = self._cells[name] = (cell, age, html)
            parts[name] = known[2]
        return parts

    def _last(self, outlook: Outlook) -> str:
        told = [
            entry
            for entry in outlook.recent
            if self._who.may_see(entry.place)
            and not (entry.type == "device.silent" and entry.subject in outlook.folded)
        ]
        lines = [
            (hour_and_minute(entry.at), sentence(entry, self._live, self._words))
            for entry in reversed(told[-SENTENCES:])
        ]
        return paint("part_last.html", self._words, lines=lines)

    def _where(self, job: Job) -> str:
        view = self._live.device(job.subject)
        return device_name(view.device) if view else place_name(job.place, self._live.places())


def density(cells: int) -> str:
    """Return the class that says how closely buildings are drawn."""
    if cells > FULL_CELLS:
        return "mini"
    return "many" if cells > MANY_CELLS else "few"


def groups(cells: Sequence[Cell]) -> list[tuple[str, list[Cell]]]:
    """Put buildings under the names of their compounds, in the order of the books."""
    found: dict[str, list[Cell]] = {}
    for cell in cells:
        found.setdefault(cell.group, []).append(cell)
    return list(found.items())
