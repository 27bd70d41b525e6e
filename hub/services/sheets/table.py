"""The columns of a site's sheets: names, meanings in both languages, and what each may hold.

The page for the clerk, the workbook that is written and the checks of one that is read go by it.
"""

from __future__ import annotations

from hub.services.sheets.column import KINDS, SCOPES, STATES, TRUTHS, Column, Form
from hub.services.sheets.community_columns import AREAS, CARD, PEOPLE, PLACES

DEVICES: tuple[Column, ...] = (
    Column(
        "id",
        "编号",
        Form.CODE,
        "设备的编号，全社区不重复；以后工单、标签上都是它",
        "the device's code, once in the community; it stands on tickets and labels",
        "gate-012",
        required=True,
    ),
    Column(
        "address",
        "地址",
        Form.CODE,
        "设备在链路上的地址：MQTT 主题的第三段、Modbus 从站号或表号",
        "its address on the link: third word of the MQTT topic, Modbus unit id, or meter number",
        "G012",
        required=True,
    ),
    Column(
        "link",
        "链路",
        Form.CODE,
        "mqtt，或配置里一条链路的名字（[[modbus]]、[[line]] 等）；空着就是 mqtt",
        "mqtt, or a link of the settings ([[modbus]], [[line]], …); mqtt where it is empty",
        "mqtt",
    ),
    Column(
        "kind",
        "类别",
        Form.CHOICE,
        "是什么设备",
        "what it is",
        "道闸",
        required=True,
        choices=KINDS,
    ),
    Column(
        "model",
        "型号",
        Form.CODE,
        "系统里的型号编号",
        "the model's id in the hub",
        "ld-barrier-gate",
        required=True,
    ),
    Column(
        "place",
        "位置",
        Form.CODE,
        "位置表里的路径",
        "a path of the sheet of places",
        "guanshan/a/b12/u2",
        required=True,
    ),
    Column("name", "名称", Form.TEXT, "人看的名字", "its name for people", "西门道闸"),
    Column(
        "lane",
        "车道",
        Form.CODE,
        "同一条车道或同一扇门的设备写同一个词",
        "the same word for all devices of one lane or door",
        "west-in",
    ),
    Column(
        "upstream",
        "上联设备",
        Form.CODE,
        "哪台设备传它的数据（交换机、网关）",
        "which device carries its data (switch, gateway)",
        "sw-03",
    ),
    Column("power", "供电设备", Form.CODE, "哪台设备给它供电", "which device feeds it", "ups-01"),
    Column(
        "state",
        "状态",
        Form.CHOICE,
        "空着就是在用；新装的写调试中",
        "in service where it is empty; new ones are in commissioning",
        "调试中",
        choices=STATES,
    ),
    Column(
        "number",
        "资产编号",
        Form.TEXT,
        "台账里的资产编号",
        "its asset number",
        "ZC-0012",
        core=False,
    ),
    Column(
        "installed",
        "安装日期",
        Form.DAY,
        "哪天装的",
        "day of installation",
        "2024-05-01",
        core=False,
    ),
    Column(
        "warranty_until",
        "质保到期",
        Form.DAY,
        "质保到哪天；工单上写质保内、质保外",
        "last day of the warranty; tickets say whether it is over",
        "2027-05-01",
        core=False,
    ),
    Column("vendor", "维保单位", Form.TEXT, "谁来修", "who repairs it", "某某科技", core=False),
    Column(
        "vendor_phone",
        "维保电话",
        Form.TEXT,
        "维保单位的电话",
        "their telephone",
        "027-12345678",
        core=False,
    ),
    Column(
        "contract",
        "合同号",
        Form.TEXT,
        "维保合同号",
        "the contract's number",
        "HT-2024-7",
        core=False,
    ),
    Column(
        "next_inspection",
        "下次年检",
        Form.DAY,
        "下次检验的日期",
        "day of the next inspection",
        "2027-03-01",
        core=False,
    ),
    Column(
        "scope",
        "范围",
        Form.CHOICE,
        "表具：公用或住户；住户的读数不外传",
        "of a meter: public or household; readings of households stay inside",
        "住户",
        core=False,
        choices=SCOPES,
    ),
    Column(
        "account",
        "网关账号",
        Form.CODE,
        "经网关说话的设备：网关的 MQTT 用户名",
        "of a device behind a gateway: the gateway's MQTT user",
        "gw-01",
        core=False,
    ),
    Column(
        "fire_linked",
        "消防联动",
        Form.CHOICE,
        "接在消防联动上的门：不许远程开",
        "a door that fire release is wired to: not opened from afar",
        "是",
        core=False,
        choices=TRUTHS,
    ),
    CARD,
)
SHEETS: dict[str, tuple[Column, ...]] = {
    "places": PLACES,
    "areas": AREAS,
    "devices": DEVICES,
    "people": PEOPLE,
}
SHEET_TITLES = {
    "位置": "places",
    "片区": "areas",
    "设备": "devices",
    "设备台账": "devices",
    "人员": "people",
}
"""What the sheets of a workbook may be called instead."""


def core_names(sheet: str) -> tuple[str, ...]:
    """Return the names of the columns that are no attributes."""
    return tuple(column.name for column in SHEETS[sheet] if column.core)


def required_names(sheet: str) -> tuple[str, ...]:
    """Return the names of the columns that a sheet needs."""
    return tuple(column.name for column in SHEETS[sheet] if column.required)
