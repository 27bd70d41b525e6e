"""A receiver's own case, as it is shown to that receiver."""

from __future__ import annotations

from typing import Any

import msgspec

from hub.errors import NotFoundError
from hub.model.access import Identity
from hub.model.case import CASES, Case
from hub.model.instant import to_rfc3339
from hub.ports import Books
from hub.services.incidents.case_step import possible_actions

MACHINE = "key:"


def receiver_of(who: Identity) -> str:
    """Return the receiver that a key stands for: the key's name, which rotation keeps."""
    return who.name.removeprefix(MACHINE)


async def read_case(books: Books, receiver: str, incident: str) -> Case:
    """Read a receiver's case; one that it has never touched is `reported`."""
    fresh = Case(receiver=receiver, incident=incident)
    body = await books.document(CASES, fresh.key)
    return msgspec.json.decode(body, type=Case) if body else fresh


def describe_own(case: Case) -> dict[str, Any]:
    """Write a case with all that its receiver has said, and what it can do next."""
    return {
        "receiver": case.receiver,
        "incident": case.incident,
        "number": case.number,
        "state": case.state,
        "revision": case.revision,
        "updated_at": to_rfc3339(case.at),
        "to": case.to,
        "reason": case.reason,
        "arrived_at": to_rfc3339(case.arrived_at),
        "asked_until": to_rfc3339(case.asked_until),
        "extended_until": to_rfc3339(case.extended_until),
        "urged": case.urged,
        "supervised": case.supervised,
        "their_at": to_rfc3339(case.their_at or None),
        "their_revision": case.their_revision,
        "possible": possible_actions(case),
    }


def hide_words(case: Case) -> Case:
    """Return a case as another receiver may see it: number, state and instants, and no words."""
    return msgspec.structs.replace(case, reason="", to="")


def no_incident(number: str) -> NotFoundError:
    """Return the error for what is no incident, or none that this key may see."""
    return NotFoundError(f"There is no incident {number!r}.", zh=f"没有案件 {number}。")
