"""Registers decode as pymodbus' own converters say, over all types and orders that both know."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pymodbus.client.mixin import ModbusClientMixin

from device_drivers.codecs.registers import FORMATS, ORDERS, decode, encode, words_of
from hub.errors import ProtocolError

KINDS = {each.name.lower(): each for each in ModbusClientMixin.DATATYPE if each.value[1]}
"""Type → that of pymodbus: every one but texts and rows of bits."""
WORD_ORDERS = {"ABCD": "big", "CDAB": "little", "BADC": "big", "DCBA": "little"}
BYTES_SWAPPED = frozenset({"BADC", "DCBA"})
"""Orders that pymodbus does not know: it gets the bytes of each word the other way round."""


def test_pymodbus_is_asked_about_every_number_and_every_order() -> None:
    own = {kind for kind in FORMATS if kind.startswith(("int", "uint", "float"))}
    assert set(KINDS) == own
    assert set(WORD_ORDERS) == set(ORDERS)


def theirs(words: list[int], kind: str, order: str) -> float:
    if order in BYTES_SWAPPED:
        words = [(word & 0xFF) << 8 | word >> 8 for word in words]
    value = ModbusClientMixin.convert_from_registers(
        words, KINDS[kind], WORD_ORDERS[order]  # type: ignore[arg-type]
    )  # fmt: skip
    assert isinstance(value, int | float)
    return value


@given(
    kind=st.sampled_from(sorted(KINDS)), order=st.sampled_from(sorted(WORD_ORDERS)), data=st.data()
)
@settings(max_examples=500)
def test_any_words_decode_to_what_pymodbus_makes_of_them(
    kind: str, order: str, data: st.DataObject
) -> None:
    size = words_of(kind)
    words = data.draw(st.lists(st.integers(0, 0xFFFF), min_size=size, max_size=size))
    expected = theirs(words, kind, order)
    if not math.isfinite(expected):
        with pytest.raises(ProtocolError, match="no value"):
            decode(words, kind, order)
        return
    assert decode(words, kind, order) == expected
    assert list(encode(decode(words, kind, order), kind, order)) == words


@given(kind=st.sampled_from(sorted(KINDS)), order=st.sampled_from(["ABCD", "CDAB"]), data=st.data())
def test_what_pymodbus_writes_is_read_back(kind: str, order: str, data: st.DataObject) -> None:
    bits = 16 * words_of(kind)
    if kind.startswith("float"):
        number: float = data.draw(st.floats(width=bits, allow_nan=False, allow_infinity=False))  # type: ignore[arg-type]
    else:
        low = -(2 ** (bits - 1)) if kind.startswith("int") else 0
        number = data.draw(st.integers(low, low + 2**bits - 1))
    words = ModbusClientMixin.convert_to_registers(
        number, KINDS[kind], WORD_ORDERS[order]  # type: ignore[arg-type]
    )  # fmt: skip
    assert decode(words, kind, order) == number
