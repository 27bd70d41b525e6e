"""Fields of a meter's answer to values, by the items of its model."""

from __future__ import annotations

from device_drivers.codecs import digits
from device_drivers.contract import PointTable
from hub.errors import ProtocolError
from hub.model.catalogue import Item, PointType
from hub.model.report import Quality, Sample, Value


def field_of(item: Item, body: bytes) -> bytes:
    """Return the bytes of the item's field; empty where the answer is too short for it."""
    size = digits.width(item.format) if item.format else item.size
    start = item.at if item.at >= 0 else len(body) + item.at
    raw = body[start : start + size] if start >= 0 else b""
    return raw if len(raw) == size else b""


def sample_of(item: Item, body: bytes, table: PointTable, kind: PointType) -> Sample:
    """Return what the field says; bad where it is missing, empty, no number or not allowed."""
    raw = field_of(item, body)
    try:
        if not raw or (item.format and digits.is_empty(raw)):
            return Sample(item.point, None, Quality.BAD)
        return table.judge(item.point, _value(item, raw, kind))
    except ProtocolError:
        return Sample(item.point, None, Quality.BAD)


def _value(item: Item, raw: bytes, kind: PointType) -> Value | None:
    if item.format:
        return digits.decode(raw, item.format, signed=item.signed)
    bits = digits.word(raw) & (item.mask or ~0)
    if item.decode:
        return item.decode.get(str(bits))
    return bool(bits) if kind is PointType.BOOL else bits
