"""The whole suite: which laws there are, and what a driver makes of each."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import NamedTuple

from device_drivers.conformance.behaviour import (
    reads_nothing_but_its_message,
    says_the_same_again,
    stands_hostile_input,
)
from device_drivers.conformance.laws import (
    guesses_as_its_samples_say,
    has_orders_that_may_be_said_twice,
    has_units_of_the_points,
    keeps_the_contract,
    refuses_what_it_must,
    says_what_its_samples_say,
)
from device_drivers.conformance.subject import Subject
from device_drivers.conformance.watch import TooLongError, limited

SECONDS = 20.0
"""Of the processor's time that all samples together may take for one law."""
Law = Callable[[Subject], Iterator[str]]
LAWS: tuple[Law, ...] = (
    keeps_the_contract,
    says_what_its_samples_say,
    refuses_what_it_must,
    guesses_as_its_samples_say,
    has_units_of_the_points,
    has_orders_that_may_be_said_twice,
    reads_nothing_but_its_message,
    says_the_same_again,
    stands_hostile_input,
)


class Verdict(NamedTuple):
    """How one law went: its name in words, and what breaks it."""

    law: str
    faults: tuple[str, ...]


def run_suite(subject: Subject) -> Iterator[Verdict]:
    """Yield the verdict of each law; a driver that fails outside of decode breaks that law."""
    for law in LAWS:
        name = law.__name__.replace("_", " ")
        try:
            with contextlib.nullcontext() if law is stands_hostile_input else limited(SECONDS):
                faults = tuple(law(subject))
        except TooLongError:
            faults = (f"it takes more than {SECONDS:g} s of the processor's time for its samples",)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - a finding, whatever it is
            faults = (f"it fails ({type(error).__name__}: {error})",)
        yield Verdict(name, faults)
