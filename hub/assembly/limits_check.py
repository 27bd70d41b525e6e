"""Checks that departments' limits come in the order in which their steps are taken."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise, product

from hub.config.toml_reader import TomlReader
from hub.model.alarm import Urgency
from hub.model.rung import DepartmentLimits
from hub.services.incidents.case_limit import pace_of

STEPS = ("sign", "arrive", "feed_back")


def check_limits(
    reader: TomlReader,
    limits: DepartmentLimits,
    spot: tuple[str | int, ...],
    every: Sequence[DepartmentLimits],
) -> None:
    """Add a problem where somebody of this table would have less time for a later step.

    What it leaves out comes from the other tables, and from what ships.
    """
    fault = next(_faults(limits, every), None)
    if fault:
        reader.add(fault, *spot, hint="write all three, in the order sign, arrive, feed_back")


def _faults(limits: DepartmentLimits, every: Sequence[DepartmentLimits]) -> Iterator[str]:
    for department, urgency in product(limits.departments or ("",), limits.urgencies or Urgency):
        pace = pace_of(every, department, urgency)
        for before, after in pairwise(STEPS):
            if getattr(pace, after) < getattr(pace, before):
                whom = f"{department or 'a department'}, {urgency}"
                yield f"{whom}: the limit of {after} is before that of {before}"
