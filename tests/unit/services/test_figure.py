"""Figures of work: what the journal of some tickets comes to, by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import pytest

from hub.model.alarm import Decision
from hub.model.course import Course, Fault
from hub.model.journal import Draft, Entry
from hub.model.ticket import Ticket
from hub.services.figures import course as courses
from hub.services.figures.course_book import KEEP, CourseBook
from hub.services.figures.figure import Book, Group, summarise
from hub.services.tickets.deadline import due
from hub.services.tickets.follow_up import join
from hub.services.tickets.ticket import describe_opening, step
from tests.unit.access.web_fakes import FakeBooks
from tests.unit.services.making import HOUR, NOW, decide, make_device, make_ticket, wish

DAY = 24 * HOUR
GATE, DOOR = "gate-1", "gate-2"
DEVICES = {
    GATE: make_device(GATE, attributes={"vendor": "捷顺"}),
    DOOR: make_device(DOOR, place="guanshan/b/1", attributes={"vendor": "捷顺"}),
}


class Story:
    """A ticket that people take steps with; `entries` is what the journal has of it."""

    def __init__(
        self,
        number: str = "GS-1",
        subject: str = GATE,
        teams: Mapping[str, str] | None = None,
        **fields: Any,  # noqa: ANN401 - fields of a ticket
    ) -> None:
        self._teams = teams or {}
        about: dict[str, Any] = {"number": number, "subject": subject, **fields}
        self.ticket: Ticket = msgspec.structs.replace(make_ticket(), **about)
        self.entries: list[Entry] = []
        self._note([describe_opening(self.ticket, self.ticket.opened_at)])

    def do(self, action: str, after: float, actor: str = "wang", **fields: Any) -> Story:  # noqa: ANN401
        """Take a step, `after` seconds after the opening."""
        now = self.ticket.opened_at + after
        taken = wish(action, actor, fields.pop("role", "crew"), **fields)
        team_of = lambda login: self._teams.get(login, "")  # noqa: E731
        self.ticket, drafts = step(self.ticket, taken, healthy=True, now=now, team_of=team_of)
        self._note(drafts)
        return self

    def repaired(self, after: float, code: str = "repaired") -> Story:
        """Take, arrive and complete, the last of it `after` seconds after the opening."""
        self.do("take", after / 4).do("arrive", after / 2)
        return self.do("complete", after, code=code)

    def overdue(self, after: float) -> Story:
        """Have the limits told that are over, `after` seconds after the opening."""
        for ticket, drafts in due([self.ticket], self.ticket.opened_at + after):
            self.ticket = ticket
            self._note(drafts)
        return self

    def hear(self, decision: Decision) -> Story:
        """Have an alarm of the same fault join it."""
        joined, drafts = join(self.ticket, "A0000000009", decision, self.ticket.opened_at)
        self.ticket = joined
        self._note(drafts)
        return self

    def course(self) -> Course:
        """Return the fold of all entries."""
        found: Course | None = None
        for entry in self.entries:
            found = courses.follow(found, entry)
        assert found is not None
        return found

    def _note(self, drafts: Sequence[Draft]) -> None:
        for draft in drafts:
            fields = msgspec.structs.asdict(draft)
            self.entries.append(Entry(seq=len(self.entries) + 1, **fields))


def groups(
    *stories: Story, by: str = "all", faults: Sequence[Fault] = (), now: float = NOW + 10 * DAY
) -> dict[str, Group]:
    book = Book(
        courses=[story.course() for story in stories],
        faults=faults,
        devices=DEVICES,
        start=NOW,
        end=NOW + 10 * DAY,
        now=now,
    )
    return {group.key: group for group in summarise(book, by)}


def value(name: str, *stories: Story, **how: Any) -> float | None:  # noqa: ANN401 - as `groups`
    (group,) = groups(*stories, **how).values()
    return group.cells[name].value


def test_a_course_has_the_first_taking_and_the_last_completion() -> None:
    story = Story().repaired(4 * HOUR)
    story.do("reject", 5 * HOUR, "zhao", role="guard", reason="still open")
    assert story.course().completed_at is None, "a rejected repair is none"
    story.do("arrive", 6 * HOUR).do("complete", 7 * HOUR, code="replaced")
    story.do("verify", 8 * HOUR, "zhao", role="guard").do("close", 9 * HOUR, "li", role="manager")
    course = story.course()
    assert [course.taken_at, course.arrived_at] == [NOW + HOUR, NOW + 2 * HOUR]
    assert [course.completed_at, course.closed_at] == [NOW + 7 * HOUR, NOW + 9 * HOUR]
    assert (course.closing_code, course.class_, course.state) == ("replaced", "general", "closed")


def test_a_reopened_one_is_open_again() -> None:
    story = Story().repaired(HOUR)
    story.do("verify", 2 * HOUR, "zhao", role="guard").do("close", 3 * HOUR, "li", role="manager")
    story.do("reopen", DAY, "zhao", role="guard", reason="again")
    course = story.course()
    assert (course.completed_at, course.closed_at, course.reopened) == (None, None, 1)


def test_the_share_on_time_counts_what_is_late_and_open_and_not_what_still_may() -> None:
    quick, slow = Story("GS-1").repaired(HOUR), Story("GS-2").repaired(30 * HOUR)
    lying, fresh = Story("GS-3"), Story("GS-4", opened_at=NOW + 9 * DAY, finish_by=NOW + 12 * DAY)
    found = groups(quick, slow, lying, fresh)[""].cells
    assert found["on_time"].value == pytest.approx(1 / 3)
    assert found["on_time"].numbers == ("GS-1", "GS-2", "GS-3")
    assert found["late"].numbers == ("GS-2", "GS-3")
    assert found["open"].numbers == ("GS-3", "GS-4")
    assert found["tickets"].value == 4


def test_an_extension_counts_in_one_share_and_not_in_the_other() -> None:
    story = Story()
    before = story.ticket.finish_by or 0.0
    granted = {"state": "new", "finish_by": before + DAY, "first_finish_by": before}
    story.entries.append(_entry("ticket.extension_granted", NOW, granted, seq=2))
    story.entries += Story().repaired(40 * HOUR).entries[1:]
    assert value("on_time", story) == 1.0
    assert value("on_time_without_extension", story) == 0.0


def test_who_was_answered_solved_and_satisfied_are_three_shares_by_their_own_rows() -> None:
    fine = Story("GS-1", source="hotline").repaired(HOUR)
    fine.do("verify", 2 * HOUR, "li").do("call_back", 2 * HOUR, "li", extra={"satisfied": True})
    late = Story("GS-2", source="hotline").overdue(HOUR).repaired(40 * HOUR)
    said = {"extra": {"satisfied": False}, "text": "又漏了"}
    late.do("call_back", 41 * HOUR, "li", **said)
    open_ = Story("GS-3").overdue(2 * DAY)
    (group,) = groups(fine, late, open_).values()
    shares = {name: group.cells[name].value for name in ("responded", "solved", "satisfied")}
    assert shares == {"responded": 1 / 3, "solved": 2 / 3, "satisfied": 0.5}
    assert group.cells["satisfied"].numbers == ("GS-1", "GS-2"), "of those who were asked"
    late.do("reject", 42 * HOUR, "li", reason="again")
    (group,) = groups(fine, late, open_).values()
    assert group.cells["satisfied"].numbers == ("GS-1",), "who was asked of what was no repair"
    (new,) = groups(Story("GS-4")).values()
    assert new.cells["responded"].value is None, "it may still be taken in time"


def test_shelved_voided_and_folded_ones_are_no_matter_of_time() -> None:
    shelved = Story("GS-1", flags=("shelved",))
    voided = Story("GS-2").do(
        "void", 60, "li", role="manager", reason="a drill", extra={"approver": "zhao"}
    )
    folded = Story("GS-3", folded_into="GS-1")
    found = groups(shelved, voided, folded)[""].cells
    assert (found["tickets"].value, found["shelved"].numbers) == (1, ("GS-1",))
    assert found["on_time"].value is None


def test_times_are_medians_from_the_opening_and_mttr_is_a_mean() -> None:
    stories = [Story(f"GS-{n}").repaired(hours * HOUR) for n, hours in enumerate((1, 2, 9))]
    assert value("to_repair", *stories) == 2 * HOUR
    assert value("mttr", *stories) == 4 * HOUR
    assert value("to_take", *stories) == HOUR / 2


def test_the_team_is_that_of_who_holds_it_and_nobodys_when_it_is_given_back() -> None:
    teams = {"wang": "night", "li": "vendor"}
    mine, other = Story("GS-1", teams=teams), Story("GS-2", teams=teams)
    mine.do("take", HOUR).do("arrive", HOUR).do("complete", HOUR)
    other.do("take", HOUR).do("transfer", HOUR, to="li")
    found = groups(mine, other, by="team")
    assert {key: each.cells["tickets"].numbers for key, each in found.items()} == {
        "night": ("GS-1",),
        "vendor": ("GS-2",),
    }
    other.do("return", HOUR, "li", reason="not ours")
    assert groups(mine, other, by="team")[""].cells["open"].numbers == ("GS-2",)


def test_raises_of_the_class_are_counted_and_lead_to_their_tickets() -> None:
    chen = {"actor": "chen", "role": "manager", "reason": "a part"}
    raised, lowered = Story("GS-1"), Story("GS-2")
    raised.do("classify", HOUR, extra={"class": "complex"}, **chen)
    lowered.do("classify", HOUR, extra={"urgency": "urgent"}, **chen)
    (group,) = groups(raised, lowered, by="all").values()
    assert group.cells["raised"].numbers == ("GS-1",)


def test_what_a_resident_has_said_first_is_the_rules_once_its_alarm_has_joined() -> None:
    story = Story(source="resident", rule="")
    story.hear(decide())
    story.repaired(HOUR, "false_alarm")
    found = groups(story, by="rule")
    assert found["barrier-stuck-open"].cells["false_alarms"].value == 1
    alone = Story("GS-2", source="resident", rule="").repaired(HOUR)
    (model,) = groups(alone, by="model").values()
    assert model.cells["mtbf"].numbers == (), "what no device has said is no device's fault"
    alone.hear(decide())
    (model,) = groups(alone, by="model").values()
    assert model.cells["mtbf"].numbers == ("GS-2",)


def test_false_alarms_are_a_share_of_what_has_a_code_and_no_fault_of_a_model() -> None:
    real, false = Story("GS-1").repaired(HOUR), Story("GS-2").repaired(HOUR, "false_alarm")
    (model,) = groups(real, false, Story("GS-3"), by="model").values()
    assert model.cells["false_alarms"].value == pytest.approx(0.5)
    assert model.cells["mtbf"].numbers == ("GS-1", "GS-3")
    assert model.cells["mtbf"].value == 2 * 10 * DAY / 2, "two devices for ten days, two faults"
    assert model.cells["devices"].value == 2


def test_down_time_is_each_devices_once_within_the_span() -> None:
    faults = [
        Fault(alarm="A1", subject=GATE, severity="major", start=NOW - DAY, end=NOW + HOUR),
        Fault(alarm="A2", subject=GATE, severity="critical", start=NOW, end=NOW + 2 * HOUR),
        Fault(alarm="A3", subject=GATE, severity="minor", start=NOW, end=NOW + DAY),
        Fault(alarm="A4", subject=DOOR, severity="major", start=NOW + 9 * DAY),
    ]
    assert value("down", Story(), by="vendor", faults=faults) == 2 * HOUR + DAY
    assert groups(Story(), by="vendor")["捷顺"].cells["down"].value == 0


@pytest.mark.parametrize(
    ("by", "keys"),
    [
        ("class", ["general"]),
        ("trade", ["gate"]),
        ("place", ["guanshan/a", "guanshan/b"]),
        ("model", ["gate-x"]),
        ("rule", ["barrier-stuck-open"]),
    ],
)
def test_tickets_are_told_apart_by(by: str, keys: list[str]) -> None:
    assert list(groups(Story("GS-1"), Story("GS-2", DOOR), by=by)) == keys


def test_a_thing_without_electronics_has_its_place_and_no_model() -> None:
    lamp = Story("GS-1", "guanshan/b/yard", place="guanshan/b/yard", source="inspection")
    assert list(groups(lamp, by="place")) == ["guanshan/b"]
    (model,) = groups(lamp, by="model").values()
    assert (model.key, "mtbf" in model.cells) == ("", False)


async def test_the_book_reads_on_and_forgets_what_ended_long_ago() -> None:
    books = FakeBooks()
    book = CourseBook(books)
    books.entries = Story().repaired(HOUR).entries
    (first,), _ = await book.read_on()
    assert first.completed_at == NOW + HOUR
    raised = {"id": "A1", "severity": "major", "raised_at": NOW}
    late = NOW + KEEP + 3 * DAY
    told = [
        ("ticket.verified", NOW + DAY, {"state": "verified"}),
        ("alarm.raised", NOW, raised),
        ("alarm.raised", NOW, {**raised, "id": "A2", "explained_by": "A1"}),
        ("alarm.cleared", NOW + HOUR, {"id": "A1", "cleared_at": NOW + 60}),
    ]
    books.entries += [_entry(*each, seq=5 + n) for n, each in enumerate(told)]
    (course,), (fault,) = await book.read_on()
    assert course.verified_at == NOW + DAY
    assert fault.end == NOW + 60
    closing = [
        ("ticket.closed", NOW + 2 * DAY, {"state": "closed"}),
        ("alarm.raised", late, {**raised, "id": "A3"}),
    ]
    books.entries += [_entry(*each, seq=9 + n) for n, each in enumerate(closing)]
    left, faults = await book.read_on()
    assert left == []
    assert [each.alarm for each in faults] == ["A3"]


def _entry(kind: str, at: float, data: dict[str, Any], *, seq: int) -> Entry:
    subject = "GS-1" if kind.startswith("ticket.") else GATE
    return Entry(seq=seq, at=at, type=kind, subject=subject, actor="hub", place="", data=data)
