"""Expressions and stories in plain words, in both languages."""

from __future__ import annotations

import re

import pytest

from hub.model.device import Kind
from rules.language.functions import FUNCTIONS
from rules.program import expressions
from rules.prose.call import write_call
from rules.prose.part import Prose
from rules.prose.sentence import write_columns, write_expression, write_line, write_outcome
from rules.prose.term import Context
from rules.rule import Rule
from rules.vocabulary import Vocabulary
from tests.support.shipped import MODELS, RULES

VOCABULARY = Vocabulary(MODELS, [rule.id for rule in RULES if rule.expectation])
PARAMS = {"limit": "3m", "share": 0.5}
CODE = re.compile(r"==|!=|<|>|\bparam\.|\b[a-z_]+\(")
CALLS = {
    **{name: f"{name}(motor.temperature,'1h') > 1" for name in
       ("avg", "min", "max", "sum", "median", "count", "changes", "delta", "rate")},
    "least": "least(motor.temperature, 5) > 1",
    "greatest": "greatest(motor.temperature, 5) > 1",
    "abs": "abs(motor.temperature) > 1",
    "has": "has(motor.temperature)",
    "previous": "previous(mode) == 'auto'",
    "age": "age(mode) > '3m'",
    "duration": "duration(loop.occupied) > param.limit",
    "streak": "streak(loop.occupied,5)",
    "slots": "slots(loop.occupied,'30m','24h') == 48",
    "days": "days(loop.occupied,'7d') == 0",
    "silent": "silent(3) or silent('3m')",
    "event": "event('plate.read', reader=2)",
    "command": "command('open')",
    "count_events": "count_events(command('open'),'10m',same='who',since='rebooted') > 2",
    "distinct_events": "distinct_events('vehicle.passed','1h','who') > 2",
    "followed": "followed('rebooted',command('open'),'1h')",
    "sibling_share": "sibling_share(loop.occupied) > param.share",
    "children_count": "children_count(online) > 2",
    "children_sum": "children_sum(load) > 2",
    "time_between": "time_between('22:00','06:00')",
    "in_schedule": "in_schedule('peak')",
}  # fmt: skip


def write(text: str, language: str, kind: Kind = Kind.BARRIER_GATE) -> str:
    context = Context(kind=kind, vocabulary=VOCABULARY, params=PARAMS, language=language)
    return write_expression(text, context)


@pytest.mark.parametrize(
    ("text", "zh", "en"),
    [
        (
            "arm.position == 'open' and not loop.occupied",
            "闸杆位置为抬杆，且地感有车：否",
            "Position of the arm is open, and vehicle on the loop: no",
        ),
        (
            "boom.broken or device.sole_entrance",
            "闸杆脱落：是，或设备表标明“唯一出入口”",
            'Boom broken off: yes, or the sheet says "sole entrance"',
        ),
        (
            "not (boom.broken and loop.occupied)",
            "并非（闸杆脱落：是，且地感有车：是）",
            "Not (boom broken off: yes, and vehicle on the loop: yes)",
        ),
        ("motor.temperature > 2 * 40 - 5", "电机温度大于 75 ℃", "Motor temperature is above 75 °C"),
        (
            "motor.temperature < -param.share",
            "电机温度小于 -0.5 ℃",
            "Motor temperature is below -0.5 °C",
        ),
        (
            "10 <= motor.temperature < 20",
            "10 ℃不大于电机温度小于 20 ℃",
            "10 °C is at most motor temperature is below 20 °C",
        ),
        (
            "mode not in ('auto', 'manual')",
            "运行模式不为自动、手动",
            "Mode is not automatic or manual",
        ),
        (
            "device.kind == 'lpr_camera'",
            "设备表的设备类型为车牌识别",
            "The sheet's kind of device is Plate reader",
        ),
        (
            "duration(loop.occupied) >= 60",
            "「地感有车：是」已持续的时间不小于 1 分钟",
            "The time with “vehicle on the loop: yes” is at least 1 min",
        ),
        (
            "count_events('rebooted','1h') == 3",
            "最近 1 小时内“重启”的次数等于 3",
            'The number of "Rebooted" within 1 h is 3',
        ),
        (
            "max(motor.temperature,'1d',before='30m') > 9",
            "电机温度截至 30 分钟前的 1 天内的最大值大于 9 ℃",
            "The maximum of motor temperature over 1 d up to 30 min ago is above 9 °C",
        ),
        (
            "peer('lpr_camera').plate.rate < 50",
            "同车道车牌识别的识别率小于 50",
            "Share of vehicles recognised (Plate reader of the lane) is below 50",
        ),
        ("upstream.online", "上级设备的在线：是", "Online (upstream): yes"),
        (
            "event('barrier-slow.missed')",
            "“应有的动作没有发生”",
            '"What was expected did not come"',
        ),
        ("silent(3)", "连续 3 个心跳周期未收到任何消息", "Nothing has been heard for 3 heartbeats"),
    ],
)
def test_an_expression_reads_in_both_languages(text: str, zh: str, en: str) -> None:
    assert (write(text, "zh"), write(text, "en")) == (zh, en)


@pytest.mark.parametrize(
    ("text", "en"),
    [
        ("load + load * load - load > 1", "Load + load × load − load is above 1 %"),
        ("(load + load) * load > 1", "(load + load) × load is above 1 %"),
        ("load - (load - load) > 1", "Load − (load − load) is above 1 %"),
        ("load / (load * 2) > 1", "Load ÷ (load × 2) is above 1 %"),
    ],
)
def test_brackets_stand_where_they_are_needed(text: str, en: str) -> None:
    assert write(text, "en", Kind.SWITCH) == en


def test_one_of_many_ports_is_named() -> None:
    assert write("not port.3.up", "zh", Kind.SWITCH) == "端口连通（port.3.up）：否"


def test_the_table_has_every_function() -> None:
    assert set(CALLS) == set(FUNCTIONS)


@pytest.mark.parametrize("name", CALLS)
def test_every_function_has_words(name: str) -> None:
    for language in ("zh", "en"):
        text = write(CALLS[name], language)
        assert not CODE.search(text), text


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_no_shipped_rule_shows_its_code(rule: Rule) -> None:
    for text in expressions(rule).values():
        for language in ("zh", "en"):
            context = Context(
                kind=rule.kinds[0], vocabulary=VOCABULARY, params=rule.params, language=language
            )
            told = write_expression(text, context)
            assert "None" not in told
            assert "==" not in told
            assert not set(re.findall(r"([a-z_]+)\(", told)) & set(FUNCTIONS), told


def test_what_has_no_words_stays_as_it_is() -> None:
    context = Context(kind=Kind.HUB, vocabulary=VOCABULARY, params={}, language="zh")
    assert Prose("own(clock.offset) > 1", context, write_call).write() == "Own(clock.offset)大于 1"


@pytest.mark.parametrize(
    ("text", "zh", "en"),
    [
        (
            "9m loop.occupied=false motor.temperature=bad",
            "9 分钟 地感有车：否、电机温度：未知",
            "9 min Vehicle on the loop: no, Motor temperature: unknown",
        ),
        (
            "1h30m late mode=auto",
            "1 小时 30 分钟（补传） 运行模式：自动",
            "1 h 30 min (late) Mode: automatic",
        ),
        ("5s command('open')", "5 秒 打开指令", "5 s order to open"),
        (
            "5s event('plate.read', plate='k1')",
            "5 秒 识别车牌 (plate k1)",
            "5 s Plate read (plate k1)",
        ),
        (
            "1m sibling(1).mode=manual",
            "1 分钟 旁边同类设备的运行模式：手动",
            "1 min of the device beside it, Mode: manual",
        ),
        (
            "1m child('camera',1).online=false",
            "1 分钟 其下摄像机的在线：否",
            "1 min Camera below it, Online: no",
        ),
        ("2m clock -1h", "2 分钟 设备时钟偏差 -1 小时", "2 min device's clock off by -1 h"),
        (
            "3m offline restart",
            "3 分钟 设备失联、平台重启",
            "3 min device goes silent, the hub restarts",
        ),
    ],
)
def test_a_line_of_a_story_reads_in_both_languages(text: str, zh: str, en: str) -> None:
    for language, told in (("zh", zh), ("en", en)):
        context = Context(
            kind=Kind.BARRIER_GATE, vocabulary=VOCABULARY, params={}, language=language
        )
        assert write_line(text, context) == told


def test_an_outcome_reads_in_both_languages() -> None:
    assert write_outcome("15m raise", "zh") == "15 分钟 **告警**"
    assert write_outcome("20m30s clear", "en") == "20 min 30 s **over**"


def test_columns_of_the_sheet_read_in_both_languages() -> None:
    columns = {"scope": "public", "rests_daily": True, "lanes": 2}
    assert write_columns(columns, "zh") == "计量范围：公共、夜间不用水、lanes：2"
    assert write_columns(columns, "en") == "scope: public, unused at night, lanes: 2"
