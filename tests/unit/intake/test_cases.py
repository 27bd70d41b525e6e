"""Cases take their turn in the one loop: beside the ticket, in one commit, and after a restart."""

from typing import Any

import msgspec
import pytest

from hub.clock import ManualClock
from hub.errors import ConflictError, NotFoundError
from hub.intake.batch import Batch, Numbering
from hub.intake.case_room import CaseRoom
from hub.model.access import Role
from hub.model.alarm import ReportWhen
from hub.model.case import CaseAction, CaseOutcome, CaseStep
from hub.model.ticket import ClosingCode, TicketAction, TicketState, TicketStep
from hub.model.whistle import ReportWish, Source, Target
from hub.services.incidents.case_book import CaseBook
from hub.services.tickets.desk_index import DeskIndex
from hub.store.memory import MemoryStore
from tests.unit.access.web_fakes import NOW, ticket
from tests.unit.intake.stage import GATE, Stage, stage

TARGET = Target(
    name="西门道闸", place=GATE.place, where="1栋", device=GATE.id, uid=GATE.uid, kind=GATE.kind
)


def step(stage: Stage, do: str, receiver: str = "city", **fields: Any) -> CaseStep:  # noqa: ANN401
    base = {"number": "C-1", "reason": "why", "text": "words", "at": stage.clock.now()}
    return CaseStep(do=CaseAction(do), receiver=receiver, **{**base, **fields})


async def act(stage: Stage, number: str, do: str, *words: str, **fields: Any) -> CaseOutcome:  # noqa: ANN401
    return await stage.intake.desk.act_on_incident(number, step(stage, do, *words, **fields))


async def work(stage: Stage, number: str, do: str, actor: str = "wang", **fields: Any) -> None:  # noqa: ANN401
    wanted = TicketStep(
        do=TicketAction(do), actor=actor, role=Role.MANAGER, at=stage.clock.now(), **fields
    )
    await stage.intake.desk.step_ticket(number, wanted)


async def open_one(stage: Stage) -> str:
    wish = ReportWish(id="r1", source=Source.INSPECTION, category="struck", target=TARGET)
    filed = await stage.intake.desk.report(wish)
    return filed.report.ticket


async def last_item(stage: Stage) -> dict[str, Any]:
    rows = await stage.store.books.feed(after=0, limit=1000)
    item: dict[str, Any] = msgspec.json.decode(rows[-1].body)
    return item


async def test_each_receiver_has_a_number_and_a_state_of_its_own() -> None:
    async with stage() as scene:
        number = await open_one(scene)
        await act(scene, number, "file")
        await act(scene, number, "refuse", receiver="power")
        item = await last_item(scene)
    assert item["type"] == "cn.lingdang.incident.updated.v1"
    assert item["receiver"] == "power"
    marks = {mark["receiver"]: (mark["number"], mark["state"]) for mark in item["data"]["cases"]}
    assert marks == {"city": ("C-1", "filed"), "power": ("C-1", "refused")}
    assert item["data"]["revision"] == 3


async def test_no_case_closes_a_ticket_and_no_ticket_a_case() -> None:
    async with stage() as scene:
        number = await open_one(scene)
        for do in ("file", "dispatch", "feed_back", "close"):
            await act(scene, number, do)
        ticket = await scene.store.books.ticket(number)
        assert ticket is not None
        assert (ticket.state, ticket.revision) == (TicketState.NEW, 1)
        await act(scene, number, "reopen")
        await work(scene, number, "take", "li")
        await work(scene, number, "arrive", "li")
        await work(scene, number, "complete", "li", code=ClosingCode.REPAIRED, reason="done")
        await work(scene, number, "verify", "chen")
        await work(scene, number, "close", "chen")
        item = await last_item(scene)
    assert (item["type"], item["data"]["state"]) == ("cn.lingdang.incident.closed.v1", "closed")
    assert "receiver" not in item
    assert [mark["state"] for mark in item["data"]["cases"]] == ["filed"]


async def test_revisions_of_an_incident_rise_whoever_changes_it() -> None:
    async with stage() as scene:
        number = await open_one(scene)
        await act(scene, number, "file")
        await work(scene, number, "take")
        await act(scene, number, "dispatch")
        rows = await scene.store.books.feed(after=0, limit=1000)
    revisions = [msgspec.json.decode(row.body)["data"]["revision"] for row in rows]
    assert revisions == [1, 2, 3, 4]


async def test_a_case_outlives_a_restart() -> None:
    clock = ManualClock()
    store = MemoryStore(clock)
    async with stage(store, clock) as scene:
        number = await open_one(scene)
        await act(scene, number, "file")
    async with stage(store, clock) as scene:
        assert not (await act(scene, number, "file")).applied, "it is the same once more"
        with pytest.raises(ConflictError):
            await act(scene, number, "file", at=scene.clock.now() + 1)
        assert (await act(scene, number, "dispatch")).case.number == "C-1"


async def test_what_is_late_is_not_applied_and_leaves_no_entry() -> None:
    async with stage() as scene:
        number = await open_one(scene)
        await act(scene, number, "dispatch")
        before = await scene.types()
        outcome = await act(scene, number, "file", at=scene.clock.now() - 60)
        assert not outcome.applied
        assert outcome.case.state == "dispatched"
        assert await scene.types() == before


async def test_what_is_no_incident_cannot_be_acted_upon() -> None:
    async with stage() as scene:
        with pytest.raises(NotFoundError):
            await act(scene, "GS-20261129-9999", "file")


@pytest.mark.parametrize(
    ("report", "is_one"),
    [
        (ReportWhen.AT_ONCE, True),
        (ReportWhen.ON_ESCALATION, False),
        (ReportWhen.NEVER, False),
    ],
)
def test_a_ticket_is_an_incident_as_its_report_says(report: ReportWhen, is_one: bool) -> None:
    room = CaseRoom(DeskIndex([], [ticket("GS-1", report=report)]), CaseBook())
    batch = Batch(now=NOW, numbering=Numbering(0), project=lambda *_: None)
    filing = CaseStep(do=CaseAction.FILE, receiver="city", at=NOW, number="C-1")
    if is_one:
        assert room.act("GS-1", filing, batch).applied
        return
    with pytest.raises(NotFoundError):
        room.act("GS-1", filing, batch)
    assert batch.is_empty()
