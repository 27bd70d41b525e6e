"""`lingdang model check`: every fault of a model file at its line, and what a sound one will do."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from device_drivers.catalogue import shipped_models
from device_drivers.model_faults import find_faults
from hub.assembly.dialects import speak_all
from hub.cli import app
from hub.commands.model_check import check_model
from hub.commands.model_example import run_example
from hub.commands.model_words import in_chinese
from hub.errors import ConfigError, Problem
from hub.model.catalogue import DeviceModel
from tests.support.shipped import MODELS

METER = """\
id = "our-meter"
kind = "electricity_meter"
driver = "modbus"
name = { zh = "我们的电表", en = "Our meter" }
function = 3
source = "its manual, page 12"
confidence = "high"

[points]
"voltage.a" = { period = 10, minimum = 0, maximum = 330 }
"energy.import" = { period = 60, minimum = 0 }

[[registers]]
point = "voltage.a"
address = 0x0010
type = "uint16"
scale = 0.1

[[registers]]
point = "energy.import"
address = 0x0020
type = "uint32"
order = "CDAB"
scale = 0.01

[[examples]]
registers = ["0x0010:08FC", "0x0020:E2400001"]
expect = { "voltage.a" = 230.0, "energy.import" = 1234.56 }
"""


def check(folder: Path, text: str) -> str:
    file = folder / "our-meter.toml"
    file.write_text(text, encoding="utf-8")
    result = CliRunner().invoke(app, ["model", "check", str(file)], catch_exceptions=False)
    assert result.exit_code == 0
    return result.stdout.replace(f"{folder}/", "")


def problems(folder: Path, text: str) -> tuple[Problem, ...]:
    file = folder / "our-meter.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as error:
        check_model(file, print)
    return error.value.problems


def faults(folder: Path, old: str, new: str) -> list[str]:
    assert old in METER
    found = problems(folder, METER.replace(old, new, 1))
    assert all(in_chinese(problem) for problem in found), found
    return [str(problem).replace(f"{folder}/", "") for problem in found]


def test_a_sound_file_is_told_with_its_requests_and_examples(tmp_path: Path) -> None:
    assert check(tmp_path, METER).splitlines() == [
        "our-meter.toml: 没有错误。 No faults found.",
        "  our-meter: 我们的电表 / Our meter, electricity_meter, modbus, 2 个测点 points",
        "  每轮 2 次请求 requests a round:",
        "    功能码 function 3 (holding registers) 0x0010–0x0010 (16–16): voltage.a",
        "    功能码 function 3 (holding registers) 0x0020–0x0021 (32–33): energy.import",
        "  1 个样例全对 examples, all decode as they expect",
    ]


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ('driver = "modbus"', 'driver = "modbuss"',
         "3:1: no dialect 'modbuss'; did you mean 'modbus'?"),
        ('zh = "我们的电表", ', "", "4:1: the model has no Chinese name; "),
        ("function = 3", "function = 0", "1:1: by which function is it read?; write function = 3"),
        ('source = "its manual, page 12"', "", "1:1: nobody knows where this is from; "),
        ('"high"', '"sure"', "7:1: how far is it to be believed?"),
        ("minimum = 0, maximum = 330", 'unit = "mV"', "10:2: voltage.a is in V everywhere; leave"),
        ("minimum = 0, maximum = 330", 'type = "counter"', "10:2: voltage.a is a number e"),
        ("maximum = 330", "maximum = -1", "10:2: voltage.a: no value can be; minimum must be"),
        ("[[registers]]", '"oil" = { type = "number", unit = "mmm", zh = "油" }\n\n[[registers]]',
         "13:2: oil: no unit 'mmm'; did you mean 'mm'?"),
        ("[[registers]]", '"oil" = { type = "number" }\n\n[[registers]]',
         "13:2: oil needs its names; write zh"),
        ("address = 0x0020", "address = 0xFFFF",
         "21:1: register 2: uint32 ends behind 0xFFFF; look at the address"),
        ("function = 3", "function = 3\nmax_registers = 1",
         "23:1: register 2: uint32 is longer than max_registers; raise max_registers"),
        ('type = "uint16"', 'type = "bit"', "16:1: register 1: function 3 gives no bit"),
        ("scale = 0.1", "scale = 0", "17:1: register 1: a scale of 0 makes every value 0"),
        ("address = 0x0010", "address = 0x0021",
         "15:1: register 1: voltage.a at 0x0021 overlaps energy.import, which ends at 0x0021"),
        ('point = "energy.import"', 'point = "voltage.a"',
         "14:1: register 1: voltage.a has two registers; a point has one"),
        ('"energy.import" = {', '"current.a" = {}\n"energy.import" = {',
         "11:2: nothing gives current.a; add [[registers]] with point = 'current.a'"),
        ('"voltage.a" = 230.0', '"voltage.a" = 231.0',
         "28:13: example 1: voltage.a is 230.0, not 231.0; look at address, type, order and scale"),
        ('"0x0010:08FC"', '"0x0010:8FC"', "28:1: example 1: it is rejected: '8FC'"),
        ('"0x0010:08FC", ', "", "28:13: example 1: voltage.a is bad, not 230.0"),
    ],
)  # fmt: skip
def test_what_would_tell_nonsense_is_told_at_its_line(
    tmp_path: Path, old: str, new: str, fault: str
) -> None:
    assert any(each.startswith(f"our-meter.toml:{fault}") for each in faults(tmp_path, old, new))


def test_all_of_it_is_told_at_once_in_the_order_of_the_file(tmp_path: Path) -> None:
    text = METER.replace('"high"', '"sure"').replace("scale = 0.1", "scale = 0")
    assert [each.line for each in problems(tmp_path, text)] == [7, 17, 28]


def test_words_of_a_state_must_be_the_point_s(tmp_path: Path) -> None:
    gate = (
        METER.replace("electricity_meter", "barrier_gate")
        .replace('"voltage.a" = { period = 10, minimum = 0, maximum = 330 }', '"arm.position" = {}')
        .replace('"energy.import" = { period = 60, minimum = 0 }', '"loop.occupied" = {}')
        .replace("voltage.a", "arm.position")
        .replace("energy.import", "loop.occupied")
        .partition("[[examples]]")[0]
    )
    found = problems(tmp_path, gate)
    assert "register 1: arm.position is one of open, closed" in str(found[0])
    assert in_chinese(found[0]).startswith("寄存器 1：arm.position 只能是 open, closed")
    known = gate.replace("scale = 0.1", 'decode = { "1" = "opened", "2" = "closed" }')
    (found_too,) = problems(tmp_path, known)
    assert str(found_too).endswith("1 cannot mean 'opened'; did you mean 'open'?")
    assert in_chinese(found_too) == "寄存器 1：1 不能是 opened；是不是 open？"


def test_faults_are_told_in_chinese_first_and_then_in_english(tmp_path: Path) -> None:
    file = tmp_path / "our-meter.toml"
    file.write_text(METER.replace("address = 0x0010", "adress = 0x0010"), encoding="utf-8")
    result = CliRunner().invoke(app, ["model", "check", str(file)])
    assert result.exit_code == 2
    assert result.output.replace(f"{tmp_path}/", "").splitlines() == [
        "our-meter.toml:15:1: 寄存器 1：不认识 adress 这个键；是不是 address？",
        "    our-meter.toml:15:1: register 1: key 'adress' is not known; did you mean 'address'?",
        "our-meter.toml:13:1: 寄存器 1：缺少 address",
        "    our-meter.toml:13:1: register 1: Object missing required field `address`",
    ]


@pytest.mark.parametrize(
    ("old", "new", "chinese"),
    [
        ('id = "our-meter"', 'id = "our', "不是 TOML 格式"),
        ("electricity_meter", "electricity_metre", "没有种类 electricity_metre；是不是"),
        ('driver = "modbus"\n', "", "缺少 driver"),
        ("function = 3", "function = 7", "function 不能是 7"),
        ('"voltage.a" = {', '"voltage.aa" = {', "没有测点 voltage.aa；是不是 voltage.a？"),
        ("period = 60,", 'period = "60",', "energy.import period 应是 float，不是 str"),
        ("address = 0x0020", "address = 65536", "寄存器 2：address 应 <= 65535"),
        ('order = "CDAB"', 'order = "CDBA"', "寄存器 2：没有字节次序 CDBA；是不是 DCBA？"),
        ('type = "uint32"', 'type = "unit32"', "寄存器 2：没有类型 unit32；是不是 uint32？"),
    ],
)
def test_what_cannot_be_read_is_told_in_chinese_too(
    tmp_path: Path, old: str, new: str, chinese: str
) -> None:
    told = [in_chinese(each) for each in problems(tmp_path, METER.replace(old, new, 1))]
    assert any(chinese in each for each in told), told


@pytest.mark.parametrize("model", MODELS.values(), ids=list(MODELS))
def test_no_shipped_model_has_a_fault_and_its_examples_decode(model: DeviceModel) -> None:

    assert list(find_faults(model, list(speak_all(MODELS)))) == []
    assert model.examples or model.driver != "modbus"
    for example in model.examples:
        assert list(run_example(model, example)) == []


def test_a_file_without_an_example_is_told_to_have_none(tmp_path: Path) -> None:
    assert "没有样例" in check(tmp_path, shipped_models()["tasmota-meter.toml"])
