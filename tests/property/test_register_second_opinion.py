"""pymodbus' own converters say what registers mean, in each type and order that they know."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymodbus.client.mixin import ModbusClientMixin

from device_drivers.codecs.registers import FORMATS, decode, encode, words_of
from hub.errors import ProtocolError

TYPES = {
    kind: getattr(ModbusClientMixin.DATATYPE, kind.upper())
    for kind in FORMATS
    if not kind.startswith("b")  # they know no binary-coded decimals, and bits only as lists
}
ORDERS = {"ABCD": ("big", False), "CDAB": ("little", False), "DCBA": ("little", True),
          "BADC": ("big", True)}  # fmt: skip
"""Order → their order of words, and whether the bytes of each word are swapped before."""


def ask(words: list[int], kind: str, order: str) -> int | float:
    """Return what pymodbus makes of registers."""
    word_order, swapped = ORDERS[order]
    if swapped:
        words = [(word & 0xFF) << 8 | word >> 8 for word in words]
    return ModbusClientMixin.convert_from_registers(words, TYPES[kind], word_order)  # type: ignore[arg-type,return-value]


@given(st.data(), st.sampled_from(sorted(TYPES)), st.sampled_from(sorted(ORDERS)))
def test_registers_are_the_same_number(data: st.DataObject, kind: str, order: str) -> None:
    count = words_of(kind)
    words = data.draw(st.lists(st.integers(0, 0xFFFF), min_size=count, max_size=count))
    theirs = ask(words, kind, order)
    if isinstance(theirs, float) and not math.isfinite(theirs):
        with pytest.raises(ProtocolError, match="no value"):
            decode(words, kind, order)
    else:
        ours = decode(words, kind, order)
        assert (ours, type(ours)) == (theirs, type(theirs))


@given(st.data(), st.sampled_from(sorted(TYPES)), st.sampled_from(sorted(ORDERS)))
def test_a_number_is_the_same_registers(data: st.DataObject, kind: str, order: str) -> None:
    count = words_of(kind)
    words = data.draw(st.lists(st.integers(0, 0xFFFF), min_size=count, max_size=count))
    number = ask(words, kind, order)
    if math.isfinite(number):
        again = ask(list(encode(number, kind, order)), kind, order)
        assert again == number


def test_every_type_that_they_know_is_compared() -> None:
    assert set(TYPES) == {
        *("int16", "uint16", "int32", "uint32", "int64", "uint64", "float32", "float64"),
    }
