"""Columns and chunks: few bytes, and every value exactly as it was."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.model.device import DeviceUid
from hub.model.report import Quality, Report, Sample, Topic
from hub.store.readings import chunk, column
from hub.store.readings.column import Form
from hub.store.readings.log import Said, identity, order
from tests.contract.store_cases import NOW

VALUES = st.one_of(
    st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1),
    st.lists(st.floats(), min_size=1),
    st.lists(st.floats(-1e4, 1e4).map(lambda value: round(value, 2)), min_size=1),
    st.lists(st.one_of(st.booleans(), st.none(), st.text(), st.integers(-9, 9)), min_size=1),
)


@given(VALUES)
def test_a_column_gives_back_what_it_was_given(values: list[float | str | None]) -> None:
    found = list(column.unpack(column.pack(values), len(values)))
    assert [type(value) for value in found] == [type(value) for value in values]
    assert all(a == b or repr(a) == repr(b) for a, b in zip(found, values, strict=True))


@pytest.mark.parametrize(
    ("values", "form"),
    [
        ([7, 7, 7], Form.SAME),
        (["open"] * 3, Form.SAME),
        ([1, 2, 4], Form.INTEGERS),
        ([231.4, 231.5, -0.25], Form.DECIMALS),
        ([math.pi, -math.e], Form.BITS),
        ([1, 1.0], Form.MIXED),
        ([True, False], Form.MIXED),
        ([2**60, 1], Form.MIXED),
        ([1.0, math.nan], Form.MIXED),
        ([1.0, math.inf], Form.MIXED),
    ],
)
def test_each_sort_of_values_has_its_form(values: list[float], form: Form) -> None:
    assert column.pack(values).form is form


def _hour(points: int, count: int = 120) -> list[Said]:
    """Return an hour of a meter that says its points each 30 s, with the jitter of a network."""
    chance = random.Random(3)
    energy = 1_000.0
    said = []
    for number in range(count):
        energy = round(energy + chance.random() / 10, 2)
        at = NOW + 30 * number + chance.randrange(50) / 1000
        values = [energy, *(round(chance.gauss(230, 2), 1) for _ in range(points - 1))]
        report = Report(
            address="",
            uid=DeviceUid("d1"),
            topic=Topic.TELEMETRY,
            at=round(at, 3),
            received=at + chance.random() / 50,
            boot="b7",
            seq=number + 17,
            samples=tuple(Sample(f"p{n}", value) for n, value in enumerate(values)),
        )
        said.append(("d1", 0, report))
    return said


@pytest.mark.parametrize("points", [1, 5])
def test_a_reading_takes_at_most_eight_bytes_once_its_hour_is_over(points: int) -> None:
    said = _hour(points)
    body = chunk.pack(said)
    assert chunk.unpack("d1", body) == said
    assert len(body) <= 8 * points * len(said)


def test_messages_of_other_shapes_lie_side_by_side() -> None:
    plain, other, odd = _hour(2, 3), _hour(3, 2), _hour(1, 1)
    bad = (Sample("p0", None, Quality.BAD),)
    fields = {"address": "", "uid": DeviceUid("d1"), "topic": Topic.STATE}
    spoilt = Report(**fields, at=NOW, received=NOW - 86_400, samples=bad, late=True, retained=True)
    said = [*plain, *other, *odd, ("d1", 7, spoilt)]
    found = chunk.unpack("d1", chunk.pack(said))
    assert sorted(found, key=order) == sorted(said, key=order)
    rows = list(chunk.unpack_point("d1", "p0", chunk.pack(said)))
    assert [(row.value, row.quality, row.seq) for row in rows][-1] == (None, Quality.BAD, None)
    assert len(rows) == len(said)
    assert not list(chunk.unpack_point("d1", "p9", chunk.pack(said)))


def test_only_the_points_that_are_asked_for_are_unpacked_and_no_message_is_lost() -> None:
    said = [*_hour(5, 3), *_hour(1, 2)]
    body = chunk.pack(said)
    found = chunk.unpack("d1", body, points={"p3", "p1", "p9"})
    assert [(uid, report.at, report.seq) for uid, _, report in found] == [
        (uid, report.at, report.seq) for uid, _, report in said
    ]
    assert [[sample.point for sample in report.samples] for *_, report in found] == [
        *[["p1", "p3"]] * 3,
        *[["p0"]] * 2,  # a sign of life
    ]
    for (*_, part), (*_, whole) in zip(found, said, strict=True):
        assert set(part.samples) <= set(whole.samples)


def test_a_message_without_seq_is_known_by_its_place() -> None:
    report = Report(
        address="", uid=DeviceUid("d1"), topic=Topic.STATE, at=NOW, received=NOW, samples=()
    )
    assert identity(("d1", 0, report)) == identity(("d1", 0, report))
    assert identity(("d1", 0, report)) != identity(("d1", 1, report))
