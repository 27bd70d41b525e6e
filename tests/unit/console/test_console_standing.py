"""How a device stands at a glance, and what people read of it."""

from __future__ import annotations

import msgspec
import pytest

from hub.console.frame.language import Language, words_of
from hub.console.frame.span import ago, clock_face, coarse_ago, lasting, left, span
from hub.console.frame.sparkline import COLUMNS, draw
from hub.console.live.reading import is_household, point_rows, value_text
from hub.console.live.standing import Standing, sight, worst
from hub.model.device import Device, DeviceUid, Kind, Lifecycle, LinkState
from hub.model.report import Quality
from hub.ports import DeviceView, PointView
from tests.unit.access.web_fakes import meter

NOW = 1_764_000_000.0
ZH = words_of(Language.ZH)


def gate(**fields: object) -> DeviceView:
    device = Device(
        uid=DeviceUid("u"), id="gate", address="g", kind=Kind.BARRIER_GATE, model="m", place="p"
    )
    return msgspec.structs.replace(
        DeviceView(device=device, link=LinkState.ONLINE, heard_at=NOW - 1, points={}), **fields
    )


def point(value: object, *, age: float = 0.0, stale_after: float = 0.0) -> PointView:
    return PointView(
        value=value,  # type: ignore[arg-type]
        unit="",
        quality=Quality.GOOD,
        at=NOW - age,
        stale_after=stale_after,
    )


def in_state(state: Lifecycle) -> Device:
    return msgspec.structs.replace(gate().device, state=state)


@pytest.mark.parametrize(
    ("view", "standing"),
    [
        (gate(), Standing.NORMAL),
        (gate(link=LinkState.SILENT), Standing.SILENT),
        (gate(link=LinkState.UNKNOWN), Standing.UNKNOWN),
        (gate(points={"t": point(1, age=181, stale_after=180)}), Standing.STALE),
        (gate(points={"t": point(1, age=179, stale_after=180)}), Standing.NORMAL),
        (gate(points={"mode": point("auto", age=1e6)}), Standing.NORMAL),
        (
            gate(device=in_state(Lifecycle.MAINTENANCE), link=LinkState.SILENT),
            Standing.MAINTENANCE,
        ),
    ],
)
def test_a_device_stands_as_its_link_its_books_and_its_oldest_value_say(
    view: DeviceView, standing: Standing
) -> None:
    assert sight(view, NOW).standing is standing


def test_a_sighting_says_when_its_first_value_will_be_stale_and_then_since_when_it_is() -> None:
    view = gate(points={"t": point(1, age=100, stale_after=180), "u": point(1, stale_after=180)})
    assert sight(view, NOW).spoils_at == NOW + 80
    assert sight(view, NOW + 80).since == NOW - 100


@pytest.mark.parametrize(
    ("points", "word"),
    [
        ({"arm.position": point("open")}, "gate.open"),
        ({"arm.position": point("closed")}, "gate.closed"),
        ({"arm.position": point("open"), "mode": point("hold_open")}, "gate.hold_open"),
        ({"arm.position": point("closed"), "boom.broken": point(True)}, "gate.broken"),
        ({"arm.position": point("sideways")}, "gate.silence"),
        ({}, "gate.silence"),
    ],
)
def test_a_gate_says_in_one_word_what_it_does(points: dict[str, PointView], word: str) -> None:
    assert sight(gate(points=points), NOW).word == word


def test_a_position_that_is_not_good_is_not_shown_as_one() -> None:
    bad = msgspec.structs.replace(point(None), quality=Quality.BAD)
    assert sight(gate(points={"arm.position": bad}), NOW).word == "gate.silence"


def test_the_worst_of_several_counts() -> None:
    assert worst([Standing.SILENT, Standing.URGENT, Standing.NORMAL]) is Standing.URGENT
    assert worst([]) is Standing.NORMAL


def test_durations_have_two_units_at_most() -> None:
    assert span(42, ZH) == "42 秒"
    assert span(8 * 60, ZH) == "8 分钟"
    assert span(3 * 3600 + 12 * 60, ZH) == "3 时 12 分"
    assert span(2 * 86400 + 3700, ZH) == "2 天 1 时"


def test_ages_and_limits_are_said_from_where_the_reader_stands() -> None:
    assert ago(NOW - 180, NOW, ZH) == "3 分钟前"
    assert ago(None, NOW, ZH) == "从未"
    assert coarse_ago(NOW - 59, NOW, ZH) == "刚刚"
    assert lasting(NOW - 480, NOW, ZH) == "已 8 分钟"
    assert left(NOW + 3 * 3600 + 720, NOW, ZH) == "剩 3 时 12 分"
    assert left(NOW - 300, NOW, ZH) == "超时 5 分钟"
    assert clock_face(NOW) == "00:00:00"


def test_a_household_meters_readings_stay_off_the_screen() -> None:
    rows = point_rows(meter(), NOW, ZH)
    assert is_household(meter().device)
    assert [row.value for row in rows] == ["不显示"]
    assert not rows[0].numeric
    assert "12.5" not in str(rows)


def test_a_stale_and_a_bad_value_are_doubted_by_word() -> None:
    bad = msgspec.structs.replace(point(None), quality=Quality.BAD)
    points = {"motor.temperature": point(40, age=400, stale_after=180), "fault.code": bad}
    rows = point_rows(gate(points=points), NOW, ZH, first=["fault.code"])
    assert [(row.point, row.doubt) for row in rows] == [
        ("fault.code", "无效"),
        ("motor.temperature", "数据过期"),
    ]


def test_values_are_written_for_people() -> None:
    assert value_text("door.open", True, "", ZH) == "是"
    assert value_text("arm.position", "open", "", ZH) == "抬杆"
    assert value_text("valve.position", "open", "", ZH) == "开"
    assert value_text("fault.code", "E03", "", ZH) == "E03"
    assert value_text("motor.temperature", 38.50, "degC", ZH) == "38.5 ℃"
    assert value_text("energy.import", 7, "kWh", ZH) == "7 kWh"
    assert value_text("voltage.a", None, "V", ZH) == "无"
    assert value_text("fault.code", "", "", ZH) == "无"


def test_a_curve_is_thinned_but_keeps_its_peaks() -> None:
    samples = [(NOW + i, 0.0) for i in range(10_000)]
    samples[5_000] = (NOW + 5_000, 99.0)
    svg = draw(samples, title="<b>")
    assert svg.count(",") <= 2 * COLUMNS + 2
    assert ">99<" in svg
    assert "<b>" not in svg
    assert "style" not in svg


def test_a_curve_of_one_sample_is_no_curve() -> None:
    assert draw([(NOW, 1.0)], title="t") == ""
    assert "NaN" not in draw([(NOW, 1.0), (NOW, 1.0)], title="t")
