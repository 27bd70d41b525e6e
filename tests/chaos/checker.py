"""Compares a hub's store with what was said to it; each fault found is one sentence."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from random import Random
from typing import Any

import msgspec

from tests.chaos.plan import Plan
from tests.support.hub_process import HubProcess
from tests.support.publisher import Key

MARKS: Mapping[str, tuple[str, ...]] = {
    "state": ("boom.broken", "lock.locked", "tamper"),
    "telemetry": ("motor.temperature", "battery.voltage"),
}
"""Topic → a point that every message on it carries, for each kind of device."""
SHOWN = 5
"""Examples in a sentence."""
LONGEST_PAGE = 40
"""Items of the feed's random pages, at most."""


class Stored(msgspec.Struct, frozen=True, kw_only=True):
    """What a store holds, read in one go."""

    messages: frozenset[Key]
    tickets: list[dict[str, Any]]
    journal: list[tuple[int, str, dict[str, Any]]]
    """(seq, type, data)."""
    feed: list[tuple[int, str, str]]
    """(seq, incident, type)."""
    integrity: str


def read_store(path: Path) -> Stored:
    """Read a store that a hub may be using; nothing is written."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        connection.execute("BEGIN")
        return Stored(
            messages=frozenset(_messages(connection)),
            tickets=[json.loads(row[0]) for row in connection.execute("SELECT body FROM ticket")],
            journal=[
                (seq, kind, {**json.loads(body), "subject": subject})
                for seq, kind, subject, body in connection.execute(
                    "SELECT seq, type, subject, body FROM journal ORDER BY seq"
                )
            ],
            feed=list(connection.execute("SELECT seq, incident, type FROM feed ORDER BY seq")),
            integrity=str(connection.execute("PRAGMA integrity_check").fetchone()[0]),
        )


def count_stored(path: Path) -> int:
    """Return how many messages a store holds; cheap enough to be asked often."""
    return len(read_messages(path))


def read_messages(path: Path) -> frozenset[Key]:
    """Return the identities of the stored messages."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        return frozenset(_messages(connection))


def find_faults(stored: Stored, plan: Plan, sent: Iterable[Key], taken: Iterable[Key]) -> list[str]:
    """Return a sentence for everything that is lost, doubled, invented or broken."""
    return [
        *_tell("acknowledged messages are not in the store", set(taken) - stored.messages),
        *_tell("stored messages were never sent", stored.messages - set(sent)),
        *_check_tickets(stored, plan),
        *_check_alarms(stored, plan),
        *_check_journal(stored),
        *([] if stored.integrity == "ok" else [f"the database is damaged: {stored.integrity}"]),
    ]


async def follow_feed(hub: HubProcess, chance: Random) -> list[tuple[int, str, str]]:
    """Read the feed from the start in pages of random size: (seq, incident, type)."""
    found: list[tuple[int, str, str]] = []
    after: dict[str, str] = {}
    while True:
        limit = chance.randint(1, LONGEST_PAGE)
        page = await hub.get("/grid/v1/feed", "grid", limit=limit, **after)
        after = {"after": page["next"]}
        if not page["items"]:
            return found
        found += [
            (int(item["id"].rpartition("-")[2]), item["subject"], item["type"])
            for item in page["items"]
        ]


def _messages(connection: sqlite3.Connection) -> Iterator[Key]:
    bodies = connection.execute("SELECT body FROM document WHERE collection = 'device'")
    ids = {device["uid"]: device["id"] for device in (json.loads(row[0]) for row in bodies)}
    for topic, points in MARKS.items():
        places = ", ".join("?" * len(points))
        rows = connection.execute(
            "SELECT s.uid, b.name, r.tie FROM reading r JOIN series s ON s.id = r.series"
            f" JOIN boot b ON b.id = r.boot WHERE s.point IN ({places}) AND b.name <> ''",
            points,
        )
        yield from (Key(ids[uid], boot, topic, seq) for uid, boot, seq in rows)
    rows = connection.execute("SELECT uid, boot, tie FROM event WHERE numbered")
    yield from (Key(ids[uid], boot, "event", seq) for uid, boot, seq in rows)


def _check_tickets(stored: Stored, plan: Plan) -> Iterator[str]:
    tickets = Counter((each["subject"], each["fault"]) for each in stored.tickets)
    twice = {key for key, count in tickets.items() if count > 1}
    yield from _tell("(device, fault) have two tickets", twice)
    yield from _tell("tickets are missing", plan.tickets - set(tickets))
    yield from _tell("tickets have no fault behind them", set(tickets) - plan.tickets)
    opened = Counter(data["subject"] for _, kind, data in stored.journal if kind == "ticket.opened")
    numbers = {each["number"] for each in stored.tickets}
    yield from _tell("tickets were opened twice", {n for n, count in opened.items() if count > 1})
    yield from _tell("tickets are not in the journal", numbers ^ set(opened))


def _check_alarms(stored: Stored, plan: Plan) -> Iterator[str]:
    raised = Counter(
        (data["subject"], data["rule"])
        for _, kind, data in stored.journal
        if kind == "alarm.raised"
    )
    wrong = {
        (*key, f"{raised[key]} instead of {plan.raises.get(key, 0)}")
        for key in {*raised, *plan.raises}
        if raised[key] != plan.raises.get(key, 0)
    }
    yield from _tell("alarms were raised too often or not often enough", wrong)


def _check_journal(stored: Stored) -> Iterator[str]:
    numbers = [seq for seq, _, _ in stored.journal]
    if numbers != list(range(1, len(numbers) + 1)):
        yield f"the journal's {len(numbers)} numbers are not 1 to n"
    told = {seq for seq, kind, _ in stored.journal if kind.startswith("ticket.")}
    yield from _tell(
        "changes of incidents are not in the feed, or have no entry",
        told ^ {seq for seq, _, _ in stored.feed},
    )


def _tell(what: str, which: Iterable[Any]) -> list[str]:
    found = sorted(map(str, which))
    return [f"{len(found)} {what}: {', '.join(found[:SHOWN])}"] if found else []
