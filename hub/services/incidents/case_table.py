"""The table of a case's steps: from which state, with which fields, to which state.

It goes forward with gaps, as messages may be lost: a dispatch says that it was filed.
"""

from __future__ import annotations

import msgspec

from hub.model.case import CaseAction, CaseState


class CaseRow(msgspec.Struct, frozen=True, kw_only=True):
    """One row: `to` None stays in the state, `needs` names fields that must be given.

    A `note` undoes nothing, so it is taken at any age. `asked` says whether an extension must
    wait for its decision; None where that does not matter.
    """

    to: CaseState | None
    entry: str
    says: str
    needs: tuple[str, ...] = ()
    note: bool = False
    asked: bool | None = None


S, A = CaseState, CaseAction

AT_WORK = (S.DISPATCHED, S.SIGNED, S.SENT_BACK)
UNFINISHED = (S.REPORTED, S.FILED, *AT_WORK, S.HANDLED, S.CHECKED)
ENDED = (S.REFUSED, S.CLOSED)
_WHY = ("reason",)


def _row(
    to: CaseState | None,
    entry: str,
    says: str,
    *needs: str,
    note: bool = False,
    asked: bool | None = None,
) -> CaseRow:
    return CaseRow(to=to, entry=f"incident.{entry}", says=says, needs=needs, note=note, asked=asked)


_ROWS: tuple[tuple[tuple[CaseState, ...], CaseAction, CaseRow], ...] = (
    ((S.REPORTED, S.REFUSED), A.FILE, _row(S.FILED, "filed", "updated", "number")),
    ((S.REPORTED, S.FILED), A.REFUSE, _row(S.REFUSED, "refused", "updated", *_WHY)),
    (
        (S.REPORTED, S.FILED, *AT_WORK),
        A.DISPATCH,
        _row(S.DISPATCHED, "dispatched", "dispatched"),
    ),
    (
        (S.REPORTED, S.FILED, S.DISPATCHED, S.SENT_BACK),
        A.SIGN,
        _row(S.SIGNED, "signed", "accepted"),
    ),
    (AT_WORK, A.ARRIVE, _row(None, "arrived", "updated")),
    (AT_WORK, A.FEED_BACK, _row(S.HANDLED, "fed_back", "completed", "text")),
    (
        AT_WORK,
        A.ASK_EXTENSION,
        _row(None, "extension_asked", "extension_asked", "until", "reason", asked=False),
    ),
    (
        AT_WORK,
        A.DECIDE_EXTENSION,
        _row(None, "extension_decided", "extension_decided", "granted", asked=True),
    ),
    ((S.DISPATCHED, S.SIGNED), A.RETURN, _row(S.FILED, "returned", "returned", *_WHY)),
    ((S.HANDLED, S.CHECKED), A.RETURN, _row(S.SENT_BACK, "returned", "returned", *_WHY)),
    ((S.HANDLED,), A.CHECK, _row(S.CHECKED, "checked", "verified")),
    ((S.HANDLED, S.CHECKED), A.CLOSE, _row(S.CLOSED, "closed", "closed")),
    (ENDED, A.REOPEN, _row(S.FILED, "reopened", "reopened", *_WHY)),
    (AT_WORK, A.HELP, _row(None, "help_asked", "updated", "to", "reason")),
    (UNFINISHED, A.URGE, _row(None, "urged", "urged", note=True)),
    (UNFINISHED, A.SUPERVISE, _row(None, "supervised", "supervised", note=True)),
    (tuple(S), A.COMMENT, _row(None, "commented", "commented", "text", note=True)),
)

CASE_ROWS: dict[tuple[CaseState, CaseAction], CaseRow] = {
    (state, action): row for states, action, row in _ROWS for state in states
}
NOTES = frozenset(action for _, action, row in _ROWS if row.note)
SAYS_OF_CASES: dict[str, str] = {row.entry: row.says for _, _, row in _ROWS}
"""Journal entry → what the feed calls it."""
