"""What a platform says that it did, out of one of its records: a step of its case, or new work."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import msgspec

from hub.errors import InvalidRequestError
from hub.feeds.profiles.filling import read_instant
from hub.feeds.profiles.wire import find, plain
from hub.model.case import CaseAction, CaseState, CaseStep
from hub.model.profile import Profile, Steps
from hub.model.spelling import suggest

LONGEST_NAME, LONGEST_WORDS = 100, 500
_WORDS = frozenset({"reason", "text"})
UNSAID = "对方未说明 / not said"
LEADS_TO: dict[CaseState, CaseAction] = {
    CaseState.FILED: CaseAction.FILE,
    CaseState.REFUSED: CaseAction.REFUSE,
    CaseState.DISPATCHED: CaseAction.DISPATCH,
    CaseState.SIGNED: CaseAction.SIGN,
    CaseState.HANDLED: CaseAction.FEED_BACK,
    CaseState.CHECKED: CaseAction.CHECK,
    CaseState.CLOSED: CaseAction.CLOSE,
    CaseState.SENT_BACK: CaseAction.RETURN,
}
"""For platforms that tell states and no steps: what leads to a state."""


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What a profile reads out of a record, as text: nothing else of it is kept."""

    id: str
    incident: str = ""
    number: str = ""
    code: str = ""
    at: str = ""
    reason: str = ""
    text: str = ""
    to: str = ""
    until: str = ""
    granted: str = ""
    place: str = ""


def read_record(profile: Profile, record: object) -> Told:
    """Read what a record says; what is not there is empty.

    What a record says is part of its id: some platforms list cases, of which each says something
    new under the same id.
    """
    steps = profile.steps or Steps(at="")
    paths = {
        name: getattr(steps, name)
        for name in ("incident", "number", "at", "reason", "text", "to", "until", "granted")
    }
    paths |= {"place": steps.place, "code": steps.action or steps.state}
    found = {
        name: _text(record, path)[: LONGEST_WORDS if name in _WORDS else LONGEST_NAME]
        for name, path in paths.items()
    }
    own = _text(record, steps.id)[:LONGEST_NAME]
    digest = hashlib.sha256(msgspec.json.encode(found, order="sorted")).hexdigest()[:16]
    return Told(id=f"{own} {digest}".strip(), **found)


def to_step(profile: Profile, receiver: str, told: Told, *, number: str = "") -> CaseStep:
    """Return the step that is told; `number` is theirs as it is known.

    Raises InvalidRequestError for a code that the profile does not have, or what is no instant.
    """
    do = action_of(profile, told.code)
    granted = told.granted in profile.steps.yes if profile.steps and told.granted else None
    return CaseStep(
        do=do,
        receiver=receiver,
        at=_instant(profile, "at", told.at),
        number=told.number or number,
        to=told.to,
        reason=told.reason or (UNSAID if do in _NEED_REASON else ""),
        text=told.text or (UNSAID if do in _NEED_TEXT else ""),
        until=_instant(profile, "until", told.until) if told.until else None,
        granted=granted,
    )


_NEED_REASON = {CaseAction.REFUSE, CaseAction.RETURN, CaseAction.REOPEN, CaseAction.ASK_EXTENSION}
_NEED_TEXT = {CaseAction.FEED_BACK, CaseAction.COMMENT}


def action_of(profile: Profile, code: str) -> CaseAction:
    """Return what a code of theirs means; InvalidRequestError where the profile does not say."""
    if profile.steps and profile.steps.action:
        section, known = "actions.in", profile.actions.in_
        action = known.get(code)
        if action is not None:
            return CaseAction(action)
    else:
        section, known = "states.in", profile.states.in_
        state = known.get(code)
        if state is not None and state != CaseState.REPORTED:
            return LEADS_TO[CaseState(state)]
    problem = f"the code {code!r} is not in [{section}]; {suggest(code, known, listed=20)}"
    raise InvalidRequestError(problem, problems={"code": problem}, zh=f"对照表中没有代码 {code}。")


def place_of(profile: Profile, told: Told, default: str) -> str:
    """Return our place for theirs, by `[maps.place]`."""
    table: Mapping[str, str] = profile.maps.get("place", {})
    return table.get(told.place) or table.get("*") or default


def _instant(profile: Profile, name: str, text: str) -> float:
    try:
        return read_instant(profile.time, text)
    except (ValueError, OverflowError) as error:
        problem = f"{name}: {text!r} is no instant as {profile.time.format}"
        raise InvalidRequestError(problem, problems={name: problem}) from error


def _text(record: Any, path: str) -> str:  # noqa: ANN401 - JSON
    found = find(record, path) if path else None
    if found is None or isinstance(found, dict | list):
        return ""
    kept = (each if each.isprintable() else " " for each in plain(found)[:LONGEST_WORDS])
    return "".join(kept).strip()
