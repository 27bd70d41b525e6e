"""What has been done in the week before the night: rounds, claims, meetings, surveys, scores."""

from __future__ import annotations

import msgspec

from hub.clock import ManualClock
from hub.model.access import Identity, Role
from hub.model.case import Case, CaseAction, CaseStep
from hub.model.device import Kind
from hub.model.inspection import Rhythm, Verdict
from hub.model.photo import Moment
from hub.model.project import ClaimantKind, ProjectAction
from hub.model.ticket import Ticket, TicketState
from hub.model.window import WindowKind
from hub.ports import WindowWish
from hub.ports.community import DecisionWish, InspectionWish, ProjectStep, Seen, StopWish
from hub.ports.photo import Read
from hub.ports.scorecard import ScoreWish
from hub.ports.survey import Reply
from hub.services.community.scorecard import month_of
from hub.services.community.survey import last_half
from hub.services.incidents.case_limit import PACES
from hub.services.incidents.case_step import take_step
from tests.support.photos import photo
from tests.support.survey import settle
from tests.unit.console.fakes.community import Console

DAY = 86_400.0
CHEN = Identity(name="陈经理", role=Role.MANAGER)
ZHOU = Identity(name="周网格", role=Role.GRID_WORKER)
COMMUNITY = Identity(name="社区", role=Role.ADMINISTRATOR)
DEPARTMENT = "供电所"
A_WEEK_OF_WORK = 7


async def walk_rounds(console: Console) -> dict[str, str]:
    """Plan an inspection of three stops, and walk half of its round; a day passes."""
    office, gates = console.ports.inspections, console.community.of_kind(Kind.BARRIER_GATE)
    stops = (
        StopWish(subject=gates[0], checks=("闸杆落到底", "地感无积水"), category="danger"),
        StopWish(subject="guanshan", thing="灭火器箱 3 号", checks=("压力在绿区", "铅封完好")),
        StopWish(subject=gates[1], thing="消防通道", checks=("没有停车",), category="fire_lane"),
    )
    plan = InspectionWish(
        title="消防巡查", team="巡查一组", every=Rhythm.DAY, at="00:00", hours=24, stops=stops
    )
    inspection = await office.plan(plan, CHEN)
    assert isinstance(console.clock, ManualClock)
    await console.clock.advance(DAY)
    await console.inspecting.tick()
    (walk, *_) = office.rounds(CHEN)
    fine = Seen(walk=walk.id, stop=inspection.stops[0].id, verdict=Verdict.FINE)
    await office.answer(fine, ZHOU)
    return {
        "inspection": inspection.id,
        "walk": walk.id,
        "stop": inspection.stops[1].id,
    }


async def claim_projects(console: Console) -> dict[str, str]:
    """Propose two needs; a company has claimed one of them, done a part, and is late with one."""
    office, now = console.ports.projects, console.clock.now()
    await office.propose("3 栋加装电梯", "住户多是老人，最高六楼。", "guanshan", ZHOU)
    project = await office.propose("东门路灯不亮", "晚上看不清路，有人摔过。", "guanshan", ZHOU)
    claim = ProjectStep(
        do=ProjectAction.CLAIM,
        claimant="供电公司",
        kind=ClaimantKind.ENTERPRISE,
        promise="换 6 盏灯，两年内坏了来修",
        milestones=(("勘察", now + DAY), ("换灯", now + 2 * DAY), ("验收", now + 30 * DAY)),
    )
    await office.step(project.id, claim, CHEN)
    await office.finish_milestone(project.id, "m1", "看了现场，定了灯型", CHEN)
    await office.step(project.id, ProjectStep(do=ProjectAction.START), CHEN)
    picture = await console.ports.photos.develop(reader(photo(480, 320)))
    kept = await console.ports.photos.add(project, picture, moment=Moment.BEFORE, actor=CHEN.name)
    await office.clear_photo(project.id, kept.id, CHEN, shown=True)
    return {"project": project.id, "project_photo": kept.id}


async def meet(console: Console) -> dict[str, str]:
    """Call the joint meeting about what nobody has taken; it decides, and is late with it."""
    office, now = console.ports.agenda, console.clock.now()
    doors = console.community.of_kind(Kind.UNIT_DOOR)
    lone = console.community.open_ticket(doors[1], "门锁松动", "Lock is loose", age=3 * DAY)
    for number, door in enumerate(doors[2:5]):
        old = console.community.open_ticket(door, "门磁失灵", "Contact fails", age=6 * DAY)
        done = {"state": TicketState.CLOSED, "closed_at": now - number * DAY}
        console.community.books.ticket_by_number[old.number] = msgspec.structs.replace(old, **done)
    meeting = await office.convene(now - 2 * DAY, CHEN)
    matter = next(each for each in meeting.matters if lone.number in each.id)
    for text, body, by in (("换锁", "物业", now + 3 * DAY), ("查门禁线路", "供电公司", now + DAY)):
        wish = DecisionWish(matter=matter.id, text=text, body=body, by=by)
        meeting = await office.decide(meeting.id, wish, CHEN)
    await office.carry_out(meeting.id, meeting.decisions[0].id, "已换新锁", CHEN)
    return {"meeting": meeting.id}


async def survey(console: Console) -> dict[str, str]:
    """Draw a survey: most have answered, one was not reached, two sheets of paper are back."""
    office, (start, _) = console.ports.surveys, last_half(console.clock.now())
    numbers = [f"GS-{start:.0f}-{number}" for number in range(1, 13)]
    settle(console.community.books, numbers, start + 2 * DAY)
    drawn = await office.draw(10, CHEN)
    for number, each in enumerate(drawn.asked[:A_WEEK_OF_WORK]):
        reply = Reply(responded=True, solved=number < 6, satisfied=number < 5)
        await office.answer(drawn.id, each.report, reply, ZHOU)
    await office.answer(drawn.id, drawn.asked[A_WEEK_OF_WORK].report, None, ZHOU)
    await office.hand_out(drawn.id, 8, CHEN)
    for satisfied in (True, False):
        await office.enter(drawn.id, Reply(responded=True, solved=True, satisfied=satisfied), ZHOU)
    return {"survey": drawn.id}


async def score(console: Console) -> None:
    """Have street and community score this month."""
    month = month_of(console.clock.now())
    for criterion, value, giver, why in (
        ("street", 88.5, "王主任", ""),
        ("community", 70.0, "刘书记", "三栋楼道堆物两次没有清走"),
    ):
        wish = ScoreWish(month=month, criterion=criterion, value=value, giver=giver, why=why)
        await console.ports.scorecard.give(wish, COMMUNITY)


async def announce(console: Console) -> dict[str, str]:
    """Announce that there is no water, and that a gate is worked on."""
    now, gate = console.clock.now(), console.community.of_kind(Kind.BARRIER_GATE)[5]
    text = {"zh": "明天 8 时到 12 时停水，请提前储水。", "en": "No water from 8 to 12 tomorrow."}
    notice = WindowWish(kind=WindowKind.NOTICE, text=text, end=now + DAY, place="guanshan")
    work = WindowWish(
        kind=WindowKind.MAINTENANCE,
        text={"zh": "换道闸电机", "en": "New motor"},
        end=now + DAY,
        device=gate,
    )
    await console.ports.windows.open(work, CHEN)
    return {"window": (await console.ports.windows.open(notice, CHEN)).id}


def dispatch(console: Console, ticket: Ticket) -> None:
    """Hand a ticket to the department, which was urged once."""
    now = console.clock.now()
    step = CaseStep(
        do=CaseAction.DISPATCH, receiver=DEPARTMENT, at=now - 3600, to=DEPARTMENT, actor=CHEN.name
    )
    fresh = Case(receiver=DEPARTMENT, incident=ticket.number, urged=1)
    case, _ = take_step(fresh, step, place=ticket.place, now=now - 3600, pace=PACES[ticket.urgency])
    console.desk.cases.put(case)


def reader(data: bytes) -> Read:
    """Return what reads a photo as a form does."""

    async def read() -> bytes:
        return data

    return read
