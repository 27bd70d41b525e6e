"""The laws of a driver, each a function that yields what breaks it: a sentence with its place."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from device_drivers.conformance.sample import Message
from device_drivers.conformance.subject import Subject
from device_drivers.conformance.telling import facts_of, tell
from device_drivers.extension import API
from device_drivers.extension_checks import RefusedDriver, check_maker, check_topics
from hub.errors import CommandRefusedError, ProtocolError
from hub.model.command import Command, CommandState
from hub.model.device import DeviceUid
from hub.model.kinds import find_core_point
from hub.ports import Driver

DATASHEET = ("Topics", "Liveness:", "Sample:", "Source:")
TWICE_IS_NOT_ONCE = frozenset({"toggle", "switch", "step", "next", "invert", "press"})
"""Orders that do something else the second time."""
_DEFAULTS = {"late": False, "quality": "good"}
_ALIKE = 1e-9


def keeps_the_contract(subject: Subject) -> Iterator[str]:
    """It is a class of this contract, with topics of its own and a datasheet for a docstring."""
    if not subject.is_foreign:
        return
    try:
        check_maker(subject.maker, subject.name, API)
        check_topics(getattr(subject.maker, "topics", None))
    except RefusedDriver as error:
        yield f"it {error}"
    missing = [word for word in DATASHEET if word not in subject.datasheet]
    if missing:
        yield (
            f"the docstring of {subject.maker.__module__} is its datasheet and says nothing of "
            f"{', '.join(word.rstrip(':') for word in missing)}; begin those words so"
        )


def says_what_its_samples_say(subject: Subject) -> Iterator[str]:
    """Each sample decodes to its facts."""
    told = [each for each in subject.messages if each.sample.facts is not None]
    if not told:
        yield "it has no sample with facts; write a first one into fixtures/"
    for message in told:
        try:
            facts = list(_facts(subject, subject.make(), message))
        except ProtocolError as error:
            yield f"{message.place} is refused: {error}"
        except Exception as error:  # noqa: BLE001 - a finding, whatever it is
            yield f"{message.place} makes it fail ({type(error).__name__}: {error})"
        else:
            yield from _compare(message, facts)


def _facts(subject: Subject, driver: Driver, message: Message) -> Iterator[dict[str, Any]]:
    model, sample = subject.model_of(message), message.sample
    for device, reports in tell(driver, message.envelope, subject.models, model, sample.models):
        for report in reports:
            for fact in facts_of(report, subject.models[device.model]):
                yield {**fact, "of": device.address}


def _compare(message: Message, facts: list[dict[str, Any]]) -> Iterator[str]:
    wanted = message.sample.facts or []
    if len(facts) != len(wanted):
        said = ", ".join(_short(fact) for fact in facts) or "nothing"
        yield f"{message.place} says {len(facts)} facts instead of {len(wanted)}: {said}"
        return
    for fact, want in zip(facts, wanted, strict=True):
        full = {**{key: value for key, value in _DEFAULTS.items() if key in fact}, **want}
        for key, value in full.items():
            if not _is_alike(fact.get(key), value):
                yield (
                    f"{message.place}: {_short(fact)} has {key} {fact.get(key)!r} instead of "
                    f"{value!r}"
                )


def _short(fact: dict[str, Any]) -> str:
    word = next(key for key in ("reading", "event", "online", "ack") if key in fact)
    value = f" {fact['value']!r}" if "value" in fact else ""
    return f"{word} {fact[word]}{value}"


def _is_alike(said: object, wanted: object) -> bool:
    numbers = [each for each in (said, wanted) if isinstance(each, int | float)]
    if len(numbers) == 2 and not any(isinstance(each, bool) for each in numbers):
        return abs(numbers[0] - numbers[1]) <= _ALIKE * max(1.0, abs(numbers[1]))
    return said == wanted and isinstance(said, bool) == isinstance(wanted, bool)


def refuses_what_it_must(subject: Subject) -> Iterator[str]:
    """Each sample that must be refused is, by a ProtocolError with a reason."""
    refused = [each for each in subject.messages if each.sample.refused]
    if not refused:
        yield 'it has no sample that must be refused; write one with "refused": "the reason"'
    for message in refused:
        try:
            facts = list(_facts(subject, subject.make(), message))
        except ProtocolError as error:
            wanted = message.sample.refused
            if not re.search(wanted, str(error)):
                yield f"{message.place}: the reason {str(error)!r} is not {wanted!r}"
        except Exception as error:  # noqa: BLE001 - a finding, whatever it is
            yield (
                f"{message.place} raises {type(error).__name__} ({error}); raise ProtocolError "
                "with a sentence"
            )
        else:
            said = ", ".join(_short(fact) for fact in facts) or "nothing"
            yield f"{message.place} must be refused, and says {said}"


def guesses_as_its_samples_say(subject: Subject) -> Iterator[str]:
    """Each stranger of a sample comes with the guess that it names."""
    for message in subject.messages:
        if message.sample.newcomers:
            driver: Any = subject.make()
            found = {p.address: driver.guess(p.envelope) for p in driver.split(message.envelope)}
            if found != message.sample.newcomers:
                yield f"{message.place}: the guesses are {found}"


def has_units_of_the_points(subject: Subject) -> Iterator[str]:
    """A core point of a kind has its type and unit from the table of points, in every model."""
    for model in subject.own:
        for name, spec in model.points.items():
            core = find_core_point(model.kind, name)
            if core is not None and (spec.unit, spec.type) != (core.unit, core.type):
                yield (
                    f"model {model.id}: {name} is a {spec.type} in {spec.unit or 'no unit'}, but "
                    f"as a core point of {model.kind} a {core.type} in {core.unit or 'no unit'}; "
                    "convert the value by `scale`, and leave the point's braces empty"
                )


def has_orders_that_may_be_said_twice(subject: Subject) -> Iterator[str]:
    """An order says what shall be, names its id and expiry, and is the same bytes each time."""
    words = sorted({word for model in subject.own for word in model.commands})
    yield from (
        f"the order {word!r} does another thing the second time; name what shall be (open, close)"
        for word in words
        if word in TWICE_IS_NOT_ONCE
    )
    encode = subject.encode
    carried = {order.do for model in subject.own for order in model.orders}
    if encode is None and (left := [word for word in words if word not in carried]):
        yield f"its models take orders ({', '.join(left)}), and it has no encode_command"
    if encode is None:
        return
    for word in words or ["open"]:
        try:
            once, twice = encode(_order(word)), encode(_order(word))
        except CommandRefusedError:
            continue
        if once != twice:
            yield f"the order {word!r} becomes {once!r:.80} and then {twice!r:.80}"
        if "c-0001" not in str(once):
            yield f"the order {word!r} has lost its id: a device cannot tell a repetition"


def _order(word: str) -> Command:
    return Command(
        id="c-0001",
        uid=DeviceUid("d_1"),
        device="device-1",
        do=word,
        actor="somebody",
        reason="",
        issued=1_764_000_000.0,
        expires=1_764_000_005.0,
        state=CommandState.AUTHORISED,
        history=(),
    )
