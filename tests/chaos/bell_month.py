"""Thirty virtual days of rings over channels that flap, with kills; and what must be true of them.

The checker knows nothing of the hub's code: it sees what was asked for, when each channel worked,
what people did, and what was heard.
"""

from __future__ import annotations

import asyncio
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import pairwise
from random import Random

import msgspec

from hub.bells.lane import Lane
from hub.courier.answer import DELIVERED, Answer, Verdict, later, refused
from hub.model.alarm import Severity
from hub.model.ring import Concern, Ring
from tests.chaos.simulation import ShuffledLoop
from tests.support.belfry import CREW, START, Heard, House, make_ring

DAYS = 30
DAY = 86_400.0
HOUR = 3600.0
TICKETS_A_DAY = 25
BELLS = ("a", "b", "c")
WAIT = 300.0
ROUND = len(BELLS) * WAIT
"""The chain's time."""
SLACK = 90.0
"""Seconds for gathering, writing, a slow answer, and others that come first."""
BREAK = 600.0
"""The longest that a channel which works again is left alone."""
BAD = ("down", "slow", "limit", "garbage")
KILLS_A_DAY = 2


class Span(msgspec.Struct, frozen=True, kw_only=True):
    """How a channel is from `at` on."""

    at: float
    how: str


class Acted(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody did with a ticket."""

    at: float
    ticket: str
    entry: str


class Month(msgspec.Struct, frozen=True, kw_only=True):
    """All that happened: the checker's evidence."""

    rings: Sequence[Ring]
    acts: Sequence[Acted]
    weather: dict[str, list[Span]]
    heard: Sequence[Heard]
    kills: Sequence[float]
    unwritten: Sequence[str]
    given_up: frozenset[str]
    left: int


def plan_weather(chance: Random) -> dict[str, list[Span]]:
    """Make each channel good for hours and bad for minutes to half a day, in turns."""
    return {bell: list(_turns(chance)) for bell in BELLS}


def _turns(chance: Random) -> Iterator[Span]:
    at, good = START, True
    while at < START + (DAYS + 1) * DAY:
        yield Span(at=at, how="up" if good else chance.choice(BAD))
        at += chance.expovariate(1 / (6 * HOUR if good else 2 * HOUR))
        good = not good


def how(weather: list[Span], at: float) -> str:
    """Return how a channel is at an instant."""
    return weather[bisect_right(weather, at, key=lambda span: span.at) - 1].how


def up_since(weather: list[Span], at: float) -> float | None:
    """Return since when a channel has worked without a break; None where it does not."""
    span = weather[bisect_right(weather, at, key=lambda span: span.at) - 1]
    return span.at if span.how == "up" else None


class Player:
    """Plays one month by a seed."""

    def __init__(self, seed: int, make_lane: type[Lane], days: int) -> None:
        self._days = days
        self._chance = Random(seed)
        self._weather = plan_weather(self._chance)
        self._house = House(BELLS, seed=seed, make_lane=make_lane)
        self._rings: list[Ring] = []
        self._acts: list[Acted] = []
        self._kills: list[float] = []

    async def play(self) -> Month:
        """Play it to the end, and two good days more."""
        house = self._house
        house.desk.takes = 0.01
        for bell, channel in house.channels.items():
            channel.answer = lambda bell=bell: self._answer(bell)  # type: ignore[misc]
            channel.takes = lambda bell=bell: self._takes(bell)  # type: ignore[misc]
        house.start()
        tickets = [
            asyncio.create_task(self._ticket(number))
            for number in range(TICKETS_A_DAY * self._days)
        ]
        await self._kill_now_and_then()
        await asyncio.gather(*tickets)
        await asyncio.sleep(2 * HOUR)
        given = await house.journal("bell.given_up")
        month = Month(
            rings=self._rings,
            acts=self._acts,
            weather=self._weather,
            heard=house.heard,
            kills=self._kills,
            unwritten=house.unwritten,
            given_up=frozenset(entry.data["ring"] for entry in given),
            left=len(house.belfry.waiting()),
        )
        await house.kill()
        return month

    async def _ticket(self, number: int) -> None:
        """Ring for one ticket, rung after rung, until somebody acts; then end it."""
        chance = self._chance
        await asyncio.sleep(chance.uniform(0, self._days * DAY))
        patience = chance.choice((60.0, 400.0, 1500.0, 4 * HOUR, 14 * HOUR))
        acted = asyncio.create_task(asyncio.sleep(patience))
        ticket = f"GS-{number}"
        for rung in range(1, chance.randint(1, 4)):
            await self._ring(ticket, rung)
            await asyncio.wait({acted}, timeout=chance.choice((1.0, 600.0, 1800.0)))
            if acted.done():
                break
        await acted
        entry = chance.choice(("ticket.acknowledged", "ticket.taken"))
        await self._act(entry, ticket)
        await asyncio.sleep(chance.uniform(10.0, 8 * HOUR))
        await self._act("ticket.closed", ticket)

    async def _ring(self, ticket: str, rung: int) -> None:
        chance, now = self._chance, self._house.clock.now()
        channels = tuple(chance.sample(BELLS, k=3))
        for concern, person in (
            (Concern.RESPONSIBLE, CREW),
            (Concern.INFORMED, "group:grid"),
        ):
            ring = make_ring(
                id=f"{ticket}/{rung}/{person}",
                ticket=ticket,
                rung=rung,
                person=person,
                concern=concern,
                channels=channels,
                at=now,
                not_before=now + chance.choice((0.0, 0.0, 0.0, HOUR)),
                severity=chance.choice(list(Severity)),
                wait=WAIT,
            )
            self._rings.append(ring)
            await self._house.ring(ring)

    async def _act(self, entry: str, ticket: str) -> None:
        self._acts.append(Acted(at=self._house.clock.now(), ticket=ticket, entry=entry))
        await self._house.act(entry, ticket)

    async def _kill_now_and_then(self) -> None:
        end = START + self._days * DAY
        while self._house.clock.now() < end:
            await asyncio.sleep(self._chance.expovariate(KILLS_A_DAY / DAY))
            self._kills.append(self._house.clock.now())
            await self._house.kill()
            await asyncio.sleep(self._chance.choice((0.0, 5.0)))
            self._house.start()

    def _answer(self, bell: str) -> Answer:
        kind = how(self._weather[bell], self._house.clock.now())
        answers = {
            "up": DELIVERED,
            "down": later("HTTP 500"),
            "slow": later("no answer within 15 s"),
            "limit": later("HTTP 429", 120.0),
            "garbage": refused("no"),
        }
        return answers[kind]

    def _takes(self, bell: str) -> float:
        kind = how(self._weather[bell], self._house.clock.now())
        return 15.0 if kind == "slow" else self._chance.uniform(0.05, 1.0)


def play_month(seed: int, make_lane: type[Lane] = Lane, days: int = DAYS) -> Month:
    """Play so many days by a seed."""
    with asyncio.Runner(loop_factory=lambda: ShuffledLoop(seed)) as runner:
        return runner.run(Player(seed, make_lane, days).play())


def find_faults(month: Month) -> list[str]:
    """Return every sentence that is not true of the month as it should be."""
    return [
        *_unwritten(month),
        *_twice(month),
        *_out_of_order(month),
        *_stale(month),
        *_unreached(month),
        *_lost(month),
    ]


def _unwritten(month: Month) -> Iterator[str]:
    for ring in month.unwritten:
        yield f"{ring} was sent before it was written down"


def _told(month: Month) -> dict[str, list[Heard]]:
    told: dict[str, list[Heard]] = defaultdict(list)
    for heard in month.heard:
        if heard.answer.verdict is Verdict.DELIVERED:
            for ring in heard.rings:
                told[ring].append(heard)
    return told


def _reached_at(month: Month) -> dict[str, float]:
    """Return when each ring has reached its person: by itself, or by a later rung's message."""
    told = _told(month)
    family: dict[tuple[str, str], list[Ring]] = defaultdict(list)
    for ring in month.rings:
        family[ring.ticket, ring.person].append(ring)
    found = {}
    for ring in month.rings:
        later_ones = [each for each in family[ring.ticket, ring.person] if each.rung >= ring.rung]
        instants = [told[each.id][0].at for each in later_ones if told[each.id]]
        if instants:
            found[ring.id] = min(instants)
    return found


def _twice(month: Month) -> Iterator[str]:
    """No channel tells a ring twice, but what a kill has caught in hand; and the next one waits."""
    for ring, heard in _told(month).items():
        bells = [each.bell for each in heard]
        repeated = len(bells) - len(set(bells))
        first, last = heard[0].at, heard[-1].at
        caught = sum(first - 2 <= kill <= last + 2 for kill in month.kills)
        if repeated > caught:
            yield f"{ring} was rung over {bells} with {caught} kills between"
        if "group:grid" in ring and len(set(bells)) > 1 + caught:
            yield f"{ring} was to be told once, and was over {bells}"
        for one, two in pairwise(heard):
            if two.at - one.at < WAIT - 2 and not any(
                one.at - 2 <= kill <= two.at + 2 for kill in month.kills
            ):
                yield f"{ring} was rung again after {two.at - one.at:.0f} s"


def _out_of_order(month: Month) -> Iterator[str]:
    rungs = {ring.id: ring.rung for ring in month.rings}
    last: dict[tuple[str, str], int] = {}
    for heard in month.heard:
        if heard.answer.verdict is not Verdict.DELIVERED:
            continue
        key = (heard.message.ticket, heard.person)
        newest = max((rungs[ring] for ring in heard.rings), default=0)
        if newest < last.get(key, 0):
            yield f"{heard.rings} came over {heard.bell} after a later one"
        last[key] = max(last.get(key, 0), newest)


def _end_of(ring: Ring, acts: Sequence[Acted]) -> float:
    ends = {"ticket.closed"}
    if ring.concern is Concern.RESPONSIBLE:
        ends |= {"ticket.acknowledged", "ticket.taken"}
    return min((act.at for act in acts if act.at > ring.at and act.entry in ends), default=1e12)


def _acts_by_ticket(month: Month) -> dict[str, list[Acted]]:
    acts: dict[str, list[Acted]] = defaultdict(list)
    for act in month.acts:
        acts[act.ticket].append(act)
    return acts


def _stale(month: Month) -> Iterator[str]:
    acts = _acts_by_ticket(month)
    rings = {ring.id: ring for ring in month.rings}
    for heard in month.heard:
        for ring in heard.rings:
            late = heard.at - _end_of(rings[ring], acts[rings[ring].ticket])
            if late > 1.0:
                yield f"{ring} was rung {late:.0f} s after somebody had acted"


def _unreached(month: Month) -> Iterator[str]:
    """Whoever one of the channels can reach is reached in the chain's time."""
    acts, told = _acts_by_ticket(month), _reached_at(month)
    for ring in month.rings:
        due = _due(ring, month)
        end = _end_of(ring, acts[ring.ticket])
        reached = told.get(ring.id, float("inf"))
        if due < min(end, reached):
            late = f"{due - ring.at:.0f} s, and was by {reached - ring.at:.0f}"
            yield f"{ring.id} was to be reached by {late}"


def _due(ring: Ring, month: Month) -> float:
    """Return when a ring has to have reached somebody, by the channels alone."""
    start = max(ring.at, ring.not_before)
    need = ROUND + BREAK + SLACK
    instants = [start + need]
    for bell in ring.channels:
        spans = month.weather[bell]
        instants += [span.at + need for span in spans if span.how == "up" and span.at > start]
    for due in sorted(instants):
        if any(_was_up(month, bell, due - need, due) for bell in ring.channels):
            down = sum(due - need <= kill <= due for kill in month.kills)
            # A refusal is for good: a channel that was garbage for this ring is not asked again.
            if any(
                _never_garbage(month, bell, start, due) for bell in _good(ring, month, due, need)
            ):
                return due + down * (15.0 + 5.0)
    return float("inf")


def _good(ring: Ring, month: Month, due: float, need: float) -> list[str]:
    return [bell for bell in ring.channels if _was_up(month, bell, due - need, due)]


def _was_up(month: Month, bell: str, start: float, end: float) -> bool:
    since = up_since(month.weather[bell], end)
    return since is not None and since <= start


def _never_garbage(month: Month, bell: str, start: float, end: float) -> bool:
    spans = month.weather[bell]
    first = bisect_right(spans, start, key=lambda span: span.at) - 1
    return all(span.how != "garbage" for span in spans[first:] if span.at < end)


def _lost(month: Month) -> Iterator[str]:
    """Whom nobody has reached is told of, unless somebody has acted in the chain's time."""
    told, acts = _reached_at(month), _acts_by_ticket(month)
    for ring in month.rings:
        over = max(ring.at, ring.not_before) + ROUND + BREAK + SLACK
        acted = _end_of(ring, acts[ring.ticket]) < over
        if ring.id in told or ring.id in month.given_up or acted:
            continue
        yield f"{ring.id} reached nobody, and nobody was told"
    if month.left:
        yield f"{month.left} rings are left after the end of their tickets"
