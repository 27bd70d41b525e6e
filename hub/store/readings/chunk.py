"""Chunks: what one device said in one clock hour, as it came at first, in columns once it is over.

Messages of one shape (topic, boot, points) share a group, in which each instant, each `seq` and
each point's values are a column: an hour of a meter takes little more than its changes.
"""

from __future__ import annotations

import zlib
from bisect import bisect_left
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from functools import partial
from itertools import chain, repeat
from math import inf
from operator import add, itemgetter, sub
from typing import Any, TypeGuard, cast

import msgspec

from hub.model.device import DeviceUid
from hub.model.report import Quality, Report, Sample, Topic, Value
from hub.ports import ReadingRow
from hub.store.readings import column
from hub.store.readings.column import Column
from hub.store.readings.log import Said

HOUR = 3600.0
Span = tuple[float, float]
EVER = (-inf, inf)

LARGEST_NUMBER = 1e300
"""A million such numbers can still be added up."""

_QUALITIES = tuple(Quality)
GOOD = _QUALITIES.index(Quality.GOOD)
_CODE = {quality: code for code, quality in enumerate(_QUALITIES)}


class Group(msgspec.Struct, frozen=True, array_like=True):
    """Messages of one shape in order; `marks` are their `seq`, or their places in their batches."""

    topic: Topic
    boot: str
    numbered: bool
    late: bool
    retained: bool
    points: tuple[str, ...]
    count: int
    ats: Column
    lags: Column
    marks: Column
    values: tuple[Column, ...]
    qualities: tuple[Column, ...]


_ENCODE = msgspec.msgpack.Encoder().encode
_GROUPS = msgspec.msgpack.Decoder(list[Group])
_SAID = msgspec.msgpack.Decoder(list[Said])


def join(raws: Sequence[msgspec.Raw]) -> bytes:
    """Return the chunk of entries of the log, word for word."""
    return _ENCODE(raws)


def split(body: bytes) -> list[Said]:
    """Return what `join` has put together."""
    return _SAID.decode(body)


def pack(said: Sequence[Said]) -> bytes:
    """Return the columns of entries of one device, in order, each only once."""
    shapes: dict[Any, list[Said]] = {}
    for each in said:
        shapes.setdefault(_shape(each[2]), []).append(each)
    return zlib.compress(_ENCODE([_pack_group(group) for group in shapes.values()]))


def unpack(
    uid: str, body: bytes, span: Span = EVER, points: Collection[str] | None = None
) -> list[Said]:
    """Return what `pack` was given with start <= at < end, group by group.

    Addresses and digests are not kept. With `points` no others are unpacked, but that a message
    without any of them has one still, as a sign of life.
    """
    own = DeviceUid(uid)
    parts = (_unpack_group(own, g, span, find_places(g, points)) for g in read_groups(body))
    return list(chain.from_iterable(parts))


def unpack_point(uid: str, point: str, body: bytes) -> Iterator[ReadingRow]:
    """Yield one point's readings, group by group; no other column is looked at."""
    for group in read_groups(body):
        if point in group.points:
            place = group.points.index(point)
            values = column.unpack(group.values[place], group.count)
            codes = column.unpack(group.qualities[place], group.count)
            for (at, received, seq, _), value, code in zip(
                unpack_frame(group), values, codes, strict=True
            ):
                yield ReadingRow(
                    uid=uid,
                    point=point,
                    at=at,
                    received=received,
                    value=value,
                    quality=_QUALITIES[code],
                    boot=group.boot,
                    seq=seq,
                )


def unpack_numbers(body: bytes) -> dict[str, list[float]]:
    """Return the good and finite numbers of each point that has any, in order of event time."""
    found: dict[str, list[tuple[Any, float]]] = {}
    for group in read_groups(body):
        frame = [
            (at, received, -1 if seq is None else seq)
            for at, received, seq, _ in unpack_frame(group)
        ]
        for point, values, codes in zip(group.points, group.values, group.qualities, strict=True):
            numbers = column.unpack(values, group.count)
            good = column.unpack(codes, group.count)
            rows = zip(frame, numbers, good, strict=True)
            found.setdefault(point, []).extend(
                (key, value) for key, value, code in rows if code == GOOD and is_number(value)
            )
    return {
        point: [value for _, value in sorted(rows, key=itemgetter(0))]
        for point, rows in found.items()
        if rows
    }


def leave_out(body: bytes, is_gone: Callable[[str], bool]) -> bytes | None:
    """Return columns without some points, empty where nothing is left; None without such points."""
    groups = read_groups(body)
    if not any(is_gone(point) for group in groups for point in group.points):
        return None
    left = [group for group in (_leave_out(group, is_gone) for group in groups) if group]
    return zlib.compress(_ENCODE(left)) if left else b""


def _leave_out(group: Group, is_gone: Callable[[str], bool]) -> Group | None:
    places = [place for place, point in enumerate(group.points) if not is_gone(point)]
    if group.points and not places:
        return None
    return msgspec.structs.replace(
        group,
        points=tuple(group.points[place] for place in places),
        values=tuple(group.values[place] for place in places),
        qualities=tuple(group.qualities[place] for place in places),
    )


def is_number(value: Value | None) -> TypeGuard[float]:
    """Tell whether a value can be added up; true and false cannot, nor what is infinite."""
    return type(value) in {int, float} and abs(cast("float", value)) <= LARGEST_NUMBER


def read_groups(body: bytes) -> list[Group]:
    """Return the groups of columns as they lie."""
    return _GROUPS.decode(zlib.decompress(body))


def _shape(report: Report) -> tuple[Any, ...]:
    points = tuple([sample.point for sample in report.samples])
    numbered = report.seq is not None
    return report.topic, report.boot, numbered, report.late, report.retained, points


def _pack_group(said: Sequence[Said]) -> Group:
    reports = [report for _, _, report in said]
    topic, boot, numbered, late, retained, points = _shape(reports[0])
    ats = [report.at for report in reports]
    bits = (column.to_bits([report.received for report in reports]), column.to_bits(ats))
    samples = list(zip(*(report.samples for report in reports), strict=True))
    return Group(
        topic=topic,
        boot=boot,
        numbered=numbered,
        late=late,
        retained=retained,
        points=points,
        count=len(reports),
        ats=column.pack(ats),
        lags=column.pack(list(map(sub, *bits))),
        marks=column.pack([index if r.seq is None else r.seq for _, index, r in said]),
        values=tuple(column.pack([sample.value for sample in each]) for each in samples),
        qualities=tuple(column.pack([_CODE[s.quality] for s in each]) for each in samples),
    )


def unpack_instants(group: Group) -> tuple[Sequence[float], Sequence[float]]:
    """Return when the messages of a group were said, and when they arrived."""
    ats = column.unpack(group.ats, group.count)
    lags = column.unpack(group.lags, group.count)
    return ats, column.from_bits(list(map(add, column.to_bits(ats), lags)))


def unpack_frame(group: Group) -> Iterator[tuple[float, float, int | None, int]]:
    """Yield (at, received, seq, place in its batch) of each message."""
    ats, received = unpack_instants(group)
    marks = column.unpack(group.marks, group.count)
    if group.numbered:
        return zip(ats, received, marks, repeat(0))
    return zip(ats, received, repeat(None), marks)


def find_places(group: Group, points: Collection[str] | None) -> Sequence[int]:
    """Return where a group's columns of these points are; its first one where it has none."""
    every = range(len(group.points))
    return [i for i in every if points is None or group.points[i] in points] or every[:1]


def _unpack_group(
    uid: DeviceUid, group: Group, span: Span, places: Iterable[int]
) -> Iterator[Said]:
    frame = list(unpack_frame(group))
    cut = slice(bisect_left(frame, span[:1]), bisect_left(frame, span[1:]))
    if cut.start == cut.stop:
        return
    columns = map(partial(_unpack_samples, group, cut), places)
    rows = zip(frame[cut], zip(*columns, strict=True), strict=True)
    for (at, received, seq, index), samples in rows:
        yield (
            uid,
            index,
            Report(
                address="",
                uid=uid,
                topic=group.topic,
                at=at,
                received=received,
                boot=group.boot,
                seq=seq,
                late=group.late,
                retained=group.retained,
                samples=samples,
            ),
        )


def _unpack_samples(group: Group, cut: slice, place: int) -> Iterator[Sample]:
    values = column.unpack(group.values[place], group.count)[cut]
    codes = column.unpack(group.qualities[place], group.count)[cut]
    qualities = map(_QUALITIES.__getitem__, codes)
    return map(Sample, repeat(group.points[place]), values, qualities)
