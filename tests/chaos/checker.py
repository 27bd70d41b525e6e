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

from hub.model.report import Report
from hub.store.peek import read_collection
from hub.store.seals.chain import prove_chain
from hub.store.seals.diagnosis import find_fault
from hub.store.seals.key_file import key_file, read_ring
from tests.chaos.plan import Plan
from tests.support.history import read_history
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
    """(seq, type, data); data has the `subject` and the instant, `at`, too."""
    feed: list[tuple[int, str, str]]
    """(seq, incident, type)."""
    integrity: str
    audit: str
    """What is wrong with the chain of the journal's seals."""


def read_store(path: Path) -> Stored:
    """Read a store that a hub may be using; nothing is written."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        connection.execute("BEGIN")
        return Stored(
            messages=read_messages(path),
            tickets=[json.loads(row[0]) for row in connection.execute("SELECT body FROM ticket")],
            journal=[
                (seq, kind, {**json.loads(body), "subject": subject, "at": at})
                for seq, kind, subject, body, at in connection.execute(
                    "SELECT seq, type, subject, body, at FROM journal ORDER BY seq"
                )
            ],
            feed=list(connection.execute("SELECT seq, incident, type FROM feed ORDER BY seq")),
            integrity=str(connection.execute("PRAGMA integrity_check").fetchone()[0]),
            audit=_prove(path),
        )


def _prove(path: Path) -> str:
    """Prove the chain; a copy of a store has no keys beside it, and says nothing."""
    if not key_file(path).exists():
        return ""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        fault = prove_chain(connection, read_ring(key_file(path)), find_fault, {}).fault
    return str(fault or "")


def count_raised(path: Path) -> int:
    """Return how many alarms a store's journal tells of."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        found = connection.execute("SELECT count(*) FROM journal WHERE type = 'alarm.raised'")
        return int(found.fetchone()[0])


def read_messages(path: Path) -> frozenset[Key]:
    """Return the identities of the stored messages."""
    devices = read_collection(path, "device").values()
    ids = {device["uid"]: device["id"] for device in map(json.loads, devices)}
    return frozenset(
        Key(ids[report.uid], report.boot, topic, report.seq)
        for report in read_history(path)
        if report.seq is not None
        for topic in _topics(report)
    )


def find_faults(stored: Stored, plan: Plan, sent: Iterable[Key], taken: Iterable[Key]) -> list[str]:
    """Return a sentence for everything that is lost, doubled, invented or broken.

    `taken` is what a broker has acknowledged and kept.
    """
    return [
        *_tell("acknowledged messages are not in the store", set(taken) - stored.messages),
        *_tell("stored messages were never sent", stored.messages - set(sent)),
        *_check_tickets(stored, plan),
        *_check_alarms(stored, plan),
        *_check_journal(stored),
        *([f"the chain of seals is broken: {stored.audit}"] if stored.audit else []),
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


def _topics(report: Report) -> list[str]:
    """Tell from its points on which topic a message came; replay need not know."""
    if report.event:
        return ["event"]
    points = {sample.point for sample in report.samples}
    return [topic for topic, marks in MARKS.items() if points & {*marks}]


def _check_tickets(stored: Stored, plan: Plan) -> Iterator[str]:
    tickets = Counter((each["subject"], each["fault"]) for each in stored.tickets)
    expected = {key for key in plan.tickets if key[0] not in plan.spared}
    twice = {key for key, count in tickets.items() if count > 1}
    yield from _tell("(device, fault) have two tickets", twice)
    yield from _tell("tickets are missing", expected - set(tickets))
    unfounded = {key for key in tickets if key not in plan.tickets and key[0] not in plan.spared}
    yield from _tell("tickets have no fault behind them", unfounded)
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
        if raised[key] != plan.raises.get(key, 0) and key[0] not in plan.spared
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
