"""A case: what one receiver (the city's platform, a department) makes of an incident."""

from __future__ import annotations

from enum import StrEnum

import msgspec

CASES = "incident"
"""The collection of the documents; the key is `Case.key`."""


class CaseState(StrEnum):
    """The states of a case; each receiver has its own of the same incident.

    上报 reported · 立案 filed · 不予立案 refused · 派遣 dispatched · 签收 signed ·
    处置反馈 handled · 核查 checked · 结案 closed · 返工 sent_back.
    """

    REPORTED = "reported"
    FILED = "filed"
    REFUSED = "refused"
    DISPATCHED = "dispatched"
    SIGNED = "signed"
    HANDLED = "handled"
    CHECKED = "checked"
    CLOSED = "closed"
    SENT_BACK = "sent_back"


class CaseAction(StrEnum):
    """What a receiver says that it has done; the wire's `do`."""

    FILE = "file"
    REFUSE = "refuse"
    DISPATCH = "dispatch"
    SIGN = "sign"
    ARRIVE = "arrive"
    FEED_BACK = "feed_back"
    ASK_EXTENSION = "ask_extension"
    DECIDE_EXTENSION = "decide_extension"
    URGE = "urge"
    SUPERVISE = "supervise"
    RETURN = "return"
    HELP = "help"
    COMMENT = "comment"
    CHECK = "check"
    CLOSE = "close"
    REOPEN = "reopen"


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """One receiver's view of one incident; it begins as `reported`, without a document.

    `number` is the receiver's own, `to` whom it was dispatched to, `reason` why it was refused,
    returned or reopened. `revision` counts its changes here; `at` is the hub's instant of the
    last, `their_at` and `their_revision` are the receiver's own marks of the newest step, and
    `last` is what that did.
    """

    receiver: str
    incident: str
    state: CaseState = CaseState.REPORTED
    number: str = ""
    to: str = ""
    reason: str = ""
    arrived_at: float | None = None
    asked_until: float | None = None
    """Until when an extension is asked for that is not decided yet."""
    extended_until: float | None = None
    urged: int = 0
    supervised: int = 0
    urged_at: float | None = None
    supervised_at: float | None = None
    """When somebody was rung for it last."""
    revision: int = 0
    at: float | None = None
    their_at: float = 0.0
    their_revision: int | None = None
    last: CaseAction | None = None
    given_at: float | None = None
    """When the work was handed to it last; `given_by` says by whom."""
    given_by: str = ""
    sign_by: float | None = None
    arrive_by: float | None = None
    feed_back_by: float | None = None
    """A department's limits, from `given_at` on; None for whom no limit is set."""
    overdue: tuple[str, ...] = ()
    """Limits (sign, arrive, feed_back) that have passed, and somebody was told."""
    signed_at: float | None = None
    fed_back_at: float | None = None
    helps: str = ""
    """Whom it helps (协办), where the work is another department's."""
    helpers: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """Return the key of its document."""
        return f"{self.receiver}/{self.incident}"


class CaseStep(msgspec.Struct, frozen=True, kw_only=True):
    """A receiver's step: what it did at its own instant `at`, in its own `revision` if it has one.

    `until` is an instant; `granted` is the decision on an extension. `by` is another receiver that
    takes the step, the one who dispatched to this; empty where it is its own. `actor` is the person
    who took it, empty for the receiver's own program; `helps` whom the receiver is to help.
    """

    do: CaseAction
    receiver: str
    at: float
    revision: int | None = None
    number: str = ""
    to: str = ""
    reason: str = ""
    text: str = ""
    until: float | None = None
    granted: bool | None = None
    by: str = ""
    actor: str = ""
    helps: str = ""


class CaseOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """The case as it is in force; `applied` is false for a step that was older than it."""

    case: Case
    applied: bool
