"""The course of one ring: which channel when, what an answer changes, and when it is over.

Pure: the state of a ring and an instant give the next state.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator

import msgspec

from hub.bells.delivery import Delivery, Event
from hub.bells.receipt import FAILED, PATIENCE, Receipt
from hub.courier.answer import Answer, Verdict
from hub.model.bell import CONSOLE
from hub.model.ring import Concern, Ring

GATHER = 2.0
"""Seconds after a ring in which others of its ticket and person join it in one message."""
FIRST_PAUSE, LONGEST_PAUSE = 5.0, 600.0
"""Seconds: the back-off's first and longest step; chance takes any part of it."""
SHORTEST_PAUSE = 1.0
SHORTEST_WAIT = 10.0
"""Seconds that a channel has at least, whatever the ring says."""
NEVER = float("inf")
UNKNOWN = "the hub has no such bell"


OpensAt = Callable[[Ring, str], float]
"""From when on a channel takes a ring: in the past for one that does, later for one that is out of
order or has its quiet hours."""
Step = tuple[Delivery, list[Event]]


def start_of(ring: Ring) -> float:
    """Return when its first channel is tried."""
    return max(ring.at + GATHER, ring.not_before)


def begin(ring: Ring) -> Delivery:
    """Return the beginning of a ring's course."""
    return Delivery(ring=ring.id, began=start_of(ring), due=start_of(ring))


def wait_of(ring: Ring) -> float:
    """Return the seconds that one channel has."""
    return max(ring.wait, SHORTEST_WAIT)


def channel_of(ring: Ring, delivery: Delivery) -> str:
    """Return the channel whose turn it is."""
    return ring.channels[delivery.step] if ring.channels else ""


def is_calling(ring: Ring, delivery: Delivery) -> bool:
    """Tell whether the channel whose turn it is still has to take the ring."""
    busy = delivery.in_hand or delivery.at_rest
    done = {*delivery.reached, *delivery.refused, *delivery.missed}
    return not busy and channel_of(ring, delivery) not in done


def next_look(ring: Ring, delivery: Delivery, now: float) -> float:
    """Return when its course has to be looked at, if no channel answers before."""
    if delivery.in_hand or delivery.at_rest:
        return NEVER
    if delivery.began > now:
        return delivery.began
    waits = [receipt.sent + PATIENCE for receipt in delivery.receipts.values()]
    looks = [delivery.began + wait_of(ring), *(until for until in waits if delivery.awaits(now))]
    return min((look for look in looks if look > now), default=now)


def take(delivery: Delivery) -> Delivery:
    """Return it as being sent."""
    return msgspec.structs.replace(
        delivery, in_hand=True, tries=delivery.tries + 1, attempts=delivery.attempts + 1
    )


def put_back(delivery: Delivery) -> Delivery:
    """Return it as not being sent after all."""
    return msgspec.structs.replace(
        delivery, in_hand=False, tries=delivery.tries - 1, attempts=delivery.attempts - 1
    )


def pick_up(ring: Ring, delivery: Delivery, known: Container[str], now: float) -> Delivery:
    """Return it as after a start: what was in hand may have arrived or not, and is sent again.

    `known` are the channels that there are now. While the hub was down no channel had its time.
    """
    unknown = {name: UNKNOWN for name in ring.channels if name not in known}
    waits = channel_of(ring, delivery) in delivery.reached
    return msgspec.structs.replace(
        delivery,
        in_hand=False,
        began=delivery.began if waits else max(delivery.began, now),
        due=now if delivery.in_hand else delivery.due,
        refused={**delivery.refused, **unknown},
    )


def overtake(delivery: Delivery, channel: str) -> Step:
    """Return the end of a ring whose person has just been told of a later one over a channel."""
    told = [] if delivery.reached else [Event(type="sent", channel=channel)]
    return msgspec.structs.replace(
        delivery, at_rest=True, reached=(*delivery.reached, channel)
    ), told


def answered(ring: Ring, delivery: Delivery, answer: Answer, now: float, chance: float) -> Step:
    """Take a channel's answer; `chance` lies in 0 to 1 and makes the back-off uneven."""
    channel = channel_of(ring, delivery)
    back = msgspec.structs.replace(delivery, in_hand=False, why=answer.why)
    if answer.verdict is Verdict.DELIVERED:
        reached = msgspec.structs.replace(
            back,
            reached=(*back.reached, channel),
            began=now,
            why="",
            receipts=_await_receipt(back, channel, answer, now),
        )
        return reached, [Event(type="sent", channel=channel)]
    if answer.verdict is Verdict.REFUSED:
        return msgspec.structs.replace(back, refused={**back.refused, channel: answer.why}), []
    pause = max(answer.wait, _pause(delivery.tries, chance))
    return msgspec.structs.replace(back, due=now + pause), []


def _await_receipt(
    delivery: Delivery, channel: str, answer: Answer, now: float
) -> dict[str, Receipt]:
    if not answer.receipt:
        return delivery.receipts
    before = delivery.receipts.get(channel)
    misses = before.misses if before else 0
    return {**delivery.receipts, channel: Receipt(id=answer.receipt, sent=now, misses=misses)}


def move(ring: Ring, delivery: Delivery, now: float, opens_at: OpensAt) -> Step:
    """Go on to the next channel where it is time, or give up; the same again where it is not."""
    if delivery.in_hand or delivery.at_rest or delivery.began > now:
        return delivery, []
    channel = channel_of(ring, delivery)
    if channel in delivery.reached:
        return _after_reaching(ring, delivery, now, opens_at)
    return _after_failing(ring, delivery, now, opens_at)


def _after_reaching(ring: Ring, delivery: Delivery, now: float, opens_at: OpensAt) -> Step:
    """Wait for an acknowledgement, then go on; who is only informed is told once."""
    if ring.concern is Concern.INFORMED:
        if delivery.awaits(now):
            return delivery, []
        return msgspec.structs.replace(delivery, at_rest=True), []
    if now < delivery.began + wait_of(ring):
        return delivery, []
    return _go_on(ring, delivery, now, opens_at)


def _after_failing(ring: Ring, delivery: Delivery, now: float, opens_at: OpensAt) -> Step:
    """Stay with a channel that may take it still, for as long as the ring waits for one."""
    channel = channel_of(ring, delivery)
    late = now >= delivery.began + wait_of(ring)
    hopeless = not channel or channel in {*delivery.refused, *delivery.missed}
    if not (late or hopeless or opens_at(ring, channel) > now):
        return delivery, []
    return _go_on(ring, delivery, now, opens_at)


def _go_on(ring: Ring, delivery: Delivery, now: float, opens_at: OpensAt) -> Step:
    left = [step for step in _following(ring, delivery) if _is_left(ring, delivery, step)]
    delivery, events = _tell_failure(ring, delivery)
    if left:
        # Of those that take something now the next one, and otherwise the first that will.
        opening = {step: max(now, opens_at(ring, ring.channels[step])) for step in left}
        due = {step: max(opening[step], _again_at(ring, delivery, step)) for step in left}
        step = min(left, key=due.__getitem__)
        delivery = _turn_to(ring, delivery, step, began=opening[step], due=due[step])
    elif not delivery.awaits(now):
        delivery = msgspec.structs.replace(delivery, at_rest=True)
    told = _tell_giving_up(ring, delivery, now)
    return (told, [*events, Event(type="given_up", why=told.why)]) if told else (delivery, events)


def _following(ring: Ring, delivery: Delivery) -> Iterator[int]:
    """Yield what is next: later channels, and, as long as nobody was reached, all over again."""
    yield from range(delivery.step + 1, len(ring.channels))
    if not delivery.reached:
        yield from range(min(delivery.step + 1, len(ring.channels)))


def _is_left(ring: Ring, delivery: Delivery, step: int) -> bool:
    channel = ring.channels[step]
    return channel not in delivery.refused and channel not in delivery.reached


def _again_at(ring: Ring, delivery: Delivery, step: int) -> float:
    """Return from when on a channel is tried again that nobody has heard; 0 for any other one."""
    receipt = delivery.receipts.get(ring.channels[step])
    return receipt.again_at if receipt and receipt.outcome in FAILED else 0.0


def _turn_to(ring: Ring, delivery: Delivery, step: int, *, began: float, due: float) -> Delivery:
    """Turn to a channel; one that is turned to again keeps its pause."""
    same = step == delivery.step
    return msgspec.structs.replace(
        delivery,
        step=step,
        began=began,
        missed=tuple(each for each in delivery.missed if each != ring.channels[step]),
        due=max(delivery.due, due) if same else due,
        tries=delivery.tries if same else 0,
        why=delivery.why if same else "",
    )


def _tell_failure(ring: Ring, delivery: Delivery) -> Step:
    """Tell of a channel that did not take it, once for each."""
    channel = channel_of(ring, delivery)
    why = delivery.refused.get(channel) or delivery.why
    if not why or channel in (*delivery.reached, *delivery.failed):
        return delivery, []
    told = msgspec.structs.replace(delivery, failed=(*delivery.failed, channel))
    return told, [Event(type="failed", channel=channel, why=why)]


def _tell_giving_up(ring: Ring, delivery: Delivery, now: float) -> Delivery | None:
    """Tell once that nobody was reached: no channel is left, or the chain's time is over."""
    over = delivery.at_rest or now >= start_of(ring) + wait_of(ring) * len(ring.channels)
    if delivery.reached or delivery.given_up or not over:
        return None
    return msgspec.structs.replace(delivery, given_up=True)


def is_over(delivery: Delivery) -> bool:
    """Tell whether nobody needs it any more.

    What pages show stays until its ticket ends: a bell of the console, and one that reached nobody.
    """
    kept = delivery.given_up or CONSOLE in delivery.reached
    return delivery.at_rest and not kept


def _pause(tries: int, chance: float) -> float:
    longest = min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** min(tries, 20))
    return max(SHORTEST_PAUSE, chance * longest)
