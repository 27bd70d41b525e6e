"""How a point's value lies in a row: a code for type and quality, a number, or a text."""

from __future__ import annotations

from hub.model.report import Quality, Value

EXACT = 2**53
"""Whole numbers up to here are exact in a REAL column; larger ones are kept as text."""

QUALITY_CODE = {Quality.GOOD: 0, Quality.UNCERTAIN: 1, Quality.BAD: 2}
NUMBERED = 32
"""Bit of the code: the row's `tie` is the `seq` of its message."""

_QUALITY = (Quality.GOOD, Quality.UNCERTAIN, Quality.BAD)
_NOTHING, _BOOL, _INT, _FLOAT, _TEXT = 0, 4, 8, 12, 16
_QUALITY_BITS = 3
_TYPE_BITS = 28


def encode_value(value: Value | None) -> tuple[int, float | None, str | None]:
    """Return the type's code, the number and the text; a NaN is a float without a number."""
    if isinstance(value, float):
        return _FLOAT, value, None
    if isinstance(value, str):
        return _TEXT, None, value
    if value is None:
        return _NOTHING, None, None
    if isinstance(value, bool):
        return _BOOL, float(value), None
    if -EXACT <= value <= EXACT:
        return _INT, value, None
    return _INT, None, str(value)


def decode_value(code: int, num: float | None, txt: str | None) -> Value | None:
    """Return the value with the type that it was given with."""
    kind = code & _TYPE_BITS
    if kind == _FLOAT:
        return float("nan") if num is None else num
    if kind == _TEXT:
        return txt
    if kind == _NOTHING:
        return None
    if kind == _BOOL:
        return bool(num)
    return int(txt or 0) if num is None else int(num)


def decode_quality(code: int) -> Quality:
    """Return the quality that the code carries."""
    return _QUALITY[code & _QUALITY_BITS]
