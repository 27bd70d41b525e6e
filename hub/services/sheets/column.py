"""What a column of a site's sheets is, and the words that stand for what the hub knows."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple


class Form(Enum):
    """What the cells of a column hold."""

    CODE = "code"  # a word for machines: spaces at the ends and full-width letters are put right
    TEXT = "text"
    DAY = "day"
    NUMBER = "number"
    CHOICE = "choice"


class Column(NamedTuple):
    """One column; `zh_title` is taken as its name too, `choices` maps good words to Chinese ones.

    `core` columns are the site's own; the others are attributes, which further columns can be too.
    """

    name: str
    zh_title: str
    form: Form
    zh: str
    en: str
    example: str
    required: bool = False
    core: bool = True
    choices: dict[str, str] = {}  # noqa: RUF012 - never changed
    low: float = 0.0
    high: float = 0.0


KINDS = {
    "barrier_gate": "道闸",
    "lpr_camera": "车牌识别",
    "access_controller": "门禁主机",
    "unit_door": "单元门",
    "camera": "摄像机",
    "recorder": "录像机",
    "electricity_meter": "电表",
    "water_meter": "水表",
    "pump_set": "二次供水",
    "lift_alarm": "电梯困人",
    "concentrator": "集中器",
    "gateway": "网关",
    "switch": "交换机",
    "power_supply": "电源",
    "sensor": "传感器",
    "hub": "铃铛",
}
STATES = {
    "planned": "计划",
    "commissioning": "调试中",
    "in_service": "在用",
    "maintenance": "检修中",
    "retired": "已停用",
}
SCOPES = {"public": "公用", "household": "住户"}
TRUTHS = {"yes": "是", "no": "否"}
AREA_KINDS = {
    "grid": "网格",
    "beat": "楼长片区",
    "service": "服务片区",
    "cooperative": "合作社",
}
ROLES = {
    "guard": "保安",
    "crew": "维修班",
    "manager": "项目经理",
    "grid_worker": "网格员",
    "building_head": "楼长",
    "department": "职能部门",
    "administrator": "管理员",
}
"""Roles of people; that of a platform's key is nobody's."""
