"""The laws that need a driver to run more than once: purity, and whatever hostile input does."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from device_drivers.conformance.hostile import damage
from device_drivers.conformance.sample import Message
from device_drivers.conformance.source import faults_of
from device_drivers.conformance.subject import ADDRESS, Subject
from device_drivers.conformance.telling import Told, parts_of, tell
from device_drivers.conformance.watch import TooLongError, TouchedError, limited, watched
from device_drivers.soundness import Soundness
from hub.errors import ProtocolError
from hub.ports import EVERYBODY, Driver, Envelope, Guesser

SECONDS = 2.0
"""Of the processor's time that one message may take, with a wide margin."""
TOO_LONG = f"it takes more than {SECONDS:g} s of the processor's time"
FINDINGS = 3
"""Of hostile input that are told; the first ones say it all."""


def reads_nothing_but_its_message(subject: Subject) -> Iterator[str]:
    """Its source asks no clock and opens nothing, and neither does it while it runs."""
    for name, text in subject.sources.items():
        yield from faults_of(name, text)
    driver = subject.make()
    for message in subject.messages:
        _say(subject, driver, message)  # what Python loads at the first use is no finding
        try:
            with watched():
                _say(subject, driver, message)
        except TouchedError as error:
            yield f"{message.place} makes it reach out of its message: {error}"


def says_the_same_again(subject: Subject) -> Iterator[str]:
    """A message says the same again, to a new driver as well, and whatever came before it."""
    driver = subject.make()
    models = msgspec.json.encode(subject.models)
    first = [_say(subject, driver, message) for message in subject.messages]
    again = [_say(subject, driver, message) for message in subject.messages]
    backwards = [_say(subject, driver, message) for message in reversed(subject.messages)][::-1]
    new = [_say(subject, subject.make(), message) for message in subject.messages]
    for message, *said in zip(subject.messages, first, again, backwards, new, strict=True):
        if len(set(said)) > 1:
            one, other = said[0], next(each for each in said if each != said[0])
            yield (
                f"{message.place} says two things, so something is kept or left to chance: "
                f"{_differ(one, other)}"
            )
    if msgspec.json.encode(subject.models) != models:
        yield "it changes the models that it is handed; they are everybody's"


def _say(subject: Subject, driver: Driver, message: Message) -> str:
    """Return all that a message says as text, or that it is refused."""
    try:
        told = tell(
            driver,
            message.envelope,
            subject.models,
            subject.model_of(message),
            message.sample.models,
        )
        return "\n".join(repr(reports) for _, reports in told)
    except Exception as error:  # noqa: BLE001 - other laws say what is wrong with that
        return f"{type(error).__name__}: {error}"


def _differ(one: str, other: str) -> str:
    at = next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), 0)
    start = max(0, at - 30)
    return f"…{one[start : at + 40]}… and …{other[start : at + 40]}…"


def stands_hostile_input(subject: Subject) -> Iterator[str]:
    """Damaged, huge and strange messages are refused or sound, each within its time."""
    envelopes = [message.envelope for message in subject.messages]
    if not envelopes:
        return
    driver, soundness = subject.make(), Soundness(subject.models)
    models = [model.id for model in subject.own] or list(subject.models)[:1]
    topics = any(message.sample.topic for message in subject.messages)
    seen = set[str]()
    for number, envelope in enumerate(damage(envelopes, topics=topics)):
        fault = _try(subject, driver, soundness, envelope, models[number % len(models)])
        if fault and fault.split(":")[0] not in seen:
            seen.add(fault.split(":")[0])
            yield f"{_quote(envelope)}: {fault}"
        if len(seen) == FINDINGS or fault == TOO_LONG:
            return


def _try(
    subject: Subject, driver: Driver, soundness: Soundness, envelope: Envelope, model: str
) -> str:
    """Return what is wrong with how one message was taken; empty where nothing is."""
    try:
        with watched(), limited(SECONDS):
            return _endure(subject, driver, soundness, envelope, model)
    except ProtocolError as error:
        return "" if str(error) else "it raises ProtocolError without a reason"
    except TooLongError:
        return TOO_LONG
    except TouchedError as error:
        return f"it reaches out of its message: {error}"
    except (Exception, SystemExit) as error:  # noqa: BLE001 - a finding, whatever it is
        return f"{type(error).__name__}: {error}; raise ProtocolError with a sentence"


def _endure(
    subject: Subject, driver: Driver, soundness: Soundness, envelope: Envelope, model: str
) -> str:
    for part in parts_of(driver, envelope):
        if part.address != EVERYBODY and not ADDRESS.fullmatch(part.address):
            return f"no address that the books can hold: {part.address!r:.60}; use address_of()"
        if isinstance(driver, Guesser) and not isinstance(driver.guess(part.envelope), str):
            return "its guess is no text"
    for told in tell(driver, envelope, subject.models, model):
        fault = _unsound(told, soundness)
        if fault:
            return fault
    return ""


def _unsound(told: Told, soundness: Soundness) -> str:
    reports: object = told.reports
    if not isinstance(reports, list | tuple):
        return f"decode returned {type(reports).__name__}, not a list of reports"
    faults = (soundness.fault_of(report, told.device) for report in reports)
    return next(filter(None, faults), "")


def _quote(envelope: Envelope) -> str:
    payload = envelope.payload
    size = f" ({len(payload)} bytes)" if isinstance(payload, bytes) else ""
    kept = ", retained" if envelope.retained else ""
    return f"{envelope.address!r:.60}{kept} {payload!r:.60}{size}"
