"""Hands lines to the store in requests of a bounded size, and finds those that it will not take."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from hub.store.sink.receiver import Answer, Receiver, Verdict

POINTS = 5_000
"""Lines in one request; InfluxDB's own advice."""

NOT_OURS = (
    "it refuses even a line that is surely right ({why}), so it is hardly a time-series store:"
    " look at [influx] url"
)


class Delivery(msgspec.Struct):
    """What became of some lines; with `later` set nothing counts, and all are offered again."""

    sent: int = 0
    refused: int = 0
    last_refused: str = ""
    why: str = ""
    later: Answer | None = None


async def deliver(lines: Sequence[str], receiver: Receiver, probe: str) -> Delivery:
    """Offer all lines, in order; what is refused is halved until the bad lines stand alone.

    A line is refused only by a store that takes others: while it has taken none, it is asked for
    `probe`, a line that is surely right. Otherwise a wrong address that answers 400 to everything
    (a web server, a proxy) would swallow all readings.
    """
    outcome = Delivery()
    waiting = [lines[at : at + POINTS] for at in range(0, len(lines), POINTS)][::-1]
    while waiting and outcome.later is None:
        part = waiting.pop()
        answer = await receiver.send(part)
        if answer.verdict is Verdict.REFUSED and len(part) > 1:
            middle = len(part) // 2
            waiting += [part[middle:], part[:middle]]
        elif answer.verdict is Verdict.REFUSED:
            await _refuse(outcome, part[0], answer, receiver, probe)
        else:
            _note(outcome, answer, len(part))
    return outcome


def _note(outcome: Delivery, answer: Answer, number: int) -> None:
    if answer.verdict is Verdict.TAKEN:
        outcome.sent += number
    else:
        outcome.later = answer


async def _refuse(
    outcome: Delivery, line: str, answer: Answer, receiver: Receiver, probe: str
) -> None:
    if not outcome.sent and not outcome.refused:
        proof = await receiver.send([probe])
        if proof.verdict is not Verdict.TAKEN:
            outcome.later = _doubt(proof)
            return
    outcome.refused += 1
    outcome.last_refused, outcome.why = line, answer.why


def _doubt(proof: Answer) -> Answer:
    if proof.verdict is Verdict.LATER:
        return proof
    return Answer(verdict=Verdict.LATER, why=NOT_OURS.format(why=proof.why))
