import asyncio
import base64
import hashlib
from pathlib import Path

import pytest

from hub.errors import LinkError
from simulators import broker
from simulators.broker import IOTCORE, MOSQUITTO, broker_command
from simulators.line import BrokerAddress

ADDRESS = BrokerAddress(host="127.0.0.1", port=21000, username="demo", password="open sesame")


@pytest.fixture
def has_mosquitto(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broker.shutil, "which", lambda name, path: f"/somewhere/{name}")


@pytest.fixture
def has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broker.shutil, "which", lambda name, path: None)
    monkeypatch.setattr(broker.importlib.util, "find_spec", lambda name: None)


def test_mosquitto_is_preferred_and_keeps_what_it_is_told(
    has_mosquitto: None, tmp_path: Path
) -> None:
    command = broker_command(tmp_path / "b", ADDRESS)
    assert command[0] == "/somewhere/mosquitto"
    config = Path(command[2]).read_text()
    for line in (
        "listener 21000 127.0.0.1",
        "allow_anonymous false",
        "persistence true",
        "autosave_interval 1",
        "max_queued_messages 1000000",
    ):
        assert line in config.splitlines()


def test_the_password_stands_in_mosquittos_file_as_its_own_kind_of_hash(
    has_mosquitto: None, tmp_path: Path
) -> None:
    broker_command(tmp_path / "b", ADDRESS)
    name, _, scrambled = (tmp_path / "b" / "passwords").read_text().strip().partition(":")
    _, kind, rounds, salt, key = scrambled.split("$")
    expected = hashlib.pbkdf2_hmac(
        "sha512", ADDRESS.password.encode(), base64.b64decode(salt), int(rounds)
    )
    assert (name, kind) == ("demo", "7")
    assert base64.b64decode(key) == expected
    assert ADDRESS.password not in (tmp_path / "b" / "mosquitto.conf").read_text()


def test_the_wheel_serves_where_it_is_wanted_without_its_password_on_the_command_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(broker.importlib.util, "find_spec", lambda name: name)
    command = broker_command(tmp_path / "b", ADDRESS, wanted=IOTCORE)
    assert command[1:5] == ["-m", "simulators.embedded_broker", "127.0.0.1", "21000"]
    assert ADDRESS.password not in " ".join(command)
    assert Path(command[5]).read_text() == "demo:open sesame"


@pytest.mark.parametrize("wanted", ["", MOSQUITTO, IOTCORE])
def test_without_any_broker_people_are_told_what_to_install(
    wanted: str, has_none: None, tmp_path: Path
) -> None:
    with pytest.raises(LinkError, match=r"pip install 'lingdang\[demo\]'"):
        broker_command(tmp_path / "b", ADDRESS, wanted=wanted)


@pytest.mark.parametrize(
    ("connect", "level"),
    [
        (b"\x10\x20\x00\x04MQTT\x05\x02\x00", 5),
        (b"\x10\x20\x00\x04MQTT\x04\x02\x00", 4),
        (b"\x10\xff\x01\x00\x04MQTT\x05", 5),
        (b"\x10\x20\x00\x06MQIsdp\x03\x02", 3),
    ],
)
async def test_the_porter_reads_the_version_and_not_a_byte_more(connect: bytes, level: int) -> None:
    embedded = pytest.importorskip("simulators.embedded_broker", exc_type=ImportError)
    reader = asyncio.StreamReader()
    reader.feed_data(connect)
    reader.feed_eof()
    opening, version = await embedded.read_opening(reader)
    assert version == level
    assert opening + await reader.read() == connect


async def test_a_guest_who_leaves_in_the_door_is_no_guest() -> None:
    embedded = pytest.importorskip("simulators.embedded_broker", exc_type=ImportError)
    reader = asyncio.StreamReader()
    reader.feed_data(b"\x10\x20\x00")
    reader.feed_eof()
    with pytest.raises(asyncio.IncompleteReadError):
        await embedded.read_opening(reader)
