"""`lingdang decode`: what an installer sees of one message."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hub.cli import app
from hub.errors import HubError

ENERGY = "6812907856341268910833333433896745335416"
STATE = '{"boot":"b7","seq":17,"ts":1764000000.123,"points":{"arm.position":"open"}}'


def decode(*words: str) -> list[dict[str, object]]:
    result = CliRunner().invoke(app, ["decode", *words], catch_exceptions=False)
    assert result.exit_code == 0
    return [json.loads(line) for line in result.stdout.splitlines()]


def refuse(*words: str) -> str:
    with pytest.raises(HubError) as error:
        CliRunner().invoke(app, ["decode", *words], catch_exceptions=False)
    return str(error.value)


def test_a_meter_s_answer_is_a_reading_with_its_unit() -> None:
    (line,) = decode("--driver", "dlt645", "--hex", ENERGY)
    assert list(line) == ["reading", "value", "unit", "quality", "at"]
    assert list(line.values())[:4] == ["energy.import", 1234.56, "kWh", "good"]


def test_a_meter_s_own_number_is_told() -> None:
    for driver, raw, number in (
        ("dlt645", "6812907856341268930645C3AB8967450716", "123456789012"),
        ("cjt188", "FF68100029152403262083030A81023616", "20260324152900"),
    ):
        (line,) = decode("--driver", driver, "--hex", raw)
        assert (line["event"], line["data"]) == ("address", {"address": number})


def test_only_the_registers_that_were_given_are_told() -> None:
    lines = decode(
        *("--driver", "modbus", "--model", "chint-dtsu666"),
        *("--registers", "0x2006:45105000", "--registers", "8260:459C4000"),
    )
    assert [(line["reading"], line["value"]) for line in lines] == [
        ("voltage.a", 230.9), ("frequency", 50.0),
    ]  # fmt: skip


def test_a_message_of_mqtt_comes_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "message.json"
    file.write_text(STATE, encoding="utf-8")
    (line,) = decode("--driver", "lingdang", "--topic", "ld/g/gate-1/state", str(file))
    assert (line["reading"], line["value"]) == ("arm.position", "open")
    assert line["at"] == "2025-11-25T00:00:00.123+08:00"


def test_a_message_of_another_dialect_needs_its_topic(tmp_path: Path) -> None:
    file = tmp_path / "message.json"
    file.write_text(
        '{"payload":{"AlarmInfoPlate":{"result":{"PlateResult":{"license":"5LqsQTEyMzQ1",'
        '"confidence":97,"timeStamp":{"Timeval":{"sec":1764000000}}}}}}}',
        encoding="utf-8",
    )
    reading, event = decode(
        "--driver", "vzenith", "--topic", "device/sn/message/up/ivs_result", str(file)
    )
    assert (reading["reading"], reading["value"]) == ("plate.confidence", 97)
    assert event["event"] == "plate.read"
    assert "京A12345" not in str(event)
    reason = refuse("--driver", "vzenith", "--topic", "device/sn", str(file))
    assert "is not device/SN/message/up/NAME" in reason


def test_a_message_that_may_be_of_several_names_the_device_of_each_fact(tmp_path: Path) -> None:
    file = tmp_path / "message.json"
    file.write_text('{"water_leak":true,"battery":97}', encoding="utf-8")
    lines = decode("--driver", "zigbee2mqtt", "--topic", "zigbee2mqtt/泵房 1", str(file))
    assert [(line["reading"], line["value"]) for line in lines] == [
        ("leak", True), ("battery.charge", 97),
    ]  # fmt: skip
    assert {line["device"] for line in lines} == {"1-005f4097"}
    file.write_text('{"action":"single"}', encoding="utf-8")
    (line,) = decode("--driver", "zigbee2mqtt", "--topic", "zigbee2mqtt/sos", str(file))
    assert line["event"] == "button.pressed"


def test_an_announcement_is_told_with_its_guess(tmp_path: Path) -> None:
    file = tmp_path / "message.json"
    said = '{"stat_t":"tele/tasmota_1/SENSOR","dev":{"ids":"5A"}}'
    file.write_text(said, encoding="utf-8")
    topic = "homeassistant/sensor/x/config"
    (line,) = decode("--driver", "homeassistant", "--topic", topic, str(file))
    assert line["event"] == "announced"
    assert line["data"] == {
        "address": "5A",
        "guess": "tasmota: no maker named, heard at tele/tasmota_1/SENSOR",
    }


def test_a_file_of_a_meter_holds_its_bytes_or_their_hexadecimal(tmp_path: Path) -> None:
    for name, content in (("a.hex", ENERGY.encode()), ("a.bin", bytes.fromhex(ENERGY))):
        file = tmp_path / name
        file.write_bytes(content)
        assert decode("--driver", "dlt645", str(file))[0]["value"] == 1234.56


HOSTS = Path(__file__).parents[1] / "fixtures" / "devices"


@pytest.mark.parametrize(
    ("driver", "file", "facts"),
    [
        ("isapi", "heartbeat.xml", [("online", True)]),
        ("isapi", "door-forced.json", [("door.open", True), ("door.forced", {"door": 1})]),
        ("isapi", "covered.xml", [("picture.ok", False)]),
        ("vzenith-push", "heartbeat.form", [("online", {})]),
        ("dahua", "video-loss.txt", [("video.lost", {})]),
        ("dahua", "card.txt", [("access.granted", {})]),
        ("rtsp", "described.txt", [("online", True), ("stream.ok", True)]),
        ("rtsp", "refused.txt", [("online", True), ("stream.ok", None)]),
        ("gb28181", "catalog.xml", [("online", True)]),
        ("gb28181", "alarm.xml", [("video.lost", {})]),
        (
            "vzenith-push",
            "plate.json",
            [("plate.confidence", 97), ("plate.read", {"record": 1234, "plate": "hidden"})],
        ),
        (
            "vzenith-push",
            "plate-hidden.txt",
            [
                ("plate.confidence", 97),
                ("plate.read", {"record": 1234, "plate": "0123456789abcdef"}),
            ],
        ),
    ],
)
def test_a_message_of_a_host_is_read_by_the_model_that_makes_most_of_it(
    driver: str, file: str, facts: list[tuple[str, object]]
) -> None:
    lines = decode("--driver", driver, str(HOSTS / driver / file))
    assert facts == [
        (line.get("reading", line.get("event")), line.get("value", line.get("data")))
        for line in lines
    ]


def test_a_model_of_one_s_own_counts_too(tmp_path: Path) -> None:
    file = tmp_path / "ours.toml"
    file.write_text(
        'id = "ours"\nkind = "electricity_meter"\ndriver = "dlt645"\nname = {}\n'
        '[points]\n"energy.export" = {}\n'
        '[[items]]\npoint = "energy.export"\ndi = "00010000"\nformat = "XXXXXX.XX"\n',
        encoding="utf-8",
    )
    own = ("--driver", "dlt645", "--models", str(file), "--model", "ours", "--hex", ENERGY)
    assert decode(*own)[0]["reading"] == "energy.export"


def test_a_question_says_nothing_and_is_no_fault() -> None:
    question = "68610100000000681104333334331416"
    result = CliRunner().invoke(app, ["decode", "--driver", "dlt645", "--hex", question])
    assert (result.exit_code, result.stdout) == (0, "")
    assert "it says nothing" in result.stderr


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("--driver", "dlt645", "--hex", ENERGY[:-4] + "5516"), "checksum is 55"),
        (("--driver", "cjt188", "--hex", ENERGY), "no whole frame in its 20 bytes"),
        (
            ("--driver", "dlt654", "--hex", ENERGY),
            "there are lingdang, modbus, dlt645, cjt188, vzenith",
        ),
        (("--driver", "dlt645", "--hex", "6g"), "'6g' is not hexadecimal"),
        (("--driver", "dlt645"), "say what came"),
        (("--driver", "modbus", "--registers", "1:0001"), "say which --model: abb-b-series"),
        (
            ("--driver", "modbus", "--model", "chint-dtsu66", "--registers", "1:0001"),
            "did you mean 'chint-dtsu666'",
        ),
        (
            ("--driver", "modbus", "--model", "chint-dtsu666", "--registers", "1:00"),
            "is not ADDR:HEX",
        ),
        (("--driver", "lingdang", "--topic", "ld/g/x/state", "--hex", "00"), "ld/g/x/state"),
        (("--driver", "lingdang", "--topic", "x", "--hex", "00"), "is not ld/community"),
        (("--driver", "dlt645", "no-such-file"), "no-such-file: No such file"),
        (("--driver", "dlt645", "--models", "none.toml", "--hex", ENERGY), "none.toml"),
    ],
)
def test_what_must_be_rejected_is_rejected_with_its_reason(
    words: tuple[str, ...], reason: str
) -> None:
    assert reason in refuse(*words)
