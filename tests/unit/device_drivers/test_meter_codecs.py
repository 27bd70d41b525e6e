"""Frames of meter standards, against published samples and against noise."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device_drivers.codecs import cjt188, digits, dlt645
from hub.errors import ProtocolError

FIXTURES = Path(__file__).parents[2] / "fixtures" / "meters"
noise = st.binary(max_size=60)


def rows(name: str) -> list[Any]:
    return json.loads((FIXTURES / f"{name}_frames.json").read_text(encoding="utf-8"))


def named(name: str) -> list[Any]:
    return [pytest.param(row, id=row["name"]) for row in rows(name)]


@pytest.mark.parametrize("row", named("dlt645"))
def test_a_published_frame_of_an_electricity_meter_reads_as_it_should(row: dict[str, Any]) -> None:
    raw = bytes.fromhex(row["hex"])
    if not row["cs_ok"]:
        with pytest.raises(ProtocolError, match=f"{row['cs_in_frame']}.*{row['cs_correct']}"):
            dlt645.frames(raw)
        return
    (frame,) = dlt645.frames(raw)
    assert (frame.address, f"{frame.control:02X}") == (row["addr"], row["ctrl"])
    assert frame.data.hex().upper() == row["data_minus33"]
    assert frame.di == row.get("di", row.get("decoded", {}).get("di", frame.di))
    assert dlt645.encode(frame.address, frame.control, frame.data) == raw.lstrip(b"\xfe")


@pytest.mark.parametrize("row", named("cjt188"))
def test_a_published_frame_of_a_water_meter_reads_as_it_should(row: dict[str, Any]) -> None:
    raw = bytes.fromhex(row["hex"])
    if not row["cs_ok"]:
        with pytest.raises(ProtocolError, match=f"{row['cs_in_frame']}.*{row['cs_correct']}"):
            cjt188.frames(raw)
        return
    (frame,) = cjt188.frames(raw)
    assert (f"{frame.medium:X}", frame.address) == (row["type"], row["addr"])
    assert f"{frame.control:02X}" == row["ctrl"]
    assert frame.data.hex().upper() == row["data"]
    assert frame.di == row.get("di", frame.di)[:4]
    again = cjt188.encode(frame.medium, frame.address, frame.control, frame.data)
    assert raw.endswith(again)


def test_questions_are_the_published_ones() -> None:
    asked = {row["name"]: row["hex"] for row in (*rows("dlt645"), *rows("cjt188"))}
    question = dlt645.ask("123456789012", "00010000")
    assert question.hex().upper() == asked["read energy"]
    following = dlt645.ask("123456789012", "03300001", 1)
    assert following.hex().upper() == asked["read follow frame"]
    assert dlt645.ask("138000130754", "9010").hex().upper() == asked["1997 read 9010"]
    old = cjt188.ask(0x10, "A" * 14, "901F", 1, low_first=False)
    assert old.hex().upper() == asked["wildcard read 901F (2004 DI order)"]
    new = cjt188.ask(0x10, "78330011223344", "901F", 0, low_first=True)
    assert asked["read 901F, 2018 DI order"].endswith(new.hex().upper())


@given(before=noise, between=noise, after=noise)
def test_frames_are_found_in_noise_that_looks_like_beginnings(
    before: bytes, between: bytes, after: bytes
) -> None:
    one = dlt645.encode("123456789012", 0x91, bytes.fromhex("00000100") + b"\x68\x16\x35\x68")
    two = dlt645.encode("000000000161", 0xD1, b"\x02")
    found = dlt645.frames(before + one + between + two + after)
    assert {("123456789012", 0x91), ("000000000161", 0xD1)} <= {
        (f.address, f.control) for f in found
    }


@given(raw=st.binary(max_size=300))
def test_no_bytes_make_a_codec_fail_in_another_way_than_by_a_sentence(raw: bytes) -> None:
    for codec in (dlt645, cjt188):
        with contextlib.suppress(ProtocolError):
            assert codec.frames(raw)


@pytest.mark.parametrize(
    ("raw", "form", "signed", "number"),
    [
        ("56341200", "XXXXXX.XX", False, 1234.56),
        ("0923", "XXX.X", False, 230.9),
        ("341282", "XX.XXXX", True, -2.1234),
        ("341202", "XX.XXXX", True, 2.1234),
        ("0080", "X.XXX", True, 0.0),
        ("9999", "XXXX", False, 9999),
    ],
)
def test_digits_are_numbers(raw: str, form: str, signed: bool, number: float) -> None:
    assert digits.decode(bytes.fromhex(raw), form, signed=signed) == number
    if number:
        assert digits.encode(number, form, signed=signed).hex() == raw


@given(number=st.integers(-79_999_999, 79_999_999))
def test_a_number_comes_back_as_it_was_written(number: int) -> None:
    raw = digits.encode(number / 100, "XXXXXX.XX", signed=True)
    assert digits.decode(raw, "XXXXXX.XX", signed=True) == number / 100


def test_what_is_no_digit_is_refused_and_what_does_not_fit_too() -> None:
    with pytest.raises(ProtocolError, match="0x1a is no binary-coded decimal"):
        digits.decode(b"\x1a", "XX")
    for number, signed in ((100, False), (-1, False), (80, True)):
        with pytest.raises(ValueError, match="does not fit"):
            digits.encode(number, "XX", signed=signed)


def test_an_address_that_is_half_known_stands_for_any_meter() -> None:
    assert dlt645.is_same("AAAAAA000161", "123456000161")
    assert not dlt645.is_same("AAAAAA000161", "123456000162")
    assert not dlt645.is_same("161", "123456000161")
