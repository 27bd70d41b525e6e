"""An acceptance sheet (验收单): which faults of a new device were tried, and who has signed."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from hub.model.alarm import Evidence, Severity
from hub.model.device import DeviceUid, Lifecycle


class StateChange(msgspec.Struct, frozen=True, kw_only=True):
    """A device's state as somebody has changed it while the hub ran; it counts before the sheet.

    `written` is what the site's sheet said then: who edits the sheet afterwards is told that it
    does not count. `at` is in epoch seconds.
    """

    uid: DeviceUid
    device: str
    state: Lifecycle
    written: Lifecycle
    at: float
    actor: str
    why: str


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """One time that a fault was tried: what its rule would have raised, and until when.

    Instants in epoch seconds; `cleared_at` is None while the fault is there. `version` is that of
    the rule as it judged then; empty where it was not noted yet.
    """

    raised_at: float
    cleared_at: float | None = None
    severity: Severity
    reason: dict[str, str] = {}
    evidence: tuple[Evidence, ...] = ()
    version: str = ""


class Excuse(msgspec.Struct, frozen=True, kw_only=True):
    """Why a fault is left out that cannot be tried, and who says so."""

    why: str
    actor: str
    at: float


class Signature(msgspec.Struct, frozen=True, kw_only=True):
    """Who has accepted a device, and who was there with them."""

    actor: str
    accompanied: str
    at: float
    note: str = ""


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """A rule that watches the device; one on `trial` tells nobody, and need not be tried."""

    rule: str
    fault: str
    name: dict[str, str]
    severity: Severity
    trial: bool = False
    version: str = ""
    """Tells it from a rule of the same name that judges otherwise."""


class Progress(StrEnum):
    """How far a fault has come: `raised` is there now, `tried` has come and gone.

    `changed`: it has come and gone, but under a rule that judged otherwise than the one of now.
    """

    UNTRIED = "untried"
    RAISED = "raised"
    TRIED = "tried"
    CHANGED = "changed"
    EXCUSED = "excused"
    EXEMPT = "exempt"


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One fault on the sheet, with what was seen of it."""

    fault: Fault
    progress: Progress
    attempts: tuple[Attempt, ...] = ()
    excuse: Excuse | None = None


class Acceptance(msgspec.Struct, frozen=True, kw_only=True):
    """The sheet of one commissioning; a device that is commissioned again gets the next number.

    `attempts` and `excuses` are by rule. Once it has ended (`ended_at`, signed or given up)
    nothing of it changes any more, and `faults` are the rules that watched the device then.
    """

    uid: DeviceUid
    device: str
    number: int
    begun_at: float
    begun_by: str
    attempts: dict[str, tuple[Attempt, ...]] = {}
    excuses: dict[str, Excuse] = {}
    ended_at: float | None = None
    faults: tuple[Fault, ...] = ()
    signature: Signature | None = None
