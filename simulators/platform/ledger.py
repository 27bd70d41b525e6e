"""The platform's own books, in a file: what it was told, where it was, what it did itself.

Items and the cursor behind them are written in one transaction: whoever stops it anywhere gets a
page again, and never a hole.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec

Item = dict[str, Any]
CURSOR = "cursor"

_TABLES = """
CREATE TABLE IF NOT EXISTS item (
    source TEXT, id TEXT, seq INTEGER, incident TEXT, day TEXT, body TEXT,
    PRIMARY KEY (source, id)
);
CREATE INDEX IF NOT EXISTS item_of_incident ON item (incident, seq);
CREATE TABLE IF NOT EXISTS mark (name TEXT PRIMARY KEY, text TEXT);
CREATE TABLE IF NOT EXISTS step (
    n INTEGER PRIMARY KEY, receiver TEXT, incident TEXT, do TEXT, at TEXT, day TEXT,
    applied INTEGER, number TEXT, state TEXT
);
CREATE TABLE IF NOT EXISTS count (day TEXT PRIMARY KEY, body TEXT);
"""


class Own(msgspec.Struct, frozen=True, kw_only=True):
    """A case in the platform's own books: the seat's number and the state that it left it in."""

    number: str = ""
    state: str = "reported"


class Ledger:
    """The books; `folder` None keeps them in memory."""

    def __init__(self, folder: Path | None = None) -> None:
        name = ":memory:" if folder is None else str(folder / "platform.db")
        self._db = sqlite3.connect(name, isolation_level=None, check_same_thread=False)
        self._db.executescript(_TABLES)

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def cursor(self) -> str:
        """Return where the feed was read to; empty before the first page."""
        return self._mark(CURSOR)

    def keep_page(self, items: Iterable[Item], cursor: str) -> list[Item]:
        """Keep a page and the cursor behind it at once; return what was not known."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            fresh = [item for item in items if self._put(item)]
            self._set(CURSOR, cursor)
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")
        return fresh

    def keep_pushed(self, item: Item) -> bool:
        """Keep an item that was pushed; False for one that is known."""
        return self._put(item)

    def takes_era(self, era: str) -> bool:
        """Note the era of an item; False where it is a later one than that of what is kept."""
        known, later = self._mark("era"), self._count() > 0 and era > self._mark("era")
        self._set("era", max(known, era))
        return not later

    def begin_anew(self, cursor: str) -> None:
        """Drop what was told: the hub was restored, and tells from `cursor` on what is so."""
        self._db.execute("BEGIN IMMEDIATE")
        self._db.execute("DELETE FROM item")
        self._set(CURSOR, cursor)
        self._db.execute("COMMIT")

    def forget_cursor(self) -> None:
        """Lose the place in the feed, as a restored platform does; items stay."""
        self._set(CURSOR, "")

    def secret(self, subscription: str = "") -> str:
        """Return the secret of pushes, or put `subscription`, and return that."""
        if subscription:
            self._set("secret", subscription)
        return self._mark("secret")

    def items(self, day: str = "") -> list[Item]:
        """Return what was told, in the feed's order; `day` is YYYY-MM-DD at UTC+8."""
        rows = self._db.execute(
            "SELECT body FROM item WHERE ? IN ('', day) ORDER BY seq, source", (day,)
        )
        return [json.loads(body) for (body,) in rows]

    def incidents(self) -> dict[str, Item]:
        """Return each incident by its number, as the newest revision has it."""
        newest: dict[str, Item] = {}
        for item in self.items():
            data = item["data"]
            known = newest.get(data["number"])
            if known is None or _age(known) <= _age(data):
                newest[data["number"]] = data
        return newest

    def newest(self, incident: str) -> Item | None:
        """Return one incident as its newest revision has it."""
        rows = self._db.execute(
            "SELECT body FROM item WHERE incident = ? ORDER BY seq DESC LIMIT 50", (incident,)
        )
        found = [json.loads(body)["data"] for (body,) in rows]
        return max(found, key=_age, default=None)

    def note_step(self, said: Item, answer: Item) -> None:
        """Write down a step of ours, and the case that the hub then had in force."""
        case = answer["case"]
        fields = (case["receiver"], case["incident"], said["do"], said["at"], said["at"][:10])
        marks = (bool(answer["applied"]), case["number"], case["state"])
        self._db.execute(
            "INSERT INTO step (receiver, incident, do, at, day, applied, number, state)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (*fields, *marks),
        )

    def own(self, receiver: str, incident: str, day: str = "9999") -> Own:
        """Return a seat's own case as it was at the end of a day."""
        row = self._db.execute(
            "SELECT number, state FROM step WHERE receiver = ? AND incident = ? AND day <= ?"
            " AND applied ORDER BY n DESC LIMIT 1",
            (receiver, incident, day),
        ).fetchone()
        return Own(number=row[0], state=row[1]) if row else Own()

    def steps_of(self, receiver: str, incident: str) -> list[tuple[str, str]]:
        """List what was done to a seat's case, and the state behind it, oldest first."""
        return self._db.execute(
            "SELECT do, state FROM step WHERE receiver = ? AND incident = ? AND applied ORDER BY n",
            (receiver, incident),
        ).fetchall()

    def steps(self) -> list[Item]:
        """List every step that was sent and answered, oldest first."""
        names = ("receiver", "incident", "do", "at", "applied", "number", "state")
        rows = self._db.execute(f"SELECT {', '.join(names)} FROM step ORDER BY n")  # noqa: S608 - our own names
        return [dict(zip(names, row, strict=True)) for row in rows]

    def note_count(self, day: str, found: Item) -> None:
        """Keep the result of a day's comparison."""
        body = json.dumps(found, ensure_ascii=False)
        self._db.execute("INSERT OR REPLACE INTO count VALUES (?, ?)", (day, body))

    def counts(self) -> dict[str, Item]:
        """Return the results of comparisons, by day."""
        rows = self._db.execute("SELECT day, body FROM count ORDER BY day")
        return {day: json.loads(body) for day, body in rows}

    def _put(self, item: Item) -> bool:
        seq = int(item["id"].rpartition("-")[2])
        body = json.dumps(item, ensure_ascii=False)
        done = self._db.execute(
            "INSERT OR IGNORE INTO item VALUES (?, ?, ?, ?, ?, ?)",
            (item["source"], item["id"], seq, item["subject"], item["time"][:10], body),
        )
        return done.rowcount == 1

    def _count(self) -> int:
        return int(self._db.execute("SELECT count(*) FROM item").fetchone()[0])

    def _mark(self, name: str) -> str:
        row = self._db.execute("SELECT text FROM mark WHERE name = ?", (name,)).fetchone()
        return str(row[0]) if row else ""

    def _set(self, name: str, text: str) -> None:
        self._db.execute("INSERT OR REPLACE INTO mark VALUES (?, ?)", (name, text))


def _age(data: Item) -> tuple[str, int]:
    """Return by what an incident's items are older and newer: era first, then revision."""
    return str(data.get("era", "")), int(data["revision"])
