"""The codec of Modbus registers against published and recomputed values."""

from __future__ import annotations

import math
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device_drivers.codecs.registers import FORMATS, ORDERS, decode, encode, raw_bits, words_of
from hub.errors import ProtocolError


@pytest.mark.parametrize(
    ("words", "kind", "order", "value"),
    [
        ((0x4366, 0xE666), "float32", "ABCD", 230.9),
        ((0x4510, 0x5000), "float32", "ABCD", 2309.0),
        ((0x45B1, 0x71DF), "float32", "ABCD", 5678.234),
        ((0x1E85, 0x0B3F), "float32", "DCBA", 0.545),
        ((0x0001, 0x0000), "uint32", "CDAB", 1),
        ((0xFFFE,), "int16", "ABCD", -2),
        ((0x1234,), "bcd16", "ABCD", 1234),
        ((0x0012, 0x3456), "bcd32", "ABCD", 123456),
        ((0, 0, 0, 7), "int64", "ABCD", 7),
    ],
)
def test_registers_of_known_devices_give_their_published_values(
    words: tuple[int, ...], kind: str, order: str, value: float
) -> None:
    assert decode(words, kind, order) == pytest.approx(value, rel=1e-6)


def test_nan_after_a_meters_boot_is_no_value() -> None:
    with pytest.raises(ProtocolError, match="no value"):
        decode((0x7FC0, 0x0000), "float32")


def test_a_nibble_above_nine_is_no_decimal() -> None:
    with pytest.raises(ProtocolError, match="binary-coded"):
        decode((0x12A4,), "bcd16")


def test_half_a_float_is_refused() -> None:
    with pytest.raises(ProtocolError, match="needs 2 registers"):
        decode((0x4366,), "float32")


def test_sentinels_compare_in_the_models_order() -> None:
    assert raw_bits((0xFFFF, 0x7FFF), "CDAB") == 0x7FFFFFFF


@given(
    kind=st.sampled_from(["uint16", "int16", "uint32", "int32", "uint64", "int64"]),
    order=st.sampled_from(sorted(ORDERS)),
    data=st.data(),
)
def test_integers_survive_the_way_to_the_wire_and_back(
    kind: str, order: str, data: st.DataObject
) -> None:
    bits = 16 * words_of(kind)
    low, high = (
        (0, 2**bits - 1) if kind.startswith("u") else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
    )
    number = data.draw(st.integers(low, high))
    assert decode(encode(number, kind, order), kind, order) == number


@given(number=st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_floats_survive_in_every_order(number: float) -> None:
    for order in ORDERS:
        words = encode(number, "float32", order)
        assert len(words) == FORMATS["float32"][1]
        assert decode(words, "float32", order) == number


@given(raw=st.binary(min_size=4, max_size=4), order=st.sampled_from(sorted(ORDERS)))
def test_any_bytes_decode_or_are_refused(raw: bytes, order: str) -> None:
    words = struct.unpack(">2H", raw)
    try:
        value = decode(words, "float32", order)
    except ProtocolError:
        return
    assert math.isfinite(value)
