"""What the web layers (API, feeds, console) are handed; `hub.app` fills it once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import msgspec

from hub.access.gatekeeper import Gatekeeper
from hub.access.oidc.flow import Flow
from hub.clock import Clock
from hub.model.access import Identity
from hub.model.era import Eras
from hub.model.ticket import Ticket
from hub.ports import (
    Archive,
    BellOffice,
    Books,
    CommissionOffice,
    Courses,
    Desk,
    EscalationOffice,
    Holding,
    Live,
    ParameterOffice,
    Pulse,
    RosterOffice,
    RuleOffice,
    ScheduleOffice,
    WindowOffice,
)
from hub.ports.case import Cases
from hub.ports.community import AgendaOffice, InspectionOffice, ProjectOffice
from hub.ports.handover import HandOverOffice
from hub.ports.hold import HoldOffice
from hub.ports.photo import PhotoOffice
from hub.ports.scorecard import ScorecardOffice
from hub.ports.site import SiteOffice
from hub.ports.survey import SurveyOffice
from hub.ports.whistle import WhistleOffice


class CommunityCard(msgspec.Struct, frozen=True, kw_only=True):
    """Which community this hub serves.

    `id` such as `guanshan`, its name, the prefix of its ticket numbers (`GS`), and whether it is
    a drill or demo. Residents reach it at `public_url`, call `phone`, and what they say of
    themselves is kept for `keep_days`.
    """

    id: str
    name: str
    prefix: str
    test: bool = False
    public_url: str = ""
    phone: str = ""
    keep_days: int = 180
    publish_shelved: bool = False
    publish_work: bool = False


class WebPorts(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that an answer over HTTP is made from.

    `possible_steps` names the steps (wire `do`) that this person can take on this ticket now;
    `holdings` says what the store keeps of each kind of data, `reach` since when the readings of a
    point (uid, name) are complete. `shortage` names what a full disk leaves:
    `states`, `orders` or `nothing`; it is empty while there is room. `eras` are the journal's.
    `flow` leads over the organisation's sign-in, None where there is none.
    `authority_file` is the certificate by which telephones come to trust the hub, where it has one.
    """

    live: Live
    pulse: Pulse
    desk: Desk
    books: Books
    archive: Archive
    gatekeeper: Gatekeeper
    rules: RuleOffice
    schedules: ScheduleOffice
    parameters: ParameterOffice
    windows: WindowOffice
    commission: CommissionOffice
    inspections: InspectionOffice
    projects: ProjectOffice
    agenda: AgendaOffice
    surveys: SurveyOffice
    scorecard: ScorecardOffice
    courses: Courses
    site: SiteOffice
    rosters: RosterOffice
    handovers: HandOverOffice
    holds: HoldOffice
    escalation: EscalationOffice
    bells: BellOffice
    whistle: WhistleOffice
    cases: Cases
    photos: PhotoOffice
    clock: Clock
    community: CommunityCard
    possible_steps: Callable[[Ticket, Identity], Sequence[str]]
    holdings: Callable[[], Awaitable[Sequence[Holding]]]
    reach: Callable[[str, str], Awaitable[float | None]]
    shortage: Callable[[], str] = str
    eras: Eras = Eras()
    flow: Flow | None = None
    authority_file: Path | None = None


BIGGEST = 2**62
"""No journal reaches it; a number beyond it is somebody's invention."""


async def has_reached(ports: WebPorts, seq: int) -> bool:
    """Tell whether the journal knows the number `seq`.

    A cursor can be ahead of the pulse for a moment (what is committed can be read before readers
    are woken), and for good after a restore from a backup that is older than the cursor.
    """
    if seq <= ports.pulse.last_seq():
        return True
    if seq > BIGGEST:
        return False
    entries = await ports.books.journal(after=seq - 1, limit=1)
    return bool(entries)
