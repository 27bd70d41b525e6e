"""The forms of a ticket's steps: which fields each one has, and how a pressed button is read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from hub.errors import InvalidRequestError
from hub.model.alarm import Class, Urgency
from hub.model.detour import Rung
from hub.model.ticket import ClosingCode, Ticket, TicketAction, TicketStep
from hub.services.tickets.transition import asked_extension

LONGEST = 500
NOTHING: Mapping[str, str] = {}
FALSE_ALARM, RECEIVE = "false_alarm", "receive"
WORDS = frozenset({"reason", "code", "to", "text"})
"""Fields of a step itself; every other one belongs into its `extra`."""


class Field(msgspec.Struct, frozen=True, kw_only=True):
    """One field: `kind` is text, area, number, when, day or choice.

    `group` has its choices' words, where `names` has none.
    """

    name: str
    kind: str = "text"
    choices: tuple[str, ...] = ()
    group: str = ""
    label: str = ""
    names: Mapping[str, str] = {}


class Act(msgspec.Struct, frozen=True, kw_only=True):
    """One step as it stands on the page, with what is already filled in by field."""

    do: str
    fields: tuple[Field, ...]
    values: Mapping[str, str]
    open: bool = False


class Typed(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody has typed for one step, to be shown again when it was refused."""

    do: str = ""
    values: Mapping[str, str] = {}
    message: str = ""


def _choice(name: str, choices: Iterable[str], group: str = "") -> Field:
    return Field(name=name, kind="choice", choices=tuple(choices), group=group or name)


_REASON = Field(name="reason", kind="area")
_TEXT = Field(name="text", kind="area")
_TO = Field(name="to")
_STREET = Field(name="street")
_CODE = _choice("code", (code.value for code in ClosingCode))

FORMS: dict[str, tuple[Field, ...]] = {
    "dispatch": (_TO, _REASON),
    "transfer": (_TO, _REASON),
    "return": (_REASON,),
    "complete": (_CODE, Field(name="parts"), Field(name="minutes", kind="number"), _REASON),
    FALSE_ALARM: (_REASON,),
    "verify": (_REASON,),
    "reject": (_REASON,),
    "call_back": (_choice("satisfied", ("true", "false")), _TEXT),
    "close": (_REASON,),
    "reopen": (_REASON,),
    "suspend": (Field(name="to", label="waits_for"), _REASON),
    "extend": (Field(name="until", kind="when"), _REASON),
    "grant": (_STREET,),
    "refuse": (_REASON, _STREET),
    "shelve": (
        _choice("approved_by", (rung.value for rung in Rung), "rung"),
        Field(name="approver"),
        Field(name="condition"),
        Field(name="measure"),
        Field(name="review", kind="when"),
    ),
    "classify": (
        _choice("class", (each.value for each in Class)),
        _choice("urgency", (each.value for each in Urgency)),
        Field(name="planned", kind="day"),
        _REASON,
    ),
    "merge": (Field(name="to", label="merge_into"), _REASON),
    "split": (Field(name="part", kind="choice"), _REASON),
    "comment": (_TEXT,),
    "void": (Field(name="approver"), _REASON),
}
"""Button → its fields; a step that is not named has none."""


def make_act(do: str, ticket: Ticket, typed: Typed, parts: Mapping[str, str] = NOTHING) -> Act:
    """Return a step with its fields, as far as this ticket needs them.

    `parts` can be taken off the ticket: what the step calls each, and people.
    """
    fields = FORMS.get(do, ())
    if do == "split":
        part = msgspec.structs.replace(fields[0], choices=tuple(parts), names=parts)
        fields = (part, *fields[1:])
    asked = asked_extension(ticket)
    if asked and asked.rung is not Rung.STREET:
        fields = tuple(field for field in fields if field is not _STREET)
    if do == "close" and (ticket.call_back is None or ticket.call_back.satisfied):
        fields = ()
    known = {
        "code": ClosingCode.REPAIRED.value,
        "class": ticket.class_.value,
        "urgency": ticket.urgency.value,
        "planned": ticket.planned,
    }
    mine = typed.values if typed.do == do else {}
    return Act(do=do, fields=fields, values={**known, **mine}, open=typed.do == do)


def label_of(do: str, name: str) -> str:
    """Return the word under which a field stands in a step's form."""
    labels = {field.name: field.label or field.name for field in FORMS.get(do, ())}
    return labels.get(name, name)


def read_typed(do: str, form: Mapping[str, Any]) -> Typed:
    """Return what was typed for the step whose button was pressed."""
    values = {
        field.name: str(form.get(f"{do}.{field.name}", form.get(field.name, "")))[:LONGEST].strip()
        for field in FORMS.get(do, ())
    }
    return Typed(do=do, values=values)


def action_of(do: str) -> str:
    """Return the step that a button stands for."""
    return {FALSE_ALARM: "complete", RECEIVE: "acknowledge"}.get(do, do)


def read_step(typed: Typed, actor: str, role: str, now: float) -> TicketStep:
    """Make a step of a pressed button; `false_alarm` and `receive` are short for two others.

    Raises InvalidRequestError for a button that there is none of.
    """
    do = action_of(typed.do)
    if do not in set(TicketAction):
        raise InvalidRequestError(f"没有这个按钮。 There is no step {do!r}.", problems={"do": do})
    values: dict[str, Any] = {name: value for name, value in typed.values.items() if value}
    if typed.do == FALSE_ALARM:
        values["code"] = ClosingCode.FALSE_ALARM.value
    return TicketStep(
        do=TicketAction(do),
        actor=actor,
        role=role,
        at=now,
        extra={name: value for name, value in values.items() if name not in WORDS},
        **{name: value for name, value in values.items() if name in WORDS},
    )
