"""The columns of the sheets of places, areas and people: of whatever is no device."""

from __future__ import annotations

from hub.services.sheets.column import AREA_KINDS, ROLES, Column, Form

_LAT = Column(
    "lat",
    "纬度",
    Form.NUMBER,
    "纬度（度）",
    "degrees north",
    "28.6721",
    core=False,
    low=-90,
    high=90,
)
_LON = Column(
    "lon",
    "经度",
    Form.NUMBER,
    "经度（度）",
    "degrees east",
    "115.8921",
    core=False,
    low=-180,
    high=180,
)
CARD = Column(
    "emergency_card",
    "应急卡",
    Form.TEXT,
    "出人命的故障时先做什么，如手动放梯的钥匙在哪里",
    "what to do first where life is in danger, such as where the key of the manual release is",
    "钥匙在门岗墙上",
    core=False,
)


PLACES: tuple[Column, ...] = (
    Column(
        "path",
        "路径",
        Form.CODE,
        "位置的编号，从社区到楼、单元，用斜线隔开；上一级要有自己的一行",
        "the place's code from the community down, with strokes; each level has a row of its own",
        "guanshan/a/b12/u2",
        required=True,
    ),
    Column(
        "name", "名称", Form.TEXT, "人看的名字", "its name for people", "12栋2单元", required=True
    ),
    Column(
        "kind",
        "类型",
        Form.TEXT,
        "community 社区、compound 小区、building 楼、unit 单元、floor 层、spot 点位",
        "community, compound, building, unit, floor, spot",
        "unit",
    ),
    Column(
        "grid_code", "网格编码", Form.CODE, "所在网格的编码", "code of its grid", "360102001001002"
    ),
    _LAT,
    _LON,
    CARD,
)
AREAS: tuple[Column, ...] = (
    Column(
        "id",
        "编号",
        Form.CODE,
        "片区的编号，不重复；网格写网格编码",
        "the area's code, once; of a grid the grid's own",
        "360102001001002",
        required=True,
    ),
    Column(
        "name", "名称", Form.TEXT, "人看的名字", "its name for people", "第二网格", required=True
    ),
    Column(
        "kind",
        "类型",
        Form.CHOICE,
        "是什么片区",
        "what it is",
        "网格",
        required=True,
        choices=AREA_KINDS,
    ),
    Column(
        "places",
        "包含位置",
        Form.TEXT,
        "位置表里的路径，用空格隔开；下面的位置都算在内",
        "paths of the sheet of places with spaces in between; what lies below belongs to it",
        "guanshan/a/b12 guanshan/a/b13",
        required=True,
    ),
    Column(
        "holder",
        "负责人",
        Form.TEXT,
        "谁负责：人员表里的姓名，或单位名称",
        "who looks after it: a login, or an organisation",
        "王网格",
    ),
    Column("since", "起始日期", Form.DAY, "从哪天起", "first day", "2026-01-01"),
    Column("until", "截止日期", Form.DAY, "到哪天为止；空着就是一直", "last day, if any", ""),
)
PEOPLE: tuple[Column, ...] = (
    Column(
        "name",
        "姓名",
        Form.TEXT,
        "登录用的姓名，不重复",
        "the name to sign in with, once",
        "李保安",
        required=True,
    ),
    Column(
        "role",
        "角色",
        Form.CHOICE,
        "能做什么",
        "what the person may do",
        "保安",
        required=True,
        choices=ROLES,
    ),
    Column(
        "place",
        "位置",
        Form.CODE,
        "只看这个位置和下面的；空着就是整个社区，楼长必填",
        "sees this place and below; the community where it is empty; a building head needs it",
        "guanshan/a/b12",
    ),
    Column("phone", "电话", Form.CODE, "电话号码", "telephone number", "13900000000"),
)
