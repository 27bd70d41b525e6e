"""`lingdang model try` on simulated devices: values, doubts, and what to change in the file."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from device_drivers.catalogue import shipped_models
from hub.commands.model_trial import try_model
from hub.commands.trial_report import Target
from hub.errors import ConfigError, InvalidRequestError, LinkError
from simulators.board import Board
from simulators.bus import Bus, Framing, Hearing, Slave, Unit
from simulators.converter import Converter, electricity, water
from simulators.meter import ElectricityMeter, WaterMeter
from simulators.registers import BY_MODEL

pytestmark = pytest.mark.integration
HOST, NOON = "127.0.0.1", 1_795_500_000.0
POWER = ElectricityMeter(mean_power=3000, counted=1000, phase=1.0)
ADDRESS = re.compile(r"address = (0x[0-9A-F]+)")
NUMBER, WATER = "123456789012", "78330011223344"


async def on_a_bus(
    slave: Unit, file: Path, spoken: Framing = Framing.TCP, **target: object
) -> tuple[bool, str]:
    server = await Bus({1: slave}, spoken, lambda: NOON).serve(HOST, 0)
    port = server.sockets[0].getsockname()[1]
    wish: dict[str, object] = {"framing": spoken.value, "seconds": 0, "timeout": 0.2, **target}
    said: list[str] = []
    try:
        aim = Target(host=HOST, port=port, **wish)  # type: ignore[arg-type]
        good = await asyncio.to_thread(try_model, file, aim, said.append)
    finally:
        server.close()
        await server.wait_closed()
    return good, "\n".join(said)


def changed(folder: Path, model: str, change: Callable[[str], str]) -> Path:
    file = folder / "our.toml"
    file.write_text(change(shipped_models()[f"{model}.toml"]), encoding="utf-8")
    return file


def dtsu666() -> Slave:
    return Slave(POWER, BY_MODEL["chint-dtsu666"])


@pytest.mark.parametrize("framing", Framing)
async def test_each_point_has_a_line_with_value_unit_and_raw_words(framing: Framing) -> None:
    good, said = await on_a_bus(dtsu666(), Path("chint-dtsu666"), framing)
    assert good
    assert "合理 ok   voltage.a        " in said
    assert re.search(r"voltage\.a +22\d\.\d+ V +\[45[0-9A-F]{2} [0-9A-F]{4}\]", said)
    assert "11/11 个测点合理。 11 of 11 points make sense." in said
    assert "→" not in said


@pytest.mark.parametrize(
    ("change", "advice"),
    [
        (lambda t: t.replace('type = "float32"', 'type = "float32"\norder = "CDAB"'),
         '→ 试试 order = "ABCD"：10/11 个测点有合理的值，现在是'),
        (lambda t: t.replace('type = "float32"', 'type = "float32"\norder = "DCBA"'),
         'try order = "ABCD": 10/11 points have values that make sense'),
        (lambda t: t.replace("function = 3", "function = 4"), "→ 试试 function = 3：10/11"),
        (lambda t: ADDRESS.sub(lambda a: f"address = {int(a[1], 16) + 1:#06x}", t),
         "→ 试试 每个 address -1：10/11"),
    ],
)  # fmt: skip
async def test_what_is_wrong_in_the_file_is_found_by_what_would_make_sense(
    tmp_path: Path, change: Callable[[str], str], advice: str
) -> None:
    file = changed(tmp_path, "chint-dtsu666", change)
    good, said = await on_a_bus(dtsu666(), file)
    assert not good
    assert advice in said, said


async def test_a_board_of_inputs_is_tried_as_a_meter_is() -> None:
    board = Board(inputs=16, relays=0)
    board.inputs[4] = True
    good, said = await on_a_bus(board, Path("adam-16di"))
    assert good
    assert re.search(r"合理 ok   input\.5 +True +\[0001\]", said)
    good, said = await on_a_bus(Board(inputs=8, relays=8), Path("adam-16di"))
    assert not good
    assert "没有这个地址（非法地址 02）" in said


async def test_a_power_that_is_not_voltage_times_current_is_doubted(tmp_path: Path) -> None:
    def in_watts(text: str) -> str:
        return text.replace("scale = 0.0001", "scale = 0.1")

    good, said = await on_a_bus(dtsu666(), changed(tmp_path, "chint-dtsu666", in_watts))
    assert not good
    (line,) = (each for each in said.splitlines() if "power.active" in each)
    assert "可疑 odd" in line
    assert "是否差 1000 倍？" in line


async def test_a_register_that_is_not_there_is_told_by_its_exception(tmp_path: Path) -> None:
    file = changed(tmp_path, "chint-dtsu666", lambda text: text.replace("0x2044", "0x3000"))
    good, said = await on_a_bus(dtsu666(), file)
    assert not good
    assert "没有这个地址（非法地址 02）。 there is no such address (02)." in said


async def test_a_silent_slave_and_what_its_gateway_says_of_it_are_told_apart() -> None:
    for hearing, words in (
        (Hearing.SILENT, "网关通，从站 1 没有回答：看从站号、接线 A/B、波特率"),
        (Hearing.REPORTED, "网关通，但它说从站 1 没有回答：看从站号、接线 A/B、网关的波特率"),
    ):
        slave = dtsu666()
        slave.hearing = hearing
        with pytest.raises(LinkError, match=words):
            await on_a_bus(slave, Path("chint-dtsu666"))
    aim = Target(host=HOST, port=9)
    with pytest.raises(LinkError, match=r"连不上网关 .*:9：看网关有没有电"):
        await asyncio.to_thread(try_model, Path("chint-dtsu666"), aim, print)


async def test_a_wrong_word_is_told() -> None:
    for wrong in (0, 248):
        with pytest.raises(InvalidRequestError, match="--framing 写 tcp 或 rtu_over_tcp"):
            await on_a_bus(dtsu666(), Path("chint-dtsu666"), unit=wrong)
    with pytest.raises(InvalidRequestError, match="--framing 写 tcp 或 rtu_over_tcp"):
        await on_a_bus(dtsu666(), Path("chint-dtsu666"), framing="ascii")


async def test_a_file_with_faults_is_not_tried(tmp_path: Path) -> None:
    file = changed(
        tmp_path, "chint-dtsu666", lambda text: text.replace("scale = 0.01", "scale = 0")
    )
    with pytest.raises(ConfigError, match="a scale of 0"):
        await on_a_bus(dtsu666(), file)


async def on_a_line(model: str, **target: object) -> tuple[bool, str]:
    running = WaterMeter(daily=20, counted=500, shift=300)
    meters = [electricity(NUMBER, POWER, time.time), water(WATER, running, time.time)]
    said: list[str] = []
    async with Converter(meters).serving() as port:
        aim = Target(host=HOST, port=port, timeout=0.3, **target)  # type: ignore[arg-type]
        good = await asyncio.to_thread(try_model, Path(model), aim, said.append)
    return good, "\n".join(said)


async def test_meters_of_a_transparent_line_are_tried_by_their_number() -> None:
    _, said = await on_a_line("dlt645-2007", address=NUMBER)
    assert "合理 ok   energy.import" in said
    good, said = await on_a_line("cjt188-water", address=WATER)
    assert good
    assert "合理 ok   volume.total" in said
    with pytest.raises(LinkError, match="没有回答：看表号"):
        await on_a_line("dlt645-2007", address="000000000001")
    with pytest.raises(InvalidRequestError, match="--address 写表号"):
        await on_a_line("cjt188-water")
    with pytest.raises(InvalidRequestError, match="请用 lingdang decode"):
        await on_a_line("tasmota-meter")
