"""Journal entries as sentences for people."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from hub.console.frame.language import Language, Words, words_of
from hub.console.frame.naming import device_name, place_name
from hub.console.frame.span import day_and_time
from hub.console.tickets.detour import detour_words
from hub.model.journal import Entry
from hub.ports import Live

ESCALATED, CALLED = "ticket.escalated", "ticket.called"
"""An entry, and the word for the one that calls a first rung."""
ROTA = "hub:rota"
"""Who acts where a plan leaves it to the rota to dispatch a ticket."""
PRIVATE = ("person.", "key.")
NOISE = frozenset({"ticket.updated", "alarm.raised", "alarm.changed", "alarm.suppressed"})
"""Entries that tell a guard nothing, or that a ticket says again."""


def is_told(entry: Entry) -> bool:
    """Tell whether an entry belongs into the wall's last line."""
    if entry.data.get("discreet") or entry.type.startswith(PRIVATE):
        return False
    if entry.type == "alarm.cleared" and entry.data.get("ticket"):
        return False
    if _happening(entry) == CALLED:
        return False
    return entry.type not in NOISE and f"story.{entry.type}" in words_of(Language.ZH).phrases


def sentence(entry: Entry, live: Live, words: Words) -> str:
    """Write an entry as a sentence; an unknown type is shown as it is."""
    phrase = words.phrases.get(f"story.{entry.type}")
    if phrase is None:
        return f"{entry.type} {entry.subject}"
    return phrase.format_map(_Fields(entry, live, words)).strip()


def step_line(entry: Entry, words: Words) -> str:
    """Write what happened in a ticket's own history, with the words that somebody left."""
    action = words.phrases.get(f"history.{_happening(entry)}", entry.type)
    said = [str(entry.data[name]) for name in ("text", "reason", "to") if _text(entry.data, name)]
    if entry.type.startswith("ticket.escalat"):
        said.insert(0, words.of(entry.data.get("name", {})))
    if told := entry.data.get("done_at"):
        said.append(words("history.done_at", at=day_and_time(float(told))))
    line = (action, *detour_words(entry, words), *said)
    return " · ".join(word for word in line if word)


def _happening(entry: Entry) -> str:
    """Return what a history calls it: the first rung is called, and nothing has climbed yet."""
    is_first = entry.type == ESCALATED and entry.data.get("rung") == 1
    return CALLED if is_first else entry.type


class _Fields(dict[str, str]):
    """Looks up only the fields that a phrase asks for."""

    def __init__(self, entry: Entry, live: Live, words: Words) -> None:
        super().__init__()
        self._entry, self._live, self._words = entry, live, words

    def __missing__(self, name: str) -> str:
        find = _FINDERS.get(name)
        if find is not None:
            return find(self._entry, self._live, self._words)
        return str(self._entry.data.get(name) or "")


def _device(entry: Entry, live: Live, _words: Words) -> str:
    view = live.device(str(entry.data.get("device") or entry.subject))
    return device_name(view.device) if view else entry.subject


def _place(entry: Entry, live: Live, _words: Words) -> str:
    subject = str(entry.data.get("subject") or entry.subject)
    view = live.device(subject)
    return device_name(view.device) if view else place_name(entry.place, live.places())


def _title(entry: Entry, _live: Live, words: Words) -> str:
    texts = entry.data.get("title") or entry.data.get("name") or {}
    return words.of(texts) if isinstance(texts, dict) else str(texts)


def _action(entry: Entry, _live: Live, words: Words) -> str:
    return words.name("order", entry.data.get("do", ""))


def _actor(entry: Entry, _live: Live, words: Words) -> str:
    return actor_name(entry.actor, words)


def actor_name(actor: str, words: Words) -> str:
    """Name who acts or holds: a person by login, a rule, a program's key and the hub by a word."""
    kind, _, name = actor.partition(":")
    if actor == ROTA:
        return words("actor.rota")
    if name and kind in {"rule", "key"}:
        return words(f"actor.{kind}", name=name)
    return words(f"actor.{actor}") if actor in {"hub", "resident"} else actor


def _holder(entry: Entry, _live: Live, words: Words) -> str:
    return actor_name(str(entry.data.get("holder") or ""), words)


_FINDERS: dict[str, Callable[[Entry, Live, Words], str]] = {
    "device": _device,
    "place": _place,
    "title": _title,
    "do": _action,
    "actor": _actor,
    "holder": _holder,
}


def _text(data: Mapping[str, Any], name: str) -> bool:
    return isinstance(data.get(name), str) and bool(data[name])
