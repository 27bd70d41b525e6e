"""The forms of a case's steps: which fields each has, and how they are read."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.datastructures import FormData

from hub.errors import InvalidRequestError
from hub.model.access import Identity
from hub.model.case import CaseAction, CaseStep
from hub.model.instant import LATEST, from_rfc3339

LONGEST = 500
FIELDS: Mapping[CaseAction, tuple[str, ...]] = {
    CaseAction.FEED_BACK: ("text", "photo"),
    CaseAction.RETURN: ("reason",),
    CaseAction.ASK_EXTENSION: ("until", "reason"),
    CaseAction.HELP: ("to", "reason"),
    CaseAction.COMMENT: ("text",),
    CaseAction.DISPATCH: ("to", "reason"),
    CaseAction.DECIDE_EXTENSION: ("granted", "reason"),
    CaseAction.REOPEN: ("reason",),
    CaseAction.SUPERVISE: ("reason",),
    CaseAction.URGE: ("reason",),
}
"""What a step asks for; a step that is not here asks for nothing."""
NEEDED = frozenset({"text", "until", "to", "granted"})
"""Fields that must be filled in; a reason must where the case's table says so."""


def read_case_step(form: FormData, receiver: str, who: Identity, now: float) -> CaseStep:
    """Read a step from a form, or raise InvalidRequestError with the field."""
    do = str(form.get("do", ""))
    if do not in set(CaseAction):
        raise InvalidRequestError(f"do: {do!r} is no step.", problems={"do": "no step"})
    until, granted = _word(form, "until"), _word(form, "granted")
    return CaseStep(
        do=CaseAction(do),
        receiver=receiver,
        at=now,
        actor=who.name,
        until=_instant(until, now) if until else None,
        granted={"yes": True, "no": False}.get(granted),
        reason=_word(form, "reason"),
        text=_word(form, "text"),
        to=_word(form, "to"),
    )


def typed_words(form: FormData) -> dict[str, str]:
    """Return what somebody has typed, to be shown again when it was refused."""
    return {name: value for name, value in form.items() if isinstance(value, str)}


def _word(form: FormData, name: str) -> str:
    text = str(form.get(name) or "").strip()
    if len(text) <= LONGEST:
        return text
    problem = f"at most {LONGEST} characters"
    raise InvalidRequestError(f"{name}: {problem}.", problems={name: problem})


def _instant(text: str, now: float) -> float:
    try:
        instant = from_rfc3339(text)
    except ValueError:
        instant = 0.0
    if now < instant < LATEST:
        return instant
    raise InvalidRequestError(
        f"until: {text!r} is no time to come.",
        problems={"until": "choose a time to come"},
        zh="请选一个以后的时间。",
    )
