"""The PyPI package `dlt645` says what frames and fields of DL/T 645-2007 look like."""

from __future__ import annotations

import pytest
from dlt645.common.transform import bcd_to_float, float_to_bcd
from dlt645.model.data.define import DIMap
from dlt645.protocol.protocol import DLT645Protocol as Oracle
from hypothesis import given
from hypothesis import strategies as st
from loguru import logger

from device_drivers.codecs import digits, dlt645
from hub.errors import ProtocolError
from tests.support.shipped import MODELS

logger.disable("dlt645")
NUMBERS = st.text("0123456789", min_size=12, max_size=12)
DATA = st.binary(max_size=200)
CODES = st.integers(0, 255)
FORMATS = ("XXXXXX.XX", "XXX.X", "XXX.XXX", "XX.XXXX", "X.XXX", "XX.XX")


@given(NUMBERS, CODES, DATA, st.integers(0, 4))
def test_a_frame_is_the_same_bytes_and_means_the_same(
    number: str, control: int, data: bytes, awake: int
) -> None:
    address = bytes.fromhex(number)[::-1]
    theirs = bytes(Oracle.build_frame(address, control, data, awake))
    assert theirs == b"\xfe" * awake + dlt645.encode(number, control, data)
    (frame,) = dlt645.frames(theirs)
    parsed = Oracle.deserialize(theirs)
    assert parsed is not None
    assert (frame.address, frame.control, frame.data) == (number, control, data)
    assert (parsed.addr, parsed.ctrl_code, parsed.data) == (address, control, data)


@given(NUMBERS, DATA, st.data())
def test_a_frame_that_is_damaged_is_one_for_neither(
    number: str, data: bytes, draw: st.DataObject
) -> None:
    whole = bytearray(dlt645.encode(number, 0x91, data))
    whole[draw.draw(st.integers(0, len(whole) - 1))] ^= draw.draw(st.integers(1, 255))
    ours = dlt645.take(bytes(whole))
    _, theirs = Oracle.deserialize_with_remaining(bytes(whole))
    assert (ours is None) == (theirs is None)


@given(st.lists(st.tuples(NUMBERS, DATA), min_size=1, max_size=3), st.binary(max_size=20))
def test_a_stream_is_cut_at_the_same_places(said: list[tuple[str, bytes]], noise: bytes) -> None:
    noise = noise.replace(b"\x68", b"\x00")
    raw = noise + b"".join(b"\xfe" + dlt645.encode(number, 0x91, data) for number, data in said)
    theirs, rest = [], raw
    while True:
        rest, frame = Oracle.deserialize_with_remaining(rest)
        if frame is None:
            break
        theirs.append((frame.addr[::-1].hex(), frame.data))
    assert [(frame.address, frame.data) for frame in dlt645.frames(raw)] == theirs


@given(st.sampled_from(FORMATS), st.data())
def test_a_field_is_the_same_number(form: str, draw: st.DataObject) -> None:
    count, behind = form.count("X"), len(form.partition(".")[2])
    number = draw.draw(st.integers(0, 10**count - 1)) / 10**behind
    raw = digits.encode(number, form)
    assert digits.decode(raw, form) == number
    # Of two signs theirs takes the highest bit: the numbers in which it is set are signed there.
    if not raw[-1] & digits.SIGN:
        assert bytes(float_to_bcd(number, form, "little")) == raw
        assert bcd_to_float(bytearray(raw), form, "little") == pytest.approx(number)


def test_what_the_models_ask_for_has_the_format_that_their_table_has() -> None:
    compared = 0
    for name in ("dlt645-2007", "dlt645-2007-1p"):
        model = MODELS.get(name)
        for item in model.items if model else ():
            theirs = DIMap.get(int(item.di, 16))
            if not item.format or theirs is None or isinstance(theirs, list):
                continue
            said = getattr(theirs.data_format, "value", theirs.data_format)
            assert item.format == str(said), f"{name}: {item.point} {item.di}"
            compared += 1
    assert compared >= 8


def test_a_field_of_no_digits_is_refused() -> None:
    with pytest.raises(ProtocolError, match="no binary-coded decimal"):
        digits.decode(b"\x0a\x00", "XX.XX")
