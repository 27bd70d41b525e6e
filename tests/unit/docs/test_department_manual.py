"""The manual of departments has the limits and the buttons that the code has."""

import re
from pathlib import Path

from hub.console.frame.language import Language, words_of
from hub.model.alarm import Urgency
from hub.services.incidents.case_limit import PACES
from hub.services.incidents.department import OWN

PAGE = (Path(__file__).parents[3] / "docs" / "department.md").read_text("utf-8")
ZH = words_of(Language.ZH)


def test_its_limits_are_those_that_count() -> None:
    section = PAGE.partition("## 时限")[2].partition("##")[0]
    assert tuple(re.findall(r"急修|普通|计划", section)) == tuple(
        ZH.name("urgency", urgency) for urgency in Urgency
    )
    for name in ("sign", "arrive", "feed_back"):
        row = re.search(rf"\| {ZH(f'case_limit.{name}')} \|(.*)\|", section)
        assert row is not None
        said = [cell.split() for cell in row[1].split("|")]
        seconds = [int(count) * {"分钟": 60, "小时": 3600}[unit] for count, unit in said]
        assert seconds == [getattr(PACES[urgency], name) for urgency in Urgency]


def test_it_explains_every_button_and_no_other() -> None:
    table = PAGE.partition("## 每张工单怎么办")[2].partition("##")[0]
    buttons = re.findall(r"^\| (\S+) \|", table, re.MULTILINE)[1:]
    assert buttons == [ZH.name("case_do", do) for do in OWN]
