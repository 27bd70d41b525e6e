"""What a list of people changes: documents, journal entries, one-time codes, and the way back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from hub.access import code
from hub.access.passwords import PasswordDesk
from hub.access.record import PEOPLE, Person
from hub.model.access import Identity, Role
from hub.model.site_load import Enlisted
from hub.ports import Document

JournalLine = tuple[str, str, str, dict[str, Any]]


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """Who is on a list; `place` is the path below which the person sees, empty for all."""

    name: str
    role: Role
    place: str = ""
    phone: str = ""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be written; `codes` are kept nowhere."""

    documents: list[Document] = []
    entries: list[JournalLine] = []
    enlisted: list[Enlisted] = []
    codes: dict[str, str] = {}


async def plan_enlisting(
    wanted: Iterable[Listed],
    known: Mapping[str, Person],
    who: Identity,
    passwords: PasswordDesk,
    now: float,
) -> Plan:
    """Plan to add who is new or shut out, and to change who is another; the rest is left alone."""
    plan = Plan()
    for new in wanted:
        person = known.get(new.name, Person(name=new.name, role=new.role, added_at=now))
        is_new = new.name not in known or person.disabled
        was = None if is_new else _given(person)
        gave = (new.role.value, new.place, new.phone)
        if was == gave:
            continue
        put = msgspec.structs.replace(person, role=new.role, scope=new.place, phone=new.phone)
        if is_new:
            given = plan.codes[new.name] = code.new_code()
            put = msgspec.structs.replace(
                put,
                password_hash=await passwords.hash(given),
                code_ends_at=now + code.GOOD_FOR,
                disabled=False,
                totp="",
            )
        told = {"role": new.role.value, "scope": new.place}
        _put(plan, put, ("person.added" if is_new else "person.changed", who, told), now)
        plan.enlisted.append(Enlisted(name=new.name, gave=gave, was=was))
    return plan


def plan_dismissal(
    enlisted: Iterable[Enlisted], known: Mapping[str, Person], who: Identity, now: float
) -> Plan:
    """Plan to shut out who was added, and to give back what was changed and not changed again."""
    plan = Plan()
    for each in enlisted:
        person = known.get(each.name)
        if person is None or person.disabled:
            continue
        if each.was is None:
            shut = msgspec.structs.replace(
                person, disabled=True, password_hash="", code_ends_at=None, totp=""
            )
            _put(plan, shut, ("person.disabled", who, {}), now)
        elif _given(person) == each.gave:
            role, scope, phone = each.was
            back = msgspec.structs.replace(person, role=Role(role), scope=scope, phone=phone)
            _put(plan, back, ("person.changed", who, {"role": role, "scope": scope}), now)
    return plan


def _given(person: Person) -> tuple[str, str, str]:
    return (person.role.value, person.scope, person.phone)


def _put(
    plan: Plan, person: Person, entry: tuple[str, Identity, dict[str, Any]], now: float
) -> None:
    kind, who, told = entry
    kept = msgspec.structs.replace(person, generation=person.generation + 1)
    body = msgspec.json.encode(kept)
    plan.documents.append(Document(collection=PEOPLE, key=kept.name, body=body, at=now))
    plan.entries.append((kind, kept.name, who.name, told))
