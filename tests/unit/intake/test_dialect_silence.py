"""What silent means in each dialect, for each of its models: the datasheets' words, tried."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

import msgspec
import pytest

from device_drivers.conformance.subject import Subject
from device_drivers.conformance.telling import tell
from hub.assembly.dialects import speak_shipped
from hub.commands.driver_trial import find_subjects
from hub.errors import ProtocolError
from hub.intake.presence import Presence
from hub.model.report import Report, Topic
from hub.ports import Envelope
from tests.support.shipped import MODELS

SLEEPS = 21_600.0
"""The heartbeat in seconds from which on a device sleeps between its words."""


class Sign(NamedTuple):
    """What a sample says of a device's being there, and the report itself."""

    online: bool
    report: Report


@cache
def subject(dialect: str) -> Subject:
    (found,) = find_subjects(dialect)
    return found


def signs(dialect: str, model: str) -> Iterator[Sign]:
    """Yield what the dialect's samples say of a device of a model, whichever model they are of."""
    own = subject(dialect)
    driver = own.make()
    for message in own.messages:
        live = msgspec.structs.replace(message.envelope, retained=False)
        for report in _reports(own, driver, live, model):
            yield Sign(report.online is not False, report)


def _reports(own: Subject, driver: object, envelope: Envelope, model: str) -> list[Report]:
    try:
        told = tell(driver, envelope, own.models, model)  # type: ignore[arg-type]
        return [
            msgspec.structs.replace(report, uid="d_1") for _, reports in told for report in reports
        ]
    except ProtocolError:
        return []


def heard(report: Report, at: float) -> Presence:
    presence = Presence([])
    presence.see("x", 0.0)
    presence.hear(msgspec.structs.replace(report, received=at))
    return presence


WITH_MODELS = [name for name in speak_shipped({}) if name != "homeassistant"]


@pytest.mark.parametrize("dialect", WITH_MODELS)
def test_a_model_is_silent_after_three_of_its_own_heartbeats_and_not_before(dialect: str) -> None:
    models = [model for model in MODELS.values() if model.driver == dialect]
    assert models
    for model in models:
        word = next(sign.report for sign in signs(dialect, model.id) if sign.online)
        presence = heard(word, 0.0)
        rhythms = {"d_1": ("x", model.heartbeat)}
        assert presence.overdue(3 * model.heartbeat, rhythms) == [], model.id
        assert presence.overdue(3 * model.heartbeat + 1, rhythms) == ["d_1"], model.id


@pytest.mark.parametrize("dialect", WITH_MODELS)
def test_a_will_soon_after_a_word_is_late_and_takes_nobody_unless_its_server_judges(
    dialect: str,
) -> None:
    """A will without a boot is doubted; a word of whoever looks after a device counts at once."""
    for model in (each for each in MODELS.values() if each.driver == dialect):
        for sign in signs(dialect, model.id):
            if sign.online:
                continue
            will = msgspec.structs.replace(sign.report, received=1.0)
            word = next(each.report for each in signs(dialect, model.id) if each.online)
            is_late = heard(word, 0.0).is_late_will(will)
            named = will.boot or not will.grace
            assert is_late != bool(named), (model.id, will)


WILLS = {"lingdang", "tasmota", "zigbee2mqtt", "shelly", "thingsboard-gateway", "frigate"}
"""Dialects in which somebody says that a device is gone. The others fall silent."""


def test_who_has_a_will_is_known() -> None:
    said = {
        dialect
        for dialect in WITH_MODELS
        for model in MODELS.values()
        if model.driver == dialect and any(not sign.online for sign in signs(dialect, model.id))
    }
    assert said == WILLS


def test_a_sensor_that_sleeps_is_not_gone_because_it_hangs_up() -> None:
    sleepers = [model for model in MODELS.values() if model.heartbeat >= SLEEPS]
    assert {model.driver for model in sleepers} >= {"shelly", "zigbee2mqtt", "cjt188"}
    hung_up = Envelope(link="x", address="ht-1/online", payload=b"false", received=1.0)
    for model in (each for each in sleepers if each.driver == "shelly"):
        driver = subject("shelly").make()
        assert next(tell(driver, hung_up, MODELS, model.id)).reports == ()
    awake = next(m for m in MODELS.values() if m.driver == "shelly" and m.heartbeat < SLEEPS)
    (told,) = tell(subject("shelly").make(), hung_up, MODELS, awake.id)
    assert told.reports[0].topic is Topic.AVAIL
    assert told.reports[0].online is False
