"""Who explains whom, and what an alarm takes with it when it goes out."""

from __future__ import annotations

from collections.abc import Iterator
from math import inf

import msgspec

from rules.silence.casebook import WAITING, Case, Casebook, Standing
from rules.silence.kinship import Circle, Kinship
from rules.silence.outcome import Folded, Outcome, Pass, Root


def find_explanation(case: Case, book: Casebook, kin: Kinship) -> Case | None:
    """Return the open alarm that explains a case.

    That is another alarm of the same device (a supply that has told of its lost mains before it
    died), the nearest one above it, or the one that stands for its circle.
    """
    mine = book.of((case.decision.subject,))
    own = (each for each in mine if not each.circle and each.key != case.key)
    above = book.of(kin.above(case.decision.subject))
    groups = (
        each
        for each in book.of_circles(kin.circles(case.decision.subject))
        if each.decision.fault == case.decision.fault
    )
    for each in (*own, *above, *groups):
        root = book.find(each.root) or each
        if root.standing is Standing.OPEN and root.key != case.key:
            return root
    return None


def find_explained(root: Case, book: Casebook, kin: Kinship) -> list[Case]:
    """Return the cases that an alarm explains: at and below its device, or its circle's."""
    subject = root.decision.subject
    if root.circle is None:
        found = book.of([subject, *kin.below(subject)])
    elif root.circle.relation == "upstream":
        found = book.of(kin.below(subject))
    else:
        found = _in_and_below(root.circle, root.decision.fault, book, kin)
    return [each for each in found if each.key != root.key]


def _in_and_below(circle: Circle, fault: str, book: Casebook, kin: Kinship) -> Iterator[Case]:
    members = [each for each in book.of(kin.members(circle)) if each.decision.fault == fault]
    yield from members
    silent = dict.fromkeys(each.decision.subject for each in members)
    below = {low: None for subject in silent for low in kin.below(subject) if low not in silent}
    yield from book.of(below)


def end_of_wait_above(case: Case, book: Casebook, kin: Kinship) -> float:
    """Return until when anything above a case still waits (epoch seconds; 0 when nothing does).

    What the hub itself does not hear is not waited for: that may last.
    """
    waiting = (each for each in book.of(kin.above(case.decision.subject)) if each.until != inf)
    return max((each.until for each in waiting if each.standing in WAITING), default=0.0)


def fold(case: Case, root: Case, book: Casebook, kin: Kinship) -> Folded:
    """Make a case a child of an open alarm."""
    case.standing, case.root, case.shown = Standing.FOLDED, root.key, True
    book.keep(case)
    label, name = kin.label(root.decision.subject), root.decision.name
    reason = {
        "zh": f"由“{label}”的“{name.get('zh', '')}”引起，并入该告警",
        "en": f"Explained by {label}: {name.get('en', '')}",
    }
    return Folded(decision=case.decision, into=root.key, reason=reason)


def take_in(case: Case, root: Case, book: Casebook, kin: Kinship) -> list[Outcome]:
    """Fold a case into what explains it, and with a member of a circle all that hangs on it."""
    below = book.of(kin.below(case.decision.subject)) if root.circle else ()
    others = [each for each in below if root.key not in {each.key, each.root}]
    return [fold(each, root, book, kin) for each in (case, *others)]


def let_out(case: Case, book: Casebook, kin: Kinship) -> list[Outcome]:
    """Give a case an alarm of its own, and fold everything into it that it explains."""
    case.standing, case.root, case.shown = Standing.OPEN, None, True
    children = find_explained(case, book, kin)
    subjects = dict.fromkeys(each.decision.subject for each in children if not each.circle)
    subjects.pop(case.decision.subject, None)
    case.decision = msgspec.structs.replace(case.decision, children=tuple(subjects))
    book.keep(case)
    first = Root(decision=case.decision) if case.circle else Pass(decision=case.decision)
    return [first, *(fold(child, case, book, kin) for child in children)]
