"""What a device's columns of an hour hold that is news: what only says the same again is left out.

Left out is nothing that a rule could notice: an hour with a pause, a backlog or a doubtful value is
there whole, and of what is only repeated the first and the last message are there. Where each
message says something else it is asked whether any of it matters.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import chain
from operator import sub
from typing import Any, NamedTuple

from hub.model.device import DeviceUid
from hub.model.kinds import LINK_ERRORS
from hub.model.repeats import Need, Passage, Passes, Repeats, Stretch
from hub.model.report import Report, Sample
from hub.store.readings import chunk, column
from hub.store.readings.chunk import Group, Span
from hub.store.readings.column import Column, Form
from hub.store.readings.log import Said

PROMPT = 1.0
"""Seconds on the way up to which a message says nothing but itself."""
WORTH_ASKING = 4
"""Messages of a shape in an hour from which on it is asked whether they matter."""


class _Shape(NamedTuple):
    """Messages of one shape; those from `start` to before `end` lie in the span."""

    group: Group
    ats: Sequence[float]
    received: Sequence[float]
    start: int
    end: int
    places: Sequence[int]

    @property
    def points(self) -> tuple[str, ...]:
        """Return the points that are asked for."""
        return tuple([self.group.points[place] for place in self.places])


LeftOut = Repeats | Passage
"""What stands for messages that are left out."""


def all_matters(_passage: Passage) -> bool:
    """Say that no passage can be left out."""
    return False


def unpack_news(
    uid: str, body: bytes, span: Span, need: Need, passes: Passes = all_matters
) -> tuple[list[Said], Sequence[LeftOut]]:
    """Return (what is news, what stands for the rest) of columns; all is news where it may matter.

    Only for a device of whose hour nothing lies elsewhere, and that had no events in it.
    """
    shapes = [_take_part(group, span, need) for group in chunk.read_groups(body)]
    shapes = [shape for shape in shapes if shape.start < shape.end]
    if not _is_steady(shapes, need):
        return chunk.unpack(uid, body, span, need.points), []
    own, until = DeviceUid(uid), max(shape.received[shape.end - 1] for shape in shapes)
    said: list[Said] = []
    repeats: list[Repeats] = []
    found = [_find_news(shape, need) for shape in shapes]
    if sum(map(len, found)) > WORTH_ASKING * len(shapes) and not _has_to_be_told(shapes, need):
        passage = _make_passage(own, shapes, until)
        if passes(passage):
            return [], [passage]
    for shape, news in zip(shapes, found, strict=True):
        said += _build(own, shape, news)
        if len(news) < shape.end - shape.start:
            repeats.append(_stand_in(own, shape, until, len(news)))
    return said, repeats


def _has_to_be_told(shapes: Sequence[_Shape], need: Need) -> bool:
    return any(
        shape.group.values[place].form is not Form.SAME and shape.group.points[place] in need.told
        for shape in shapes
        for place in shape.places
    )


def _make_passage(uid: DeviceUid, shapes: Sequence[_Shape], until: float) -> Passage:
    return Passage(
        uid=uid,
        at=min(shape.ats[shape.start] for shape in shapes),
        heard=min(shape.received[shape.start] for shape in shapes),
        until=until,
        stretches=tuple(
            Stretch(
                points=shape.points,
                ats=shape.ats[shape.start : shape.end],
                values=tuple(_cut(shape, place) for place in shape.places),
            )
            for shape in shapes
        ),
        count=sum(shape.end - shape.start for shape in shapes),
    )


def _cut(shape: _Shape, place: int) -> Sequence[Any]:
    values = column.unpack(shape.group.values[place], shape.group.count)
    return values[shape.start : shape.end]


def _take_part(group: Group, span: Span, need: Need) -> _Shape:
    ats, received = chunk.unpack_instants(group)
    start, end = bisect_left(ats, span[0]), bisect_left(ats, span[1])
    return _Shape(group, ats, received, start, end, chunk.find_places(group, need.points))


def _is_steady(shapes: Sequence[_Shape], need: Need) -> bool:
    """Tell whether an hour has nothing in it that makes a message matter for another's sake."""
    points = [point for shape in shapes for point in shape.points]
    if not points or len(points) != len(set(points)) or LINK_ERRORS in points:
        return False
    if any(shape.group.late or shape.group.retained or _has_doubt(shape) for shape in shapes):
        return False
    lags = [tuple(map(sub, shape.received, shape.ats)) for shape in shapes]
    if max(map(max, lags)) > PROMPT or min(map(min, lags)) < -PROMPT:
        return False
    said = [shape.ats[shape.start : shape.end] for shape in shapes]
    heard = said[0] if len(said) == 1 else sorted(chain(*said))
    return max(map(sub, heard[1:], heard), default=0.0) + 2 * PROMPT < need.pause


def _has_doubt(shape: _Shape) -> bool:
    columns = (shape.group.qualities[place] for place in shape.places)
    return any(_find_values(codes, shape.group) != {chunk.GOOD} for codes in columns)


def _find_values(of: Column, group: Group) -> set[Any]:
    return {of.extra} if of.form is Form.SAME else set(column.unpack(of, group.count))


def _find_news(shape: _Shape, need: Need) -> list[int]:
    """Return the places of the messages that say something else than the one before."""
    inside = range(shape.start, shape.end)
    if not need.each.isdisjoint(shape.points):
        return list(inside)
    places = {shape.start, shape.end - 1}
    for place in shape.places:
        of = shape.group.values[place]
        if of.form is not Form.SAME:
            values = column.unpack(of, shape.group.count)
            places.update(i for i in inside[1:] if values[i] != values[i - 1])
    return sorted(places)


def _build(uid: DeviceUid, shape: _Shape, news: Sequence[int]) -> Iterator[Said]:
    group = shape.group
    marks = column.unpack(group.marks, group.count)
    values = [column.unpack(group.values[place], group.count) for place in shape.places]
    columns = list(zip(shape.points, values, strict=True))
    for i in news:
        report = Report(
            address="",
            uid=uid,
            topic=group.topic,
            at=shape.ats[i],
            received=shape.received[i],
            boot=group.boot,
            seq=marks[i] if group.numbered else None,
            samples=tuple([Sample(point, said[i]) for point, said in columns]),
        )
        yield uid, 0 if group.numbered else marks[i], report


def _stand_in(uid: DeviceUid, shape: _Shape, until: float, told: int) -> Repeats:
    return Repeats(
        uid=uid,
        at=shape.ats[shape.start],
        points=shape.points,
        ats=shape.ats[shape.start : shape.end],
        until=until,
        count=shape.end - shape.start - told,
    )
