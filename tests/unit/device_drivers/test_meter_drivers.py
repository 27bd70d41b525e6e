"""Polls of meters to readings: what is said, what is refused, what is nobody's."""

from __future__ import annotations

import pytest

from device_drivers.catalogue import load_models, shipped_models
from device_drivers.codecs import cjt188, digits, dlt645
from device_drivers.dialects.cjt188 import Cjt188Driver
from device_drivers.dialects.dlt645 import Dlt645Driver
from hub.errors import ProtocolError
from hub.model.device import Device, DeviceUid
from hub.model.report import Quality, Sample
from hub.ports import Envelope, Registers

MODELS = load_models(shipped_models())
POWER, WATER = "123456789012", "78330011223344"
LONG = "1F9000007766552C007766552C310122110515202184"


def samples_of(payload: bytes, model: str, address: str = "") -> dict[str, Sample]:
    driver = (Dlt645Driver if model.startswith("dlt645") else Cjt188Driver)(MODELS)
    device = Device(
        uid=DeviceUid("d_1"),
        id="meter-1",
        address=address or (POWER if model.startswith("dlt645") else WATER),
        kind=MODELS[model].kind,
        model=model,
        place="guanshan",
    )
    envelope = Envelope(link="line", address=device.address, payload=payload, received=1e9)
    reports = driver.decode(envelope, device)
    return {sample.point: sample for report in reports for sample in report.samples}


def said(payload: bytes, model: str) -> dict[str, object]:
    return {p: s.value for p, s in samples_of(payload, model).items() if p != "link.refusal"}


def answer(di: str, body: bytes, control: int = 0x91, address: str = POWER) -> bytes:
    return dlt645.encode(address, control, bytes.fromhex(di)[::-1] + body)


def refusal(di: str) -> bytes:
    return dlt645.ask(POWER, di) + dlt645.encode(POWER, 0xD1, b"\x02")


def water(data: str, *, control: int = 0x81, address: str = WATER) -> bytes:
    return cjt188.encode(0x10, address, control, bytes.fromhex(data))


def test_blocks_hold_one_value_a_phase() -> None:
    volts = b"".join(digits.encode(v, "XXX.X") for v in (230.1, 231.2, 229.9))
    amps = b"".join(digits.encode(a, "XXX.XXX", signed=True) for a in (1.5, -2.25, 0))
    payload = answer("0201FF00", volts) + answer("0202FF00", amps)
    assert said(payload, "dlt645-2007") == {
        "voltage.a": 230.1, "voltage.b": 231.2, "voltage.c": 229.9,
        "current.a": 1.5, "current.b": -2.25, "current.c": 0.0,
    }  # fmt: skip


def test_a_refused_block_gives_way_to_single_values() -> None:
    payload = refusal("0201FF00") + answer("02010100", digits.encode(230.1, "XXX.X"))
    got = samples_of(payload, "dlt645-2007")
    assert got["voltage.a"].value == 230.1
    assert got["voltage.b"] == Sample("voltage.b", None, Quality.BAD)
    assert got["link.refusal"].value == 0


def test_a_meter_that_refuses_everything_lives_and_gives_nothing() -> None:
    got = samples_of(refusal("00010000"), "dlt645-2007")
    assert got["energy.import"].quality is Quality.BAD
    assert got["link.refusal"].value == dlt645.NO_SUCH_DATA


def test_status_words_are_flags() -> None:
    words = bytes.fromhex("0400000010008100000000002100")
    got = said(answer("040005FF", words), "dlt645-2007")
    raised = {point for point, value in got.items() if value}
    assert raised == {
        "status.battery_low", "status.relay_open", "status.phase_loss_a",
        "status.voltage_loss_a", "status.phase_sequence", "status.power_down",
    }  # fmt: skip
    assert got["status.phase_loss_b"] is False


@pytest.mark.parametrize("body", ["ffffffff", "eeeeeeee", "1a341200", "5634", ""])
def test_what_is_no_number_is_bad_and_never_zero(body: str) -> None:
    payload = answer("00010000", bytes.fromhex(body))
    assert samples_of(payload, "dlt645-2007")["energy.import"].value is None


def test_what_follows_is_put_together() -> None:
    volts = b"".join(digits.encode(v, "XXX.X") for v in (230.1, 231.2, 229.9))
    first = answer("0201FF00", volts[:3], 0xB1)
    last = answer("0201FF00", volts[3:] + b"\x01", 0x92)
    got = said(first + dlt645.ask(POWER, "0201FF00", 1) + last, "dlt645-2007")
    assert got == {"voltage.a": 230.1, "voltage.b": 231.2, "voltage.c": 229.9}


def test_frames_of_others_count_for_nothing() -> None:
    mine = answer("00010000", digits.encode(5.0, "XXXXXX.XX"))
    other = answer("00010000", digits.encode(9.0, "XXXXXX.XX"), address="999999999999")
    assert said(other + mine + other, "dlt645-2007") == {"energy.import": 5.0}
    with pytest.raises(ProtocolError, match="no frame is of meter 123456789012"):
        samples_of(other, "dlt645-2007")


def test_the_edition_of_1997_has_identifiers_of_two_bytes() -> None:
    energy = dlt645.encode(POWER, 0x81, b"\x10\x90" + digits.encode(1234.56, "XXXXXX.XX"))
    volts = dlt645.encode(POWER, 0x81, b"\x11\xb6" + bytes.fromhex("2002"))
    got = said(energy + volts, "dlt645-1997")
    assert got == {"energy.import": 1234.56, "voltage.a": 220}


def test_a_long_answer_of_a_water_meter_has_total_valve_and_battery() -> None:
    got = said(water(LONG), "cjt188-water")
    assert got == {"volume.total": 556677.0, "valve.position": "closed", "battery.ok": True}


@pytest.mark.parametrize("order", ["901F", "1F90"])
def test_a_short_answer_has_the_same_in_either_order(order: str) -> None:
    got = said(water(order + "01" + "21436500" + "04FF"), "cjt188-water")
    assert got == {"volume.total": 6543.21, "valve.position": "open", "battery.ok": False}


def test_litres_become_cubic_metres_and_what_is_no_volume_is_bad() -> None:
    assert said(water(LONG.replace("2C", "29", 1)), "cjt188-water")["volume.total"] == 556.677
    assert said(water(LONG.replace("2C", "05", 1)), "cjt188-water")["volume.total"] is None


def test_a_water_meter_that_refuses_gives_bad_values_and_its_error() -> None:
    got = samples_of(water("1F900001", control=0xC1), "cjt188-water")
    assert got["volume.total"].quality is Quality.BAD
    assert got["link.refusal"].value == 1


def test_a_question_alone_says_nothing() -> None:
    assert samples_of(dlt645.ask(POWER, "00010000"), "dlt645-2007") == {}
    question = cjt188.ask(0x10, WATER, "901F", 1, low_first=True)
    assert samples_of(question, "cjt188-water") == {}


@pytest.mark.parametrize("driver", [Dlt645Driver, Cjt188Driver])
def test_registers_are_no_frames(driver: type[Dlt645Driver | Cjt188Driver]) -> None:
    registers = (Registers(function=3, start=0, words=(1,)),)
    envelope = Envelope(link="line", address="1", payload=registers, received=0)
    device = Device(
        uid=DeviceUid("d"), id="m", address="1", kind=MODELS["cjt188-water"].kind,
        model="cjt188-water", place="p",
    )  # fmt: skip
    with pytest.raises(ProtocolError, match="must be bytes"):
        driver(MODELS).decode(envelope, device)
