"""When an explanation ends: those that it explained get a grace, and circles are counted again."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from hub.model.alarm import Action
from rules.silence.casebook import WAITING, Case, Casebook, Key, Standing
from rules.silence.common_cause import still_common
from rules.silence.explanation import find_explained, find_explanation
from rules.silence.kinship import Kinship
from rules.silence.outcome import BACK_BEFORE, CARRIER_BACK, CIRCLE_BACK, Held, Outcome, Pass

GRACE_TIME = 120.0
"""Seconds that a device gets to come back after what explained it has recovered."""


def give_grace(root: Case, book: Casebook, kin: Kinship, now: float) -> Iterator[Outcome]:
    """Give what waits below `root`, or was folded into it, time to come back by itself."""
    reason = CARRIER_BACK if root.shown else BACK_BEFORE
    folded = book.under(root.key) if root.standing is Standing.OPEN else []
    for case in {each.key: each for each in (*find_explained(root, book, kin), *folded)}.values():
        waits = case.standing in WAITING and case.decision.subject != root.decision.subject
        if case.root != root.key and not waits:
            continue
        if case.circle:  # its members are explained by `root` themselves
            yield _end(case, book, now)
            continue
        book.let_wait(case, Standing.GRACE, now + GRACE_TIME)
        yield Held(decision=case.decision, until=case.until, reason=reason)


def release_below(case: Case, book: Casebook, kin: Kinship, now: float) -> Iterator[Outcome]:
    """Give those a grace who hung on a circle's alarm by this device alone, which is back."""
    root = book.find(case.root)
    if root is None or root.circle is None:
        return
    for each in book.of(kin.below(case.decision.subject)):
        if each.root == root.key and find_explanation(each, book, kin) is None:
            book.let_wait(each, Standing.GRACE, now + GRACE_TIME)
            yield Held(decision=each.decision, until=each.until, reason=CARRIER_BACK)


def count_again(key: Key | None, book: Casebook, kin: Kinship, now: float) -> Iterator[Outcome]:
    """End the alarm of a circle when too few of its members are still silent."""
    root = book.find(key)
    if root is not None and root.circle and not still_common(root, book, kin):
        yield _end(root, book, now)
        yield from give_grace(root, book, kin, now)


def _end(case: Case, book: Casebook, now: float) -> Pass:
    book.drop(case)
    ended = msgspec.structs.replace(
        case.decision, action=Action.CLEAR, at=now, reason=CIRCLE_BACK, children=()
    )
    return Pass(decision=ended)
