"""Polled by a profile: each record once and in order; what is not understood is not lost."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import pytest

from hub.clock import ManualClock
from hub.courier.answer import Answer, Reply, Request, Verdict, later
from hub.feeds.profiles.composing import Credentials
from hub.feeds.profiles.poller import DAY, MOST_ODD, POLLS, Poller
from hub.feeds.profiles.receiver import Line, Receiver
from hub.feeds.profiles.stepper import Stepper
from hub.model.case import Case
from hub.model.instant import to_rfc3339
from tests.unit.access.web_fakes import NOW, make_world, ticket
from tests.unit.feeds.profiles.test_carrier import iter_nonces
from tests.unit.feeds.profiles.test_profile_reading import PUSH, profile_of


class Books:
    """A poller over a world in memory; the platform's `rows` are answered page by page."""

    def __init__(self, text: str = PUSH, *, most: int = 1000) -> None:
        self.world = make_world()
        self.world.books.ticket_by_number["GS-1"] = ticket("GS-1")
        self.rows: list[dict[str, Any]] = []
        self.asked: list[str] = []
        self.fail: Callable[[], Reply] | None = None
        self.most = most
        self.clock = ManualClock(START)
        self.says_total = True
        self.poller = self.make(text)

    def make(self, text: str = PUSH) -> Poller:
        receiver = Receiver(
            name="city",
            profile=profile_of(text),
            url="https://city.example",
            keys=Credentials(app_key="a", secret="s"),
        )
        ports = msgspec.structs.replace(self.world.ports, clock=self.clock)
        line = Line(self.clock, self.ask, attempt, iter_nonces())
        return Poller(receiver, line, Stepper(receiver, ports), ports.books, ports.desk)

    async def ask(self, request: Request) -> Reply:
        self.asked.append(request.url)
        if self.fail:
            return self.fail()
        query = dict(pair.split("=") for pair in request.url.partition("?")[2].split("&"))
        start, end = (query[name].replace("+", " ").replace("%3A", ":") for name in WINDOW)
        rows = [row for row in self.rows if start <= row["opTime"] <= end]
        size = min(int(query["pageSize"]), self.most)
        page = rows[(int(query["pageNo"]) - 1) * size :][:size]
        data = {"rows": page} | ({"total": len(rows)} if self.says_total else {})
        return Reply(status=200, body=json.dumps({"code": 0, "data": data}).encode())

    def case(self) -> Case:
        return self.world.desk.cases.find("city", "GS-1")


START = NOW - 40 * DAY
"""The desk in memory has its own now, and takes nothing from the future."""
WINDOW = ("startTime", "endTime")


async def attempt(converse: Callable[[], Awaitable[Answer]]) -> Answer:
    try:
        return await converse()
    except TimeoutError:
        return later("no answer within 15 s")


def at(seconds: float) -> str:
    return (to_rfc3339(START + seconds) or "")[:19].replace("T", " ")


def row(number: int, code: str, seconds: float, **more: str) -> dict[str, Any]:
    return {"opId": number, "outerNo": "GS-1", "opType": code, "opTime": at(seconds), **more}


async def test_records_are_taken_once_and_in_the_order_of_their_instants() -> None:
    books = Books()
    await books.poller.open()
    books.rows = [
        row(2, "20", -10, dept="供电所"),
        row(1, "10", -20, caseNo="C-1"),
        row(3, "62", -5),
    ]
    assert (await books.poller.pass_once()).verdict is Verdict.DELIVERED
    case = books.case()
    assert (case.state, case.number, case.to, case.revision) == ("dispatched", "C-1", "供电所", 3)
    await books.poller.pass_once()
    assert books.case().revision == 3, "the window overlaps, and a note is not told twice"
    assert books.poller.reading.taken == 3


async def test_a_restart_goes_on_where_it_was() -> None:
    books = Books()
    await books.poller.open()
    books.rows = [row(1, "62", -5)]
    await books.poller.pass_once()
    again = books.make()
    await again.open()
    await again.pass_once()
    assert (again.reading.until, books.case().revision) == (books.poller.reading.until, 1)


async def test_what_is_not_understood_is_kept_told_once_and_taken_once_it_is() -> None:
    books = Books()
    await books.poller.open()
    books.rows = [row(1, "77", -20, dept="供电所")]
    for _ in range(3):
        assert (await books.poller.pass_once()).verdict is Verdict.DELIVERED
    told = [entry for entry in books.world.books.entries if entry.type == "receiver.odd"]
    assert [entry.data["code"] for entry in told] == ["77"]
    assert "did you mean" in str(told[0].data["why"]) or "one of" in str(told[0].data["why"])
    books.rows = []
    await books.clock.advance(30 * DAY)
    books.poller = books.make(
        PUSH.replace('"20" = "dispatch"', '"20" = "dispatch"\n"77" = "dispatch"')
    )
    await books.poller.open()
    assert len(books.poller.reading.odd) == 1, "a restart keeps it, and its window is long over"
    await books.poller.pass_once()
    assert books.poller.reading.odd == {}
    assert (books.case().state, books.case().to) == ("dispatched", "供电所")


@pytest.mark.parametrize(
    ("record", "why"),
    [
        (row(1, "10", 0) | {"outerNo": "GS-404"}, "no incident 'GS-404'"),
        (row(1, "50", -5), "close is not possible while the case is reported"),
        (row(1, "10", -5) | {"opTime": at(-5)[:10] + " 25:61:00"}, "is no instant"),
        (row(1, "10", -5), "file needs it"),
        ({"opTime": at(-5)}, "the code '' is not in [actions.in]"),
        ({"opTime": at(-5), "opType": ["10"], "outerNo": {"a": 1}}, "the code ''"),
        (row(1, "10", -5, caseNo="x") | {"outerNo": "", "place": "?"}, ""),
    ],
)
async def test_odd_records_stop_nothing(record: dict[str, Any], why: str) -> None:
    books = Books()
    await books.poller.open()
    books.rows = [record, row(9, "20", -1)]
    await books.poller.pass_once()
    assert books.case().state == "dispatched"
    said = [odd.why for odd in books.poller.reading.odd.values()]
    assert [why in each for each in said] == ([True] if why else [])


@pytest.mark.parametrize("says_total", [True, False])
async def test_a_platform_that_gives_shorter_pages_is_read_to_the_end(says_total: bool) -> None:
    books = Books(most=3)
    books.says_total = says_total
    await books.poller.open()
    books.rows = [row(number, "62", -100 + number, content=str(number)) for number in range(20)]
    await books.poller.pass_once()
    assert books.case().revision == 20


async def test_a_platform_that_ignores_pages_is_not_asked_for_ever() -> None:
    books = Books()
    await books.poller.open()
    body = json.dumps({"code": 0, "data": {"rows": [row(1, "62", -5)]}}).encode()
    books.fail = lambda: Reply(status=200, body=body)
    assert (await books.poller.pass_once()).verdict is Verdict.DELIVERED
    assert len(books.asked) == 2


@pytest.mark.parametrize(
    "reply",
    [
        Reply(status=500),
        Reply(status=301),
        Reply(status=200, body=b"<html>"),
        Reply(status=200, body=b'{"code":9,"data":{"rows":[]}}'),
        Reply(status=200, body=b'{"data":{"rows":[]}}'),
    ],
)
async def test_a_failure_moves_nothing_and_what_came_meanwhile_is_found(reply: Reply) -> None:
    books = Books()
    await books.poller.open()
    begun = books.poller.reading.until
    books.fail = lambda: reply
    assert (await books.poller.pass_once()).verdict is Verdict.LATER
    assert books.poller.reading.until == begun
    books.fail = None
    books.rows = [row(1, "20", -5)]
    await books.clock.advance(DAY)
    for _ in range(3):
        await books.poller.pass_once()
    assert books.case().state == "dispatched"


async def test_an_outage_of_a_week_is_caught_up_day_by_day() -> None:
    books = Books()
    await books.poller.open()
    books.rows = [row(day, "62", day * DAY, content=str(day)) for day in range(7)]
    await books.clock.advance(7 * DAY)
    for _ in range(9):
        await books.poller.pass_once()
    assert books.case().revision == 7


async def test_a_platform_whose_clock_is_behind_loses_nothing() -> None:
    books = Books()
    await books.poller.open()
    for minute in range(120):
        books.rows.append(row(minute, "62", minute * 60.0 - 2400, content=str(minute)))
        await books.poller.pass_once()
        await books.clock.advance(60)
    assert books.case().revision == 120


async def test_an_instant_of_the_far_future_does_not_blind_it() -> None:
    books = Books()
    await books.poller.open()
    far = row(1, "62", -5) | {"opTime": "2099-01-01 00:00:00"}
    body = json.dumps({"code": 0, "data": {"rows": [far], "total": 1}}).encode()
    books.fail = lambda: Reply(status=200, body=body)
    await books.poller.pass_once()
    assert books.poller.reading.until <= START
    books.fail = None
    books.rows = [row(2, "20", -1)]
    await books.poller.pass_once()
    assert books.case().state == "dispatched"


async def test_too_much_that_waits_for_a_person_stops_the_reading_and_says_so() -> None:
    books = Books()
    await books.poller.open()
    books.rows = [row(number, "77", -20) for number in range(MOST_ODD)]
    await books.poller.pass_once()
    answer = await books.poller.pass_once()
    assert answer.verdict is Verdict.LATER
    assert "wait for a person" in answer.why
    until = books.poller.reading.until
    first, *rest = books.poller.reading.odd
    assert await books.poller.discard([first, "other"], "boss") == 1
    told = [entry for entry in books.world.books.entries if entry.type == "receiver.discarded"]
    assert [(entry.actor, entry.data["record"]) for entry in told] == [("boss", first)]
    assert (await books.poller.pass_once()).verdict is Verdict.DELIVERED, "it reads on"
    assert len(books.poller.reading.odd) == len(rest)
    assert books.poller.reading.until >= until
    again = books.make()
    await again.open()
    assert first not in again.reading.odd


async def test_with_too_much_that_waits_a_mended_profile_still_takes_it_all() -> None:
    books = Books()
    await books.poller.open()
    books.rows = [row(number, "77", -20, content=str(number)) for number in range(MOST_ODD)]
    await books.poller.pass_once()
    books.poller = books.make(
        PUSH.replace('"62" = "comment"', '"62" = "comment"\n"77" = "comment"')
    )
    await books.poller.open()
    assert (await books.poller.pass_once()).verdict is Verdict.DELIVERED
    assert (books.poller.reading.odd, books.case().revision) == ({}, MOST_ODD)
    await books.poller.pass_once()
    assert books.case().revision == MOST_ODD, "and each once"


async def test_a_full_disk_moves_nothing() -> None:
    books = Books()
    await books.poller.open()
    books.rows = [row(1, "77", -20)]
    books.world.desk.full = True
    assert (await books.poller.pass_once()).verdict is Verdict.LATER
    assert books.poller.reading.odd == {}
    assert (POLLS, "city") not in books.world.books.papers
    books.world.desk.full = False
    await books.poller.pass_once()
    assert len(books.poller.reading.odd) == 1


async def test_a_platform_that_tells_states_and_cases_is_followed_state_by_state() -> None:
    text = PUSH.replace('action = "opType"', 'state = "opType"').replace(
        'id = "opId"', 'id = "outerNo"'
    )
    text += '\n[states.in]\n"1" = "filed"\n"2" = "dispatched"\n"3" = "handled"\n'
    books = Books(text)
    await books.poller.open()
    for state, seconds in (("1", -30), ("2", -20), ("3", -10)):
        books.rows = [row(1, state, seconds, caseNo="C-1")]
        await books.poller.pass_once()
    assert books.case().state == "handled"


async def test_what_it_keeps_of_a_record_is_what_the_profile_names() -> None:
    books = Books()
    await books.poller.open()
    books.rows = [row(1, "77", -20, reporterPhone="13900000000")]
    await books.poller.pass_once()
    assert b"13900000000" not in books.world.books.papers[POLLS, "city"]
