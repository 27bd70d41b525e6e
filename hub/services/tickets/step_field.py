"""What else a step needs: the fields of its `extra`, read strictly, each fault in two languages."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from hub.model.alarm import Class, Urgency
from hub.model.detour import Rung
from hub.model.instant import LATEST, day_from_text, from_rfc3339
from hub.model.spelling import suggest
from hub.model.ticket import TicketAction

LONGEST_TEXT = 500
MOST_PARTS = 50
MOST_NAMED = 20
"""Fields that are looked at; nobody means more of them."""
MOST_MINUTES = 7 * 24 * 60
LONGEST_NUMBER = 20

Both = dict[str, str]
Faults = dict[str, Both]
"""Field → what is wrong with it, in both languages."""


class WrongFieldError(Exception):
    """A value that is not what its field takes; carries the words."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.words = {"zh": zh, "en": en}


class Field(msgspec.Struct, frozen=True):
    """One field of `extra`: how it is read, and whether the step can do without."""

    read: Callable[[object], Any]
    required: bool = True


def read_extra(do: TicketAction, extra: Mapping[str, Any]) -> tuple[dict[str, Any], Faults]:
    """Return what is good in a step's `extra`, and what is wrong with the rest."""
    fields, good = FIELDS.get(do, {}), {}
    faults = {
        name: {"zh": "没有这一项", "en": f"there is no such field; {suggest(name, fields)}"}
        for name in list(extra)[:MOST_NAMED]
        if name not in fields
    }
    for name, field in fields.items():
        if _is_empty(value := extra.get(name)):
            if field.required:
                faults[name] = {"zh": "必须填写", "en": f"{do} needs it"}
            continue
        try:
            good[name] = field.read(value)
        except WrongFieldError as error:
            faults[name] = error.words
    return good, faults


def _is_empty(value: object) -> bool:
    return value is None or value == [] or (isinstance(value, str) and not value.strip())


def _text(value: object) -> str:
    if not isinstance(value, str) or len(value) > LONGEST_TEXT:
        raise WrongFieldError(
            f"要写文字，最多 {LONGEST_TEXT} 字", f"a text of up to {LONGEST_TEXT} characters"
        )
    return value.strip()


def _instant(value: object) -> float:
    try:
        instant = from_rfc3339(value if isinstance(value, str) else "")
    except ValueError:
        instant = math.inf
    if not 0 < instant < LATEST:
        raise WrongFieldError(
            "要写时间，如 2026-12-01T18:00", "an instant such as 2026-12-01T18:00+08:00"
        )
    return instant


def _day(value: object) -> str:
    text = value.strip() if isinstance(value, str) else ""
    try:
        day_from_text(text)
    except ValueError:
        raise WrongFieldError("要写日期，如 2026-12-05", "a day such as 2026-12-05") from None
    return text


def _truth(value: object) -> bool:
    words = {"true": True, "yes": True, "false": False, "no": False}
    found = words.get(value.lower()) if isinstance(value, str) else value
    if not isinstance(found, bool):
        raise WrongFieldError("要写 true 或 false", "true or false")
    return found


def _parts(value: object) -> tuple[str, ...]:
    """Read a list of texts, or one text with a part on each line or between commas."""
    if isinstance(value, str):
        value = value.replace("，", ",").replace("、", ",").replace("\n", ",").split(",")
    if not isinstance(value, list) or len(value) > MOST_PARTS:
        raise WrongFieldError(
            f"要写配件清单，最多 {MOST_PARTS} 项", f"a list of up to {MOST_PARTS} texts"
        )
    return tuple(text for each in value if (text := _text(each)))


def _minutes(value: object) -> int:
    if isinstance(value, str) and value.isascii() and value.strip().isdecimal():
        value = int(value[:LONGEST_NUMBER])
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= MOST_MINUTES:
        raise WrongFieldError(
            f"要写整数分钟，最多 {MOST_MINUTES}", f"whole minutes, up to {MOST_MINUTES}"
        )
    return value


def _one_of(kind: type[Class | Urgency | Rung]) -> Callable[[object], Any]:
    words = [word.value for word in kind]

    def read(value: object) -> Class | Urgency | Rung:
        text = value if isinstance(value, str) else ""
        if text not in words:
            raise WrongFieldError(f"只能是 {'、'.join(words)}", suggest(text, words))
        return kind(text)

    return read


FIELDS: dict[TicketAction, dict[str, Field]] = {
    TicketAction.COMPLETE: {"parts": Field(_parts, False), "minutes": Field(_minutes, False)},
    TicketAction.CALL_BACK: {"satisfied": Field(_truth)},
    TicketAction.EXTEND: {"until": Field(_instant)},
    TicketAction.GRANT: {"street": Field(_text, False)},
    TicketAction.REFUSE: {"street": Field(_text, False)},
    TicketAction.SHELVE: {
        "approved_by": Field(_one_of(Rung)),
        "approver": Field(_text),
        "condition": Field(_text),
        "measure": Field(_text),
        "review": Field(_instant),
    },
    TicketAction.CLASSIFY: {
        "class": Field(_one_of(Class), False),
        "urgency": Field(_one_of(Urgency), False),
        "planned": Field(_day, False),
    },
    TicketAction.SPLIT: {"part": Field(_text)},
    TicketAction.VOID: {"approver": Field(_text)},
}
"""Action → the fields of its `extra`."""
