"""A ticket's detours in words: short beside its state, in full on its own page, in its history."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from hub.console.frame.language import Words
from hub.console.frame.span import day_and_time
from hub.model.detour import Extension, Shelf
from hub.model.instant import to_local_text
from hub.model.journal import Entry
from hub.model.ticket import Ticket
from hub.services.tickets.transition import asked_extension

Rows = list[tuple[str, str]]


def notes(ticket: Ticket, words: Words) -> list[str]:
    """Say in a few words for whom it waits, until when it is shelved, what is asked for."""
    found = []
    if ticket.waiting:
        found.append(words("detour.waits_for", body=ticket.waiting.body))
    if ticket.shelf:
        found.append(words("detour.shelved_until", day=to_local_text(ticket.shelf.review_at)[:10]))
    if ticket.planned:
        found.append(words("detour.planned_for", day=ticket.planned))
    if asked := asked_extension(ticket):
        found.append(words("detour.asked_until", at=day_and_time(asked.until)))
    return found


def detour_rows(ticket: Ticket, words: Words) -> Rows:
    """List what a repairer and a leader have to know of it, by name."""
    rows: Rows = []
    if wait := ticket.waiting:
        since = words("detour.since", at=day_and_time(wait.since))
        rows.append((words("ticket_flag.suspended"), f"{wait.body} · {wait.reason} · {since}"))
    if ticket.planned:
        rows.append((words("field.planned"), ticket.planned))
    if ticket.shelf:
        rows += _shelf_rows(ticket.shelf, words)
    rows += [(words("detour.extension"), _extension(each, words)) for each in ticket.extensions]
    if ticket.class_raises:
        rows.append((words("detour.raises"), words("detour.times", n=ticket.class_raises)))
    if ticket.acknowledged_by and ticket.acknowledged_at:
        who = f"{ticket.acknowledged_by} · {day_and_time(ticket.acknowledged_at)}"
        rows.append((words("do.acknowledge"), who))
    return rows + _end_rows(ticket, words)


def _shelf_rows(shelf: Shelf, words: Words) -> Rows:
    approval = f"{words.name('rung', shelf.approved_by)} · {shelf.approver}"
    return [
        (words("ticket_flag.shelved"), words("detour.approved", by=approval)),
        (words("field.condition"), shelf.condition),
        (words("field.measure"), shelf.measure),
    ]


def _extension(each: Extension, words: Words) -> str:
    parts = [
        words("detour.until", at=day_and_time(each.until)),
        each.reason,
        f"{words.name('rung', each.rung)}：{words.name('ruling', each.ruling)}",
        each.street or each.decided_by,
    ]
    return " · ".join(part for part in parts if part)


def _end_rows(ticket: Ticket, words: Words) -> Rows:
    rows: Rows = []
    if ticket.parts:
        rows.append((words("detour.parts"), words("punct.list").join(ticket.parts)))
    if ticket.minutes is not None:
        rows.append((words("detour.worked"), words("span.minutes", n=ticket.minutes)))
    if call := ticket.call_back:
        answer = words("satisfied.true" if call.satisfied else "satisfied.false")
        said = " · ".join(part for part in (answer, call.text, call.by) if part)
        rows.append((words("do.call_back"), said))
    if ticket.approver:
        rows.append((words("field.approver"), ticket.approver))
    return rows


def detour_words(entry: Entry, words: Words) -> list[str]:
    """Say in a ticket's history what the entry's own kind has to say."""
    say = _SAY.get(entry.type.removeprefix("ticket."))
    found = say(entry.data, words) if say else ""
    return [found] if found else []


def _last_extension(data: Mapping[str, Any], words: Words) -> str:
    extensions = data.get("extensions") or [{}]
    last = extensions[-1]
    ruling = words.name("ruling", last.get("ruling", ""))
    at = words("detour.until", at=day_and_time(last.get("until", 0.0)))
    return f"{ruling} · {at}"


def _classes(data: Mapping[str, Any], words: Words) -> str:
    names = [words.name(group, data[group]) for group in ("urgency", "class") if data.get(group)]
    if data.get("planned"):
        names.append(words("detour.planned_for", day=data["planned"]))
    return words("punct.list").join(names)


def _shelf(data: Mapping[str, Any], words: Words) -> str:
    shelf = data.get("shelf") or {}
    return words("detour.shelved_until", day=to_local_text(shelf.get("review_at", 0.0))[:10])


def _half(data: Mapping[str, Any], words: Words) -> str:
    """Name the other half of a ticket that was taken apart."""
    if data.get("split_from"):
        return words("ticket.split_from", number=data["split_from"])
    return words("ticket.split_off", number=data["split_off"][-1]) if data.get("split_off") else ""


def _answer(data: Mapping[str, Any], words: Words) -> str:
    satisfied = (data.get("call_back") or {}).get("satisfied")
    return words("satisfied.true" if satisfied else "satisfied.false")


_SAY: dict[str, Callable[[Mapping[str, Any], Words], str]] = {
    "extension_asked": _last_extension,
    "extension_decided": _last_extension,
    "classified": _classes,
    "shelved": _shelf,
    "called_back": _answer,
    "split": _half,
    "opened": _half,
    "overdue": lambda data, words: words(f"ticket.{data.get('limit', 'finish')}_by"),
}
