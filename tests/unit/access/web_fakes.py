"""The ports of the web layers in memory: small enough to read, true to their contracts."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import httpx2
import msgspec
from fastapi import FastAPI

from hub.access.gatekeeper import Gatekeeper
from hub.access.keys import key_document, key_record
from hub.access.record import PEOPLE, Person
from hub.access.web_ports import CommunityCard, WebPorts
from hub.assembly.parameter_office import SiteParameters
from hub.assembly.schedule_office import SiteSchedules
from hub.clock import ManualClock
from hub.errors import ConflictError, NotFoundError, StoreFullError
from hub.feeds.incident import make_projector
from hub.model.access import Identity, Role
from hub.model.alarm import Alarm, AlarmState, Class, Evidence, Severity, Urgency
from hub.model.case import CASES, CaseOutcome, CaseStep
from hub.model.command import Command, CommandState, CommandStep
from hub.model.device import Device, DeviceUid, Kind, LinkState
from hub.model.journal import Entry
from hub.model.place import Place, contains
from hub.model.report import Quality, Report
from hub.model.ticket import Ticket, TicketAction, TicketState, TicketStep
from hub.ports import (
    DeviceView,
    Document,
    EventRow,
    FeedRow,
    HistoryPage,
    Holding,
    PointView,
    QuarantineRow,
    ReadingRow,
    RollupRow,
    Snapshot,
)
from hub.services.community.agenda_book import AgendaBook
from hub.services.community.project_book import ProjectBook
from hub.services.figures.course_book import CourseBook
from hub.services.incidents.case_book import CaseBook
from hub.services.incidents.case_step import check_decider, take_step
from hub.services.registry import Site
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
from tests.support.whistle import make_photos, make_whistle
from tests.support.windows import make_windows

NOW = 1_764_000_000.0
TOKENS = {role: f"ld_token_of_the_{role}" for role in Role}
CHEAP_HASH = (
    "$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHRzYWx0$vkfgO3m9dDPJJ/9TqM0GDyGMBo8AlFZsVsJ9RGFwMfo"
)
"""A cheap argon2 hash that fits no password that a test uses; tests make their own."""


class FakeBooks:
    """Lists and dicts; entries, feed rows and documents in the order of their commits."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.rows: list[FeedRow] = []
        self.oldest = 0
        self.alarm_list: list[Alarm] = []
        self.ticket_by_number: dict[str, Ticket] = {}
        self.command_by_id: dict[str, Command] = {}
        self.papers: dict[tuple[str, str], bytes] = {}
        self.quarantined_rows: list[QuarantineRow] = []
        self.new: list[dict[str, Any]] = []
        self.held: list[Holding] = []
        self.reaches: dict[tuple[str, str], float] = {}
        self.reads = 0

    async def journal(self, *, after: int, limit: int, types: Sequence[str] = ()) -> list[Entry]:
        self.reads += 1
        fits = [
            entry
            for entry in self.entries
            if entry.seq > after and (not types or entry.type.startswith(tuple(types)))
        ]
        return fits[:limit]

    async def feed(self, *, after: int, limit: int, scope: str = "") -> list[FeedRow]:
        await asyncio.sleep(0)
        rows = [row for row in self.rows if row.seq > max(after, self.oldest)]
        return [row for row in rows if not scope or contains(scope, row.place)][:limit]

    async def oldest_feed(self) -> int:
        return self.oldest

    async def alarm(self, alarm_id: str) -> Alarm | None:
        return next((each for each in self.alarm_list if each.id == alarm_id), None)

    async def alarms(self, *, open_only: bool, limit: int, before: str = "") -> list[Alarm]:
        newest = sorted(self.alarm_list, key=lambda alarm: alarm.id, reverse=True)
        fits = [
            alarm
            for alarm in newest
            if (not before or alarm.id < before)
            and not (open_only and alarm.state is AlarmState.CLEARED)
        ]
        return fits[:limit]

    async def tickets(self, *, open_only: bool, limit: int, before: str = "") -> list[Ticket]:
        ended = {TicketState.CLOSED, TicketState.VOIDED} if open_only else set()
        newest = sorted(self.ticket_by_number.values(), key=lambda t: t.number, reverse=True)
        fits = [
            ticket
            for ticket in newest
            if (not before or ticket.number < before) and ticket.state not in ended
        ]
        return fits[:limit]

    async def ticket(self, number: str) -> Ticket | None:
        return self.ticket_by_number.get(number)

    async def command(self, command_id: str) -> Command | None:
        return self.command_by_id.get(command_id)

    async def document(self, collection: str, key: str) -> bytes | None:
        self.reads += 1
        return self.papers.get((collection, key))

    async def documents(self, collection: str) -> dict[str, bytes]:
        return {key: body for (name, key), body in self.papers.items() if name == collection}

    async def quarantine(self, *, limit: int) -> list[QuarantineRow]:
        return self.quarantined_rows[:limit]

    async def holdings(self) -> list[Holding]:
        return self.held

    async def reach(self, uid: str, point: str) -> float | None:
        return self.reaches.get((uid, point))

    async def quarantined(self, number: int) -> QuarantineRow | None:
        return next((row for row in self.quarantined_rows if row.id == number), None)

    async def newcomers(self, *, limit: int) -> list[dict[str, Any]]:
        return self.new[:limit]

    async def closing_codes(self) -> dict[str, dict[str, int]]:
        return {}


class FakePulse:
    """Wakes whoever waits when `beat` is called."""

    def __init__(self, books: FakeBooks) -> None:
        self._books = books
        self._event = asyncio.Event()
        self.changes: list[set[str]] = []

    def last_seq(self) -> int:
        return self._books.entries[-1].seq if self._books.entries else 0

    async def wait(self, after: int, timeout: float) -> int:  # noqa: ASYNC109 - the port's own
        try:
            async with asyncio.timeout(timeout):
                while self.last_seq() <= after:
                    await self._event.wait()
        except TimeoutError:
            pass
        return self.last_seq()

    def beat(self, *devices: str) -> None:
        self.changes.append(set(devices))
        self._event.set()
        self._event = asyncio.Event()

    def changed_devices(self, since: int) -> tuple[int, set[str]]:
        return len(self.changes), set().union(*self.changes[since:])


class FakeDesk:
    """Writes what it is asked into the books, at once."""

    def __init__(self, books: FakeBooks, pulse: FakePulse) -> None:
        self._books = books
        self._pulse = pulse
        self.asked: list[tuple[str, str]] = []
        self.cases = CaseBook()
        self.full = False
        self.gate: asyncio.Event | None = None

    async def step_ticket(self, number: str, step: TicketStep) -> Ticket:
        self.asked.append((number, step.do))
        if self.gate:
            await self.gate.wait()
        ticket = self._books.ticket_by_number[number]
        if step.do is not TicketAction.TAKE or ticket.state is not TicketState.DISPATCHED:
            raise ConflictError(f"{number} cannot be {step.do} now", possible=("comment", "take"))
        taken = msgspec.structs.replace(ticket, state=TicketState.TAKEN, holder=step.actor)
        self._books.ticket_by_number[number] = taken
        self.tell("ticket.taken", number, step.actor, ticket.place)
        return taken

    async def clear_alarm(self, alarm_id: str, reason: str, who: Identity) -> Alarm:
        known = next((each for each in self._books.alarm_list if each.id == alarm_id), None)
        if known is None or not who.may_see(known.place):
            raise NotFoundError(f"there is no open alarm {alarm_id!r}")
        raise ConflictError(f"{alarm_id} follows from others: {reason} ({who.name})")

    async def act_on_incident(self, number: str, step: CaseStep) -> CaseOutcome:
        ticket = self._books.ticket_by_number[number]
        check_decider(self.cases.find(step.by, number), step)
        before = self.cases.find(step.receiver, number)
        after, draft = take_step(before, step, place=ticket.place, now=NOW)
        if draft is None:
            return CaseOutcome(case=before, applied=False)
        self.cases.put(after)
        self.keep(Document(collection=CASES, key=after.key, body=msgspec.json.encode(after)))
        entry = self.tell(draft.type, number, draft.actor, ticket.place, **draft.data)
        row = make_projector("guanshan", lambda: PLACES, self.cases.of)(entry, ticket)
        assert row is not None
        self._books.rows.append(row)
        return CaseOutcome(case=after, applied=True)

    async def command(self, device_id: str, do: str, reason: str, who: Identity) -> Command:
        self.asked.append((device_id, do))
        number = f"c{len(self.asked)}"
        command = Command(
            id=number,
            uid=DeviceUid("u1"),
            device=device_id,
            do=do,
            actor=who.name,
            reason=reason,
            issued=NOW,
            expires=NOW + 5,
            state=CommandState.REQUESTED,
            history=(CommandStep(state=CommandState.REQUESTED, at=NOW),),
        )
        self._books.command_by_id[number] = command
        return command

    async def write(
        self,
        documents: Sequence[Document],
        entries: Sequence[tuple[str, str, str, dict[str, Any]]] = (),
    ) -> None:
        if self.full:
            raise StoreFullError("the disk is full")
        for document in documents:
            self.keep(document)
        for kind, subject, actor, data in entries:
            self.tell(kind, subject, actor, **data)

    def keep(self, document: Document) -> None:
        place = (document.collection, document.key)
        if document.body is None:
            self._books.papers.pop(place, None)
        else:
            self._books.papers[place] = document.body

    def tell(
        self, kind: str, subject: str, actor: str = "hub", place: str = "", **data: object
    ) -> Entry:
        entry = Entry(
            seq=self._pulse.last_seq() + 1,
            at=NOW,
            type=kind,
            subject=subject,
            actor=actor,
            place=place,
            data=data,
        )
        self._books.entries.append(entry)
        self._pulse.beat()
        return entry


class FakeLive:
    """Two gates in two compounds and a household's meter."""

    def __init__(self) -> None:
        self.views = {view.device.id: view for view in (gate("a"), gate("b"), meter())}
        self.alarms = [alarm("al1")]
        self.tickets = [ticket("GS-1")]

    def devices(self) -> Iterable[DeviceView]:
        return self.views.values()

    def links(self) -> Iterable[LinkState]:
        return (view.link for view in self.views.values())

    def device(self, device_id: str) -> DeviceView | None:
        return self.views.get(device_id)

    def put_device(self, device: Device) -> None:
        old = self.views[device.id]
        self.views[device.id] = msgspec.structs.replace(old, device=device)

    def places(self) -> Mapping[str, Place]:
        return PLACES

    def open_alarms(self) -> Sequence[Alarm]:
        return self.alarms

    def open_tickets(self) -> Sequence[Ticket]:
        return self.tickets

    def why(self, device_id: str) -> list[dict[str, Any]]:
        return [
            {
                "rule": "silent",
                "gate": "",
                "since": None,
                "name": None,
                "answer": "quiet",
                "reason": {"zh": "在线", "en": device_id},
            }
        ]


class FakeArchive:
    """Three readings, one second apart."""

    def __init__(self) -> None:
        self.asked: tuple[float, float] = (0.0, 0.0)
        self.event_names = ["vehicle.passed"]

    async def rollups(
        self, uid: str, point: str, *, start: float, end: float, limit: int
    ) -> list[RollupRow]:
        self.asked = (start, end)
        return [
            RollupRow(
                at=NOW + hour * 3600,
                count=60,
                minimum=1,
                maximum=3,
                mean=2.0,
                first=1,
                last=3,
            )
            for hour in range(3)
        ][:limit]

    async def history(
        self, uid: str, point: str, *, start: float, end: float, limit: int
    ) -> HistoryPage:
        self.asked = (start, end)
        rows = [
            ReadingRow(
                uid=uid,
                point=point,
                at=NOW + second,
                received=NOW + second,
                value="open",
                quality=Quality.GOOD,
                boot="b7",
                seq=second,
            )
            for second in range(3)
        ]
        rest = rows[limit:]
        return HistoryPage(rows=rows[:limit], next=rest[0].at if rest else None)

    async def events(
        self, uid: str, *, start: float, end: float, limit: int, name: str = ""
    ) -> list[EventRow]:
        self.asked = (start, end)
        rows = [
            EventRow(uid=uid, name=each, at=NOW, received=NOW, boot="b7", seq=1)
            for each in self.event_names
            if name in {"", each}
        ]
        return rows[:limit]

    async def load(self, *, now: float) -> Snapshot:
        raise AssertionError("the web loads nothing")

    def replay(
        self, *, start: float, end: float, uids: Iterable[str] | None = None
    ) -> Iterator[Report]:
        raise AssertionError("the web replays nothing")


PLACES = {
    place.path: place
    for place in (
        Place(path="guanshan", name="关山社区", grid_code="420100"),
        Place(
            path="guanshan/a", name="甲小区", attributes={"lon": 114.4, "lat": 30.5, "crs": "wgs84"}
        ),
        Place(path="guanshan/a/gate", name="东门"),
        Place(path="guanshan/b", name="乙小区", grid_code="420100B"),
    )
}


def gate(compound: str) -> DeviceView:
    device = Device(
        uid=DeviceUid(f"u-{compound}"),
        id=f"gate-{compound}",
        address=f"addr-{compound}",
        kind=Kind.BARRIER_GATE,
        model="gate-x",
        place=f"guanshan/{compound}/gate",
        lane="l1",
        upstream="sw1",
        power="ps1",
    )
    points = {
        "arm.position": PointView(value="open", unit="", quality=Quality.GOOD, at=NOW),
        "motor.temperature": PointView(
            value=41.5, unit="°C", quality=Quality.GOOD, at=NOW - 400, stale_after=180
        ),
    }
    return DeviceView(device=device, link=LinkState.ONLINE, heard_at=NOW, points=points)


def meter() -> DeviceView:
    device = Device(
        uid=DeviceUid("u-m"),
        id="meter-1",
        address="m1",
        kind=Kind.WATER_METER,
        model="m-x",
        place="guanshan/a/b1/u1/101",
        attributes={"scope": "household"},
    )
    reading = PointView(value=12.5, unit="m³", quality=Quality.GOOD, at=NOW)
    return DeviceView(
        device=device, link=LinkState.SILENT, heard_at=None, points={"volume.total": reading}
    )


def alarm(alarm_id: str, *, place: str = "guanshan/a/gate", **fields: object) -> Alarm:
    base = Alarm(
        id=alarm_id,
        subject="gate-a",
        uid="u-a",
        place=place,
        rule="barrier-stuck-open",
        fault="gate.stuck_open",
        name={"zh": "道闸长时间不落杆", "en": "Barrier stays open"},
        severity=Severity.MAJOR,
        state=AlarmState.RAISED,
        raised_at=NOW,
    )
    return msgspec.structs.replace(base, **fields)


def ticket(number: str, *, place: str = "guanshan/a/gate", **fields: object) -> Ticket:
    base = Ticket(
        number=number,
        state=TicketState.DISPATCHED,
        subject="gate-a",
        uid="u-a",
        place=place,
        rule="barrier-stuck-open",
        fault="gate.stuck_open",
        title={"zh": "道闸长时间不落杆", "en": "Barrier stays open"},
        severity=Severity.MAJOR,
        urgency=Urgency.NORMAL,
        class_=Class.GENERAL,
        opened_at=NOW,
        take_by=NOW + 1800,
        holder="李师傅",
        evidence=(Evidence(point="arm.position", value="open", at=NOW),),
    )
    return msgspec.structs.replace(base, **fields)


class World(msgspec.Struct, kw_only=True):
    """Everything that a test of the web layers holds."""

    books: FakeBooks
    pulse: FakePulse
    desk: FakeDesk
    live: FakeLive
    archive: FakeArchive
    clock: ManualClock
    ports: WebPorts
    commissioning: Commissioning
    inspecting: Inspecting

    def give(
        self,
        role: Role,
        *,
        scope: str = "",
        token: str = "",
        name: str = "",
        lasts: float | None = None,
    ) -> str:
        """Keep a key and return its token."""
        token = token or TOKENS[role]
        name = name or role
        record = key_record(token, name=name, role=role, now=NOW, scope=scope, lasts=lasts)
        self.desk.keep(key_document(record))
        return token

    def settle_in(self, name: str, password_hash: str, role: Role = Role.GUARD) -> None:
        """Keep a person."""
        person = Person(name=name, role=role, password_hash=password_hash)
        body = msgspec.json.encode(person)
        self.desk.keep(Document(collection=PEOPLE, key=name, body=body))


def make_world() -> World:
    """Make a world with a key for each role."""
    books = FakeBooks()
    pulse = FakePulse(books)
    desk = FakeDesk(books, pulse)
    live, archive, clock = FakeLive(), FakeArchive(), ManualClock(NOW)
    devices = [view.device for view in live.devices()]
    commissioning = Commissioning(clock, devices, put=live.put_device)
    inspecting = Inspecting(live, books, clock)
    office = make_office(clock)
    courses = CourseBook(books)
    surveys = make_surveys(books, courses, desk.write, clock)
    projects = ProjectBook({}, places=PLACES, write=desk.write, clock=clock)
    windows = make_windows(clock)
    gatekeeper = Gatekeeper(books, desk, clock)
    ports = WebPorts(
        live=live,
        pulse=pulse,
        desk=desk,
        books=books,
        archive=archive,
        gatekeeper=gatekeeper,
        rules=office,
        schedules=SiteSchedules(office),
        parameters=SiteParameters(office, Site(devices=tuple(devices), places={})),
        windows=windows,
        holds=FakeHolds(live, clock),
        handovers=make_handovers(
            live,
            books,
            archive=archive,
            pulse=pulse,
            windows=windows,
            write=desk.write,
            clock=clock,
        ),
        commission=commissioning.desk,
        inspections=inspecting.desk,
        projects=projects,
        agenda=AgendaBook(
            {},
            live=live,
            books=books,
            courses=courses,
            projects=projects,
            write=desk.write,
            clock=clock,
            test=True,
        ),
        surveys=surveys,
        scorecard=make_scorecard(live, courses, surveys, desk.write, clock),
        courses=courses,
        site=make_site_office(books, desk.write, clock, gatekeeper.people),
        rosters=make_rosters(clock, desk.write),
        escalation=FakeEscalation(),
        bells=FakeBells(),
        whistle=make_whistle(live, books, desk, clock, inspecting.filing),
        cases=desk.cases,
        photos=make_photos(books, desk, clock),
        clock=clock,
        holdings=books.holdings,
        reach=books.reach,
        community=CommunityCard(id="guanshan", name="关山社区", prefix="GS"),
        possible_steps=lambda _ticket, _who: ("take", "comment", "void"),
    )
    world = World(
        commissioning=commissioning,
        inspecting=inspecting,
        books=books,
        pulse=pulse,
        desk=desk,
        live=live,
        archive=archive,
        clock=clock,
        ports=ports,
    )
    for role in Role:
        world.give(role)
    return world


def client_of(
    app: FastAPI | Callable[..., Any], token: str = "", **headers: str
) -> httpx2.AsyncClient:
    """Return a client that speaks to the app without a socket."""
    if token:
        headers["authorization"] = f"Bearer {token}"
    return httpx2.AsyncClient(
        transport=httpx2.ASGITransport(app=app, raise_app_exceptions=False),
        base_url="http://hub",
        headers=headers,
    )
