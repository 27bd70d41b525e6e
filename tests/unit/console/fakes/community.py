"""A community of any size behind the ports, in memory: drawn by lot, broken by hand."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec
from fastapi import FastAPI

from hub.access.gatekeeper import Gatekeeper
from hub.access.oidc.flow import Flow
from hub.access.policy import join
from hub.access.record import PEOPLE, Person
from hub.access.session import new_cookie, open_session, session_document
from hub.access.web_ports import CommunityCard, WebPorts
from hub.api.problem import install
from hub.api.shield import protect
from hub.assembly.parameter_office import SiteParameters
from hub.assembly.schedule_office import SiteSchedules
from hub.clock import Clock, ManualClock
from hub.console import build_console, error_page, static_app
from hub.errors import NotFoundError, Problem
from hub.model.access import Identity, Role
from hub.model.alarm import Alarm, AlarmState, Evidence, Severity, TicketSpec, Urgency
from hub.model.case import CaseOutcome, CaseStep
from hub.model.device import Device, DeviceUid, Kind, Lifecycle, LinkState
from hub.model.journal import Entry
from hub.model.place import Place
from hub.model.report import Quality, Report, Value
from hub.model.ticket import Ticket, TicketFlag, TicketState, TicketStep
from hub.ports import (
    DeviceView,
    Document,
    EventRow,
    HistoryPage,
    PointView,
    ReadingRow,
    Snapshot,
)
from hub.services.community.agenda_book import AgendaBook
from hub.services.community.project_book import ProjectBook
from hub.services.figures.course_book import CourseBook
from hub.services.incidents.case_limit import PACES
from hub.services.incidents.case_step import take_step
from hub.services.registry import Site
from hub.services.tickets.deadline import renew_limits
from hub.services.tickets.ticket import possible_steps, step
from simulators.guanshan import build_site
from simulators.site import DeviceRow
from tests.support.bell_office import FakeBells
from tests.support.commission import Commissioning
from tests.support.community import Inspecting
from tests.support.duty_office import FakeEscalation, make_rosters
from tests.support.handover import make_handovers
from tests.support.hold import FakeHolds
from tests.support.rules import make_office
from tests.support.scorecard import make_scorecard
from tests.support.site_office import make_site_office
from tests.support.survey import make_surveys
from tests.support.whistle import Filing, make_photos, make_whistle
from tests.support.windows import make_windows
from tests.unit.access.web_fakes import FakeBooks, FakeDesk, FakePulse

ENDED = frozenset({TicketState.CLOSED, TicketState.VOIDED})
RANK = {severity: rank for rank, severity in enumerate(Severity)}
CARD = ("number", "vendor", "warranty_end", "phone", "scope")
NORMAL_POINTS: dict[Kind, dict[str, tuple[Value, str, float]]] = {
    Kind.BARRIER_GATE: {
        "arm.position": ("closed", "", 0.0),
        "loop.occupied": (False, "", 0.0),
        "mode": ("auto", "", 0.0),
        "motor.temperature": (38.5, "degC", 180.0),
    },
    Kind.UNIT_DOOR: {"door.open": (False, "", 0.0), "lock.locked": (True, "", 0.0)},
    Kind.ELECTRICITY_METER: {"voltage.a": (231.4, "V", 180.0)},
    Kind.WATER_METER: {"flow.rate": (0.42, "m3/h", 180.0)},
    Kind.CAMERA: {"online": (True, "", 180.0), "picture.ok": (True, "", 180.0)},
}
"""Kind → point → value, unit and seconds after which it is stale."""


class FakeCommunity:
    """Implements `hub.ports.Live` over dictionaries, and lets a test break things."""

    def __init__(self, devices: int, clock: Clock, seed: int = 7) -> None:
        self.clock = clock
        self.shortage = ""
        self.books = FakeBooks()
        self.pulse = FakePulse(self.books)
        site = build_site(devices=devices, seed=seed)
        self._places = {
            row.path: Place(path=row.path, name=row.name, kind=row.kind) for row in site.places
        }
        views = (view_of(row, clock.now()) for row in site.devices)
        self._views = {view.device.id: view for view in views}
        self._alarms: dict[str, Alarm] = {}

    # ---- the port --------------------------------------------------------------------------

    def devices(self) -> Iterable[DeviceView]:
        return list(self._views.values())

    def links(self) -> Iterable[LinkState]:
        return [view.link for view in self._views.values()]

    def device(self, device_id: str) -> DeviceView | None:
        return self._views.get(device_id)

    def places(self) -> Mapping[str, Place]:
        return self._places

    def open_alarms(self) -> Sequence[Alarm]:
        return sorted(self._alarms.values(), key=lambda a: (RANK[a.severity], a.raised_at))

    def open_tickets(self) -> Sequence[Ticket]:
        open_ = [t for t in self.books.ticket_by_number.values() if t.state not in ENDED]
        return sorted(open_, key=lambda t: (RANK[t.severity], t.opened_at))

    def why(self, device_id: str) -> list[dict[str, Any]]:
        if device_id not in self._views:
            raise NotFoundError(f"there is no device {device_id!r}")
        gate = {"gate": "service", "rule": "", "name": {"zh": "在用", "en": "In service"}}
        rule = {"gate": "", "rule": "barrier-stuck-open", "name": None}
        secret = {"gate": "", "rule": "duress", "name": {"zh": "胁迫报警", "en": "Duress"}}
        return [
            gate
            | {
                "answer": "open",
                "since": None,
                "reason": {"zh": "设备在用", "en": "the device is in service"},
            },
            rule
            | {
                "answer": "quiet",
                "since": None,
                "reason": {"zh": "闸杆已落下", "en": "the arm is closed"},
            },
            secret
            | {
                "answer": "raised",
                "since": "2026-11-24T03:12:00+08:00",
                "reason": {"zh": "告警中", "en": "raised"},
                "discreet": True,
            },
        ]

    # ---- what a test does ------------------------------------------------------------------

    def of_kind(self, kind: Kind) -> list[str]:
        """List the ids of one kind."""
        return [id_ for id_, view in self._views.items() if view.device.kind is kind]

    def set_link(self, device_id: str, link: LinkState, *, heard: float | None = None) -> None:
        """Let a device fall silent or come back; `heard` is its last sign of life."""
        view = self._views[device_id]
        at = view.heard_at if heard is None else heard
        self._views[device_id] = msgspec.structs.replace(view, link=link, heard_at=at)
        kind = "device.silent" if link is LinkState.SILENT else "device.back"
        self.tell(kind, device_id, place=view.device.place, changed=(device_id,), at=heard)

    def set_point(self, device_id: str, name: str, value: Value, *, at: float = 0.0) -> None:
        """Change a value, without any journal entry."""
        view = self._views[device_id]
        old = view.points.get(name) or PointView(value=None, unit="", quality=Quality.BAD, at=0)
        new = msgspec.structs.replace(
            old, value=value, quality=Quality.GOOD, at=at or self.clock.now()
        )
        self._views[device_id] = msgspec.structs.replace(view, points={**view.points, name: new})
        self.pulse.beat(device_id)

    def set_state(self, device_id: str, state: Lifecycle) -> None:
        """Move a device in the books."""
        self.put_device(msgspec.structs.replace(self._views[device_id].device, state=state))

    def put_device(self, device: Device) -> None:
        """Take another version of a device."""
        view = self._views[device.id]
        self._views[device.id] = msgspec.structs.replace(view, device=device)
        self.tell("device.state_changed", device.id, place=device.place, changed=(device.id,))

    def open_ticket(
        self,
        device_id: str,
        zh: str,
        en: str,
        *,
        age: float = 60.0,
        spec: TicketSpec | None = None,
        **fields: object,
    ) -> Ticket:
        """Open a ticket that is `age` seconds old, as a rule would."""
        device, now = self._views[device_id].device, self.clock.now()
        spec = spec or TicketSpec()
        urgent = spec.urgency is Urgency.URGENT
        base = Ticket(
            number=f"GS-20261124-{len(self.books.ticket_by_number) + 1:04d}",
            state=TicketState.NEW,
            subject=device_id,
            uid=device.uid,
            place=device.place,
            rule="a-rule",
            fault="a.fault",
            title={"zh": zh, "en": en},
            severity=Severity.CRITICAL if urgent else Severity.MAJOR,
            urgency=spec.urgency,
            class_=spec.class_,
            opened_at=now - age,
        )
        ticket = renew_limits(msgspec.structs.replace(base, **fields))
        self.books.ticket_by_number[ticket.number] = ticket
        data = msgspec.to_builtins(ticket)
        self.tell(
            "ticket.opened", ticket.number, "rule:a-rule", ticket.place, at=now - age, data=data
        )
        return ticket

    def raise_alarm(self, device_id: str, zh: str, en: str, **fields: object) -> Alarm:
        """Raise an alarm without a ticket, unless `ticket` names one."""
        device, now = self._views[device_id].device, self.clock.now()
        base = Alarm(
            id=f"al{len(self._alarms) + 1}",
            subject=device_id,
            uid=device.uid,
            place=device.place,
            rule="a-rule",
            fault="a.fault",
            name={"zh": zh, "en": en},
            severity=Severity.MINOR,
            state=AlarmState.RAISED,
            raised_at=now,
        )
        alarm = msgspec.structs.replace(base, **fields)
        self._alarms[alarm.id] = alarm
        data = msgspec.to_builtins(alarm)
        self.tell("alarm.raised", device_id, "rule:a-rule", device.place, data=data)
        return alarm

    def tell(
        self,
        kind: str,
        subject: str,
        actor: str = "hub",
        place: str = "",
        *,
        changed: Sequence[str] = (),
        at: float | None = None,
        data: dict[str, Any] | None = None,
    ) -> None:
        """Write a journal entry and wake the readers."""
        entry = Entry(
            seq=self.pulse.last_seq() + 1,
            at=self.clock.now() if at is None else at,
            type=kind,
            subject=subject,
            actor=actor,
            place=place,
            data=data or {},
        )
        self.books.entries.append(entry)
        self.pulse.beat(*changed)


class CommunityDesk(FakeDesk):
    """A desk whose tickets move by the hub's own table of steps."""

    def __init__(self, community: FakeCommunity) -> None:
        super().__init__(community.books, community.pulse)
        self._community = community

    async def step_ticket(self, number: str, step_: TicketStep) -> Ticket:
        self.asked.append((number, step_.do))
        books = self._community.books
        old = books.ticket_by_number[number]
        healthy = TicketFlag.RECOVERED in old.flags
        ticket, drafts = step(old, step_, healthy=healthy, now=step_.at)
        books.ticket_by_number[number] = ticket
        for draft in drafts:
            self._community.tell(
                draft.type, draft.subject, draft.actor, draft.place, at=draft.at, data=draft.data
            )
        return ticket

    async def act_on_incident(self, number: str, step_: CaseStep) -> CaseOutcome:
        ticket = self._community.books.ticket_by_number[number]
        before = self.cases.find(step_.receiver, number)
        pace = PACES[ticket.urgency]
        after, draft = take_step(before, step_, place=ticket.place, now=step_.at, pace=pace)
        if draft is None:
            return CaseOutcome(case=before, applied=False)
        self.cases.put(after)
        self._community.tell(
            draft.type, draft.subject, draft.actor, draft.place, at=draft.at, data=draft.data
        )
        return CaseOutcome(case=after, applied=True)


class WaveArchive:
    """Every point's history is a slow wave, one sample in five minutes."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.by_hand: list[EventRow] = []

    async def history(
        self, uid: str, point: str, *, start: float, end: float, limit: int
    ) -> HistoryPage:
        rows = [
            ReadingRow(
                uid=uid,
                point=point,
                at=at,
                received=at,
                value=round(30 + 8 * math.sin(at / 9000) + 2 * math.sin(at / 700), 2),
                quality=Quality.GOOD,
                boot="b1",
                seq=index,
            )
            for index, at in enumerate(range(int(start), int(end), 300))
        ]
        return HistoryPage(rows=rows[:limit], next=None)

    async def events(
        self, uid: str, *, start: float, end: float, limit: int, name: str = ""
    ) -> list[EventRow]:
        if name == "opened.locally":
            rows = [row for row in self.by_hand if row.uid == uid and start <= row.at < end]
            return rows[:limit]
        hours = range(int(end) - 7200, int(end), 900)
        return [
            EventRow(uid=uid, name="vehicle.passed", at=at, received=at)
            for at in hours
            if at >= start
        ][:limit]

    async def load(self, *, now: float) -> Snapshot:
        raise AssertionError("the console loads nothing")

    def replay(
        self, *, start: float, end: float, uids: Iterable[str] | None = None
    ) -> Iterator[Report]:
        raise AssertionError("the console replays nothing")


def view_of(row: DeviceRow, now: float) -> DeviceView:
    """Make a healthy device of a row of the workbook."""
    columns = {name: value for name in CARD if (value := getattr(row, name))}
    device = Device(
        uid=DeviceUid(f"u-{row.id}"),
        id=row.id,
        address=row.address,
        kind=row.kind,
        model=row.model,
        place=row.place,
        name=row.name,
        lane=row.lane,
        upstream=row.upstream,
        power=row.power,
        attributes=dict(columns),
    )
    points = {
        name: PointView(
            value=value, unit=unit, quality=Quality.GOOD, at=now - 2, stale_after=stale_after
        )
        for name, (value, unit, stale_after) in NORMAL_POINTS.get(row.kind, {}).items()
    }
    return DeviceView(device=device, link=LinkState.ONLINE, heard_at=now - 2, points=points)


class Console(msgspec.Struct, kw_only=True):
    """The console around a fake community, with people who are signed in."""

    community: FakeCommunity
    desk: CommunityDesk
    clock: Clock
    ports: WebPorts
    app: FastAPI
    archive: WaveArchive
    filing: Filing
    commissioning: Commissioning
    inspecting: Inspecting

    def sign_in(self, name: str, role: Role, *, scope: str = "", password_hash: str = "") -> str:
        """Let somebody in by the back door and return the session's cookie."""
        person = Person(name=name, role=role, scope=scope, password_hash=password_hash)
        body = msgspec.json.encode(person)
        self.desk.keep(Document(collection=PEOPLE, key=name, body=body))
        cookie, now = new_cookie(), self.clock.now()
        self.desk.keep(session_document(cookie, open_session(person, now), now))
        return cookie


GUANSHAN = CommunityCard(id="guanshan", name="关山社区", prefix="GS", test=True)


def make_console(
    *,
    devices: int = 60,
    clock: Clock | None = None,
    problems: Sequence[Problem] = (),
    card: CommunityCard = GUANSHAN,
    flow: Flow | None = None,
) -> Console:
    """Put the console together as `hub.app` does."""
    clock = clock or ManualClock()
    community = FakeCommunity(devices, clock)
    desk = CommunityDesk(community)
    inspecting = Inspecting(community, community.books, clock)
    filing = inspecting.filing
    devices_ = [view.device for view in community.devices()]
    commissioning = Commissioning(clock, devices_, put=community.put_device)

    def possible(ticket: Ticket, who: Identity) -> Sequence[str]:
        return possible_steps(ticket, who.role, actor=who.name, now=clock.now())

    office = make_office(clock)
    courses = CourseBook(community.books)
    surveys = make_surveys(community.books, courses, desk.write, clock)
    projects = ProjectBook({}, places=community.places(), write=desk.write, clock=clock)
    archive = WaveArchive(clock)
    windows = make_windows(clock, devices=devices_, places=community.places())
    gatekeeper = Gatekeeper(community.books, desk, clock)
    ports = WebPorts(
        live=community,
        pulse=community.pulse,
        desk=desk,
        books=community.books,
        archive=archive,
        gatekeeper=gatekeeper,
        rules=office,
        schedules=SiteSchedules(office),
        parameters=SiteParameters(office, Site(devices=(), places={})),
        bells=FakeBells(),
        windows=windows,
        holds=FakeHolds(community, clock),
        handovers=make_handovers(
            community,
            community.books,
            archive=archive,
            pulse=community.pulse,
            windows=windows,
            write=desk.write,
            clock=clock,
        ),
        commission=commissioning.desk,
        inspections=inspecting.desk,
        projects=projects,
        agenda=AgendaBook(
            {},
            live=community,
            books=community.books,
            courses=courses,
            projects=projects,
            write=desk.write,
            clock=clock,
            test=True,
        ),
        surveys=surveys,
        scorecard=make_scorecard(community, courses, surveys, desk.write, clock),
        courses=courses,
        site=make_site_office(community.books, desk.write, clock, gatekeeper.people),
        rosters=make_rosters(clock, desk.write),
        escalation=FakeEscalation(),
        whistle=make_whistle(community, community.books, desk, clock, filing),
        cases=desk.cases,
        photos=make_photos(community.books, desk, clock),
        clock=clock,
        holdings=community.books.holdings,
        reach=community.books.reach,
        shortage=lambda: community.shortage,
        community=card,
        possible_steps=possible,
        flow=flow,
    )
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    protect(app)
    install(app, page=error_page)
    join(app.router, build_console(ports, problems=lambda: problems))
    app.mount("/static", static_app())
    return Console(
        community=community,
        desk=desk,
        clock=clock,
        ports=ports,
        app=app,
        archive=archive,
        filing=filing,
        commissioning=commissioning,
        inspecting=inspecting,
    )


def break_things(community: FakeCommunity) -> None:
    """Cause a lively night, oldest first, so that the journal is in order.

    Tickets 1 to 6: a battery (recovered), a camera (completed), a loop (taken), a gate that stays
    open, a switch that took others along, an urgent door.
    """
    now = community.clock.now()
    gates, cameras = community.of_kind(Kind.BARRIER_GATE), community.of_kind(Kind.CAMERA)
    battery = community.of_kind(Kind.ACCESS_CONTROLLER)[7]
    recovered = (TicketFlag.RECOVERED,)
    held: dict[str, Any] = {"state": TicketState.ARRIVED, "holder": "li", "flags": recovered}
    community.open_ticket(battery, "电池电压低", "Battery low", age=76000, **held)
    done: dict[str, Any] = {"holder": "wang", "completed_by": "wang", "closing_code": "repaired"}
    community.open_ticket(
        cameras[9], "视频丢失", "Video lost", age=50000, state=TicketState.COMPLETED, **done
    )
    taken: dict[str, Any] = {"state": TicketState.TAKEN, "holder": "li"}
    community.open_ticket(gates[0], "地感常占", "Loop always occupied", age=9000, **taken)
    evidence = (Evidence(point="arm.position", value="open", at=now - 1500),)
    community.open_ticket(gates[1], "落杆失败", "Does not close", age=1500, evidence=evidence)
    community.set_point(gates[1], "arm.position", "open", at=now - 1500)
    _cut_off(community, community.of_kind(Kind.SWITCH)[3], age=700)
    door, urgent = community.of_kind(Kind.UNIT_DOOR)[5], TicketSpec(urgency=Urgency.URGENT)
    evidence = (Evidence(point="door.open", value=True, at=now - 480),)
    community.open_ticket(
        door, "门超时未关", "Door held open", age=480, spec=urgent, evidence=evidence
    )
    community.set_point(door, "door.open", value=True, at=now - 480)
    community.set_state(gates[4], Lifecycle.MAINTENANCE)
    meter = community.of_kind(Kind.ELECTRICITY_METER)[2]
    community.set_point(meter, "voltage.a", 229.0, at=now - 1200)
    community.raise_alarm(cameras[0], "画面异常", "Picture is wrong")


def _cut_off(community: FakeCommunity, switch: str, *, age: float) -> None:
    children = tuple(
        view.device.id for view in community.devices() if view.device.upstream == switch
    )
    community.open_ticket(switch, "离线", "Silent", age=age, children=children)
    for device_id in (switch, *children):
        community.set_link(device_id, LinkState.SILENT, heard=community.clock.now() - age)
