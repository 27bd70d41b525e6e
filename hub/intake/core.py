"""Puts the intake together from what was stored and what files say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from math import inf

import msgspec

from hub.clock import Clock
from hub.intake.batch import Numbering
from hub.intake.case_bells import CaseBells
from hub.intake.case_room import CaseRoom
from hub.intake.climb_desk import ClimbDesk
from hub.intake.climber import Climber, DutyNeeds
from hub.intake.command_room import CommandRoom, Spawn
from hub.intake.commission_desk import CommissionDesk, open_commission
from hub.intake.commission_room import CommissionNeeds
from hub.intake.desk import IntakeDesk
from hub.intake.flood import Buckets
from hub.intake.gatehouse import Gatehouse
from hub.intake.hearing import Hearing, Prove
from hub.intake.hold_desk import HoldDesk
from hub.intake.hold_room import HoldRoom
from hub.intake.identity import IdentityBook
from hub.intake.inbox import BoundedInbox
from hub.intake.inspection_desk import InspectionDesk
from hub.intake.inspection_room import InspectionNeeds, InspectionRoom
from hub.intake.judge import Judge
from hub.intake.live import LiveState
from hub.intake.look_back import Recall
from hub.intake.pipeline import Pipeline
from hub.intake.presence import Presence
from hub.intake.pulse import CommitPulse
from hub.intake.ration import NO_RESERVE, Rationing
from hub.intake.rebasing import RebasedHistory
from hub.intake.reception import Reception
from hub.intake.report_room import ReportRoom
from hub.intake.router import Router
from hub.intake.rule_room import RuleRoom
from hub.intake.suspect import Suspects
from hub.intake.watch import IntakeWatch
from hub.intake.weir import Weir
from hub.intake.workbench import Workbench
from hub.model.access import Identity
from hub.model.catalogue import DeviceModel
from hub.model.device import Device
from hub.model.kinds import LINK_ERRORS
from hub.model.place import Place
from hub.model.swap import Swap
from hub.model.whistle import Gathering
from hub.model.window import Window
from hub.ports import (
    Books,
    CommandSender,
    Committer,
    Driver,
    Hand,
    IncidentProjector,
    Reserve,
    Snapshot,
)
from hub.services.community.inspection_form import Locate
from hub.services.community.missed import tell_missed
from hub.services.incidents.case_book import CaseBook
from hub.services.tickets.deadline import ALWAYS, Timing
from hub.services.tickets.desk_book import DeskBook
from hub.services.tickets.repair import repairs_on
from hub.settings import FloodSettings
from rules.engine import Engine
from rules.rule import Rule
from rules.topology import Topology

CLOCK_POINT = "clock.offset"


class Needs(msgspec.Struct, frozen=True, kw_only=True):
    """What the intake is built from.

    `cases` is the book that `project` reads, too.
    `link_drivers` maps a link to the driver that finds its addresses; `carried` a link's session
    to the link that devices name. `suspects` and `holds` are the collections of those names.
    `swaps` are by uid, the oldest first. `old_names` maps ids that devices had before to those
    that they have.
    """

    clock: Clock
    committer: Committer
    books: Books
    hand: Hand
    sender: CommandSender
    spawn: Spawn
    project: IncidentProjector
    drivers: Mapping[str, Driver]
    link_drivers: Mapping[str, str]
    carried: Mapping[str, str]
    devices: Sequence[Device]
    places: Mapping[str, Place]
    models: Mapping[str, DeviceModel]
    rules: Sequence[Rule]
    prefix: str
    cases: CaseBook
    suspects: Mapping[str, bytes] = {}
    holds: Mapping[str, bytes] = {}
    windows: Sequence[Window] = ()
    duty: DutyNeeds = DutyNeeds()
    gatherings: Sequence[Gathering] = ()
    commission: CommissionNeeds = CommissionNeeds()
    inspections: InspectionNeeds = InspectionNeeds()
    swaps: Mapping[str, Sequence[Swap]] = {}
    old_names: Mapping[str, str] = {}
    flood: FloodSettings = FloodSettings()
    test: bool = False
    timing: Timing = ALWAYS
    machine_since: float = inf
    prove: Prove | None = None
    reserve: Reserve = NO_RESERVE


class Intake(msgspec.Struct, frozen=True, kw_only=True):
    """The parts that others meet."""

    inbox: BoundedInbox
    pipeline: Pipeline
    reception: Reception
    live: LiveState
    pulse: CommitPulse
    desk: IntakeDesk
    cases: CaseBook
    climbs: ClimbDesk
    commission: CommissionDesk
    holds: HoldDesk
    inspections: InspectionDesk
    watch: IntakeWatch


def build_intake(needs: Needs, snapshot: Snapshot, archive: Recall) -> Intake:
    """Build every part and take up where the last run stopped."""
    inbox = BoundedInbox()
    live = _build_live(needs, snapshot)
    room = CommandRoom(inbox=inbox, sender=needs.sender, spawn=needs.spawn, look=live.device)
    book = DeskBook(snapshot, prefix=needs.prefix, test=needs.test, timing=needs.timing)
    gates = _build_gates(needs, book)
    engine = Engine(needs.rules, judge_clocks=False, works=gates.is_worked_on)
    holds = HoldRoom(needs.holds, room=room, look=live.device, burns=gates.burns_at)
    judge = _build_judge(needs, engine, gates, book, room, holds=holds)
    suspects = Suspects(needs.hand, needs.suspects)
    weir = _build_weir(needs, snapshot, suspects, judge)
    counters = weir.reception.counters.counters()
    judge.restore(snapshot, RebasedHistory(archive, needs.swaps, counters), needs.clock.now())
    live.explain = judge.explain
    pulse = CommitPulse(snapshot.last_seq)
    climber = Climber(needs.duty, book.index)
    book.set_teams(climber.staff.team_of)
    reports = ReportRoom(book, needs.gatherings)
    rounds = _build_rounds(needs, reports, book, climber)
    cases = _build_cases(needs, book, climber)
    bench = _build_bench(
        needs, weir, judge, climber, cases=cases, rounds=rounds, live=live, pulse=pulse
    )
    inbox.post(suspects.note_death)
    inbox.post(lambda batch: room.end_all(snapshot.commands, batch))
    rules = _build_rules(needs, engine, judge, book)
    inbox.post(rules.end_orphans)
    inbox.post(climber.begin)
    commission = _build_commission(needs, engine, judge, inbox=inbox, weir=weir)
    watch = _build_watch(needs, engine, inbox=inbox, bench=bench, judge=judge, weir=weir)
    watch.start(needs.clock.now(), strangers=not snapshot.last_seq)
    return Intake(
        inbox=inbox,
        pipeline=_build_pipeline(needs, inbox, bench),
        reception=weir.reception,
        live=live,
        pulse=pulse,
        desk=_build_desk(
            needs, inbox, book, rules, reports, room=room, gates=gates, live=live, cases=cases
        ),
        cases=needs.cases,
        climbs=ClimbDesk(climber, book.index, inbox=inbox, clock=needs.clock),
        commission=commission,
        holds=HoldDesk(holds, inbox),
        inspections=InspectionDesk(
            rounds, inbox=inbox, books=needs.books, locate=partial(_locate, live)
        ),
        watch=watch,
    )


def _build_cases(needs: Needs, book: DeskBook, climber: Climber) -> CaseRoom:
    bells = CaseBells(needs.duty.duty, climber.staff)
    bells.press_ticket = climber.press
    room = CaseRoom(book.index, needs.cases, lambda: climber.staff.people, bells)
    climber.called = room.call
    return room


def _build_pipeline(needs: Needs, inbox: BoundedInbox, bench: Workbench) -> Pipeline:
    rationing = Rationing(needs.committer, inbox, needs.reserve)
    return Pipeline(inbox=inbox, work=bench, rationing=rationing, clock=needs.clock)


def _build_rules(needs: Needs, engine: Engine, judge: Judge, book: DeskBook) -> RuleRoom:
    subjects = {*(device.uid for device in needs.devices), *needs.places}
    return RuleRoom(engine=engine, judge=judge, index=book.index, subjects=subjects)


def _build_commission(
    needs: Needs, engine: Engine, judge: Judge, *, inbox: BoundedInbox, weir: Weir
) -> CommissionDesk:
    return open_commission(
        needs.commission,
        needs.devices,
        engine=engine,
        judge=judge,
        reception=weir.reception,
        inbox=inbox,
    )


def _build_desk(
    needs: Needs,
    inbox: BoundedInbox,
    book: DeskBook,
    rules: RuleRoom,
    reports: ReportRoom,
    *,
    room: CommandRoom,
    gates: Gatehouse,
    live: LiveState,
    cases: CaseRoom,
) -> IntakeDesk:
    return IntakeDesk(
        inbox=inbox,
        book=book,
        room=room,
        rules=rules,
        reports=reports,
        cases=cases,
        gates=gates,
        live=live,
        books=needs.books,
    )


def _build_rounds(
    needs: Needs, reports: ReportRoom, book: DeskBook, climber: Climber
) -> InspectionRoom:
    tell = partial(tell_missed, staff=climber.staff, duty=needs.duty.duty, test=needs.test)
    return InspectionRoom(needs.inspections, reports=reports, index=book.index, tell=tell)


def _locate(live: LiveState, who: Identity) -> Locate:
    def find(subject: str) -> str | None:
        view = live.device(subject)
        place = view.device.place if view else subject if subject in live.places() else None
        return place if place is not None and who.may_see(place) else None

    return find


def _build_watch(
    needs: Needs,
    engine: Engine,
    *,
    inbox: BoundedInbox,
    bench: Workbench,
    judge: Judge,
    weir: Weir,
) -> IntakeWatch:
    return IntakeWatch(
        inbox=inbox,
        bench=bench,
        reception=weir.reception,
        judge=judge,
        carried=needs.carried,
        uplink=engine.uplink,
        machine_since=needs.machine_since,
    )


def _build_gates(needs: Needs, book: DeskBook) -> Gatehouse:
    gates = Gatehouse(needs.devices, needs.places, partial(repairs_on, book.index))
    gates.set_windows(needs.windows)
    return gates


def _build_live(needs: Needs, snapshot: Snapshot) -> LiveState:
    live = LiveState()
    live.set_site(needs.devices, needs.places, needs.models)
    live.set_old_names(needs.old_names)
    live.restore(snapshot)
    return live


def _build_bench(
    needs: Needs,
    weir: Weir,
    judge: Judge,
    climber: Climber,
    *,
    cases: CaseRoom,
    rounds: InspectionRoom,
    live: LiveState,
    pulse: CommitPulse,
) -> Workbench:
    bench = Workbench(
        weir=weir,
        reception=weir.reception,
        judge=judge,
        climber=climber,
        cases=cases,
        rounds=rounds,
        live=live,
        pulse=pulse,
        clock=needs.clock,
        hearing=Hearing(needs.prove),
        numbering=Numbering(pulse.last_seq()),
        project=needs.project,
    )
    bench.set_devices(needs.devices, needs.models)
    return bench


def _build_judge(
    needs: Needs,
    engine: Engine,
    gates: Gatehouse,
    book: DeskBook,
    room: CommandRoom,
    *,
    holds: HoldRoom,
) -> Judge:
    judge = Judge(
        engine=engine,
        topology=Topology(needs.devices, needs.places),
        gates=gates,
        book=book,
        room=room,
        holds=holds,
    )
    judge.set_site(needs.devices, needs.places, needs.models)
    return judge


def _build_weir(needs: Needs, snapshot: Snapshot, suspects: Suspects, judge: Judge) -> Weir:
    router = Router(needs.drivers, needs.link_drivers)
    router.set_devices(needs.devices, needs.models)
    reception = _build_reception(needs, snapshot, router, judge)
    weir = Weir(reception=reception, router=router, buckets=Buckets(needs.flood), suspects=suspects)
    weir.restore(snapshot.states, needs.clock.now())
    return weir


def _build_reception(needs: Needs, snapshot: Snapshot, router: Router, judge: Judge) -> Reception:
    reception = Reception(
        router=router,
        identity=IdentityBook(snapshot.cursors, snapshot.digests),
        presence=Presence(snapshot.heard, needs.clock.now()),
        judge=judge.hear,
    )
    reception.set_devices(needs.devices)
    reception.counters.set_devices(needs.devices, needs.models)
    reception.counters.restore(snapshot.points, snapshot.states)
    reception.counters.rebase(swap for some in needs.swaps.values() for swap in some)
    for row in snapshot.points:
        if row.point == CLOCK_POINT and row.value:
            reception.timekeeper.distrust(row.uid)
        if row.point == LINK_ERRORS:
            reception.errors[row.uid] = int(row.value or 0)
    return reception
