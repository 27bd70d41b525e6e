"""What becomes of an acceptance sheet: faults are tried or left out, then it is signed. Pure."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from hub.errors import ConflictError, InvalidRequestError, NotFoundError
from hub.model.acceptance import Acceptance, Attempt, Excuse, Fault, Line, Progress, Signature
from hub.model.alarm import Action, Decision
from hub.model.spelling import suggest

KEPT_ATTEMPTS = 5
"""Of each fault; beyond it the second oldest goes, never the first."""
LONGEST_TEXT = 500
_DONE = frozenset({Progress.TRIED, Progress.EXCUSED, Progress.EXEMPT})


def note_decision(sheet: Acceptance, decision: Decision, version: str = "") -> Acceptance:
    """Note what a rule of this version has decided: a raise begins an attempt, a clear ends it."""
    known = sheet.attempts.get(decision.rule, ())
    is_open = bool(known) and known[-1].cleared_at is None
    if decision.action is Action.RAISE and not is_open:
        return _with(sheet, decision.rule, _cut((*known, _begin(decision, version))))
    if decision.action is Action.CLEAR and is_open:
        end = max(decision.at, known[-1].raised_at)
        ended = msgspec.structs.replace(known[-1], cleared_at=end)
        return _with(sheet, decision.rule, (*known[:-1], ended))
    return sheet


def write_lines(sheet: Acceptance, faults: Sequence[Fault]) -> tuple[Line, ...]:
    """Write a line for each rule that watches the device; an ended sheet knows its own."""
    listed = faults if sheet.ended_at is None else sheet.faults
    return tuple(
        Line(
            fault=fault,
            progress=_progress(sheet, fault),
            attempts=sheet.attempts.get(fault.rule, ()),
            excuse=sheet.excuses.get(fault.rule),
        )
        for fault in listed
    )


def find_missing(lines: Sequence[Line]) -> list[Line]:
    """Return the faults that keep the sheet from being signed."""
    return [line for line in lines if line.progress not in _DONE]


def excuse(
    sheet: Acceptance, faults: Sequence[Fault], rule: str, *, why: str, actor: str, now: float
) -> Acceptance:
    """Leave out a fault that cannot be tried; with an empty reason take that back."""
    check_open(sheet)
    known = [fault.rule for fault in faults]
    if rule not in known:
        raise NotFoundError(
            f"no rule {rule!r} watches {sheet.device}; {suggest(rule, known)}",
            zh=f"设备 {sheet.device} 没有规则 {rule}。",
        )
    why = read_text(why, "why")
    others = {name: each for name, each in sheet.excuses.items() if name != rule}
    said = {rule: Excuse(why=why, actor=actor, at=now)} if why else {}
    return msgspec.structs.replace(sheet, excuses={**others, **said})


def sign(sheet: Acceptance, faults: Sequence[Fault], signature: Signature) -> Acceptance:
    """Accept the device: each fault has come and gone once, or was left out with a reason."""
    check_open(sheet)
    if not signature.accompanied:
        raise InvalidRequestError(
            f"{sheet.device}: say who was there with you",
            problems={"accompanied": "say who was there"},
            zh=f"{sheet.device}：请写明陪同人。",
        )
    missing = find_missing(write_lines(sheet, faults))
    if missing:
        raise ConflictError(
            f"{sheet.device}: not yet to be signed: {_name(missing, 'en')}; try each fault and"
            " let it clear, or leave it out with a reason",
            zh=f"{sheet.device}：还不能签字：{_name(missing, 'zh')}。请逐项试验并恢复，"
            "或写明理由免试。",
        )
    return msgspec.structs.replace(end(sheet, faults, signature.at), signature=signature)


def end(sheet: Acceptance, faults: Sequence[Fault], now: float) -> Acceptance:
    """Let nothing more be noted on a sheet."""
    return msgspec.structs.replace(sheet, ended_at=now, faults=tuple(faults))


def check_open(sheet: Acceptance) -> None:
    """Raise ConflictError for a sheet that has ended."""
    if sheet.ended_at is not None:
        raise ConflictError(
            f"sheet {sheet.number} of {sheet.device} has ended; commission the device again",
            zh=f"{sheet.device} 的第 {sheet.number} 份验收单已结束，请重新调试。",
        )


def read_text(text: str, field: str) -> str:
    """Return a text that somebody wrote, stripped; InvalidRequestError where it is too long."""
    if len(text.strip()) > LONGEST_TEXT:
        raise InvalidRequestError(
            f"{field}: up to {LONGEST_TEXT} characters",
            problems={field: f"up to {LONGEST_TEXT} characters"},
            zh=f"文字过长，最多 {LONGEST_TEXT} 字。",
        )
    return text.strip()


def _progress(sheet: Acceptance, fault: Fault) -> Progress:
    attempts = sheet.attempts.get(fault.rule, ())
    if fault.rule in sheet.excuses:
        return Progress.EXCUSED
    if not attempts:
        return Progress.EXEMPT if fault.trial else Progress.UNTRIED
    if attempts[-1].cleared_at is None:
        return Progress.EXEMPT if fault.trial else Progress.RAISED
    if any(each.version in {"", fault.version} for each in attempts):
        return Progress.TRIED
    return Progress.EXEMPT if fault.trial else Progress.CHANGED


def _begin(decision: Decision, version: str) -> Attempt:
    return Attempt(
        raised_at=decision.at,
        severity=decision.severity,
        reason=decision.reason,
        evidence=decision.evidence,
        version=version,
    )


def _cut(attempts: tuple[Attempt, ...]) -> tuple[Attempt, ...]:
    return (
        (attempts[0], *attempts[2 - KEPT_ATTEMPTS - 1 :])
        if len(attempts) > KEPT_ATTEMPTS
        else attempts
    )


def _with(sheet: Acceptance, rule: str, attempts: tuple[Attempt, ...]) -> Acceptance:
    return msgspec.structs.replace(sheet, attempts={**sheet.attempts, rule: attempts})


def _name(lines: Sequence[Line], language: str) -> str:
    names = [line.fault.name.get(language, line.fault.rule) for line in lines]
    return ("、" if language == "zh" else ", ").join(names)
