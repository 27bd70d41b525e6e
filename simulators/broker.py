"""The demo's broker: mosquitto where the machine has it, else one that comes as a Python wheel.

Both listen on loopback with one login. mosquitto keeps sessions and retained states over a
restart; the embedded broker keeps them in memory only, so it serves a demo and nothing else.
"""

from __future__ import annotations

import asyncio
import base64
import getpass
import hashlib
import importlib.util
import os
import secrets
import shutil
import sys
from pathlib import Path

import aiomqtt

from hub.errors import LinkError
from simulators.line import BrokerAddress

PLACES = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/local/sbin"])
MOSQUITTO, IOTCORE = "mosquitto", "iotcore"
ROUNDS = 101
"""Rounds of PBKDF2 in mosquitto's own password files."""
MOSQUITTO_CONF = """\
listener {port} {host}
allow_anonymous false
password_file {folder}/passwords
user {user}
persistence true
persistence_location {folder}/
autosave_interval 1
max_queued_messages 1000000
max_inflight_messages 1000
set_tcp_nodelay true
log_dest stderr
log_type error
log_type warning
"""


def broker_command(folder: Path, address: BrokerAddress, *, wanted: str = "") -> list[str]:
    """Write a broker's files into `folder` and return the command that runs it.

    `wanted` is `mosquitto` or `iotcore`; without it mosquitto is preferred. Raises LinkError with
    what to install when there is none.
    """
    folder.mkdir(mode=0o700, exist_ok=True)
    program = shutil.which(MOSQUITTO, path=PLACES)
    if program and wanted in ("", MOSQUITTO):
        return [program, "-c", str(_write_mosquitto(folder, address))]
    if importlib.util.find_spec(IOTCORE) and wanted in ("", IOTCORE):
        secret = folder / "login"
        _write_secret(secret, f"{address.username}:{address.password}")
        place = [address.host, str(address.port)]
        return [sys.executable, "-m", "simulators.embedded_broker", *place, str(secret)]
    raise LinkError(
        "there is no MQTT broker for the demo; install one: pip install 'lingdang[demo]',"
        " or apt-get install mosquitto"
    )


async def wait_for_broker(address: BrokerAddress, *, within: float = 10.0) -> None:
    """Return once the broker welcomes its user; raises LinkError after `within` seconds."""
    try:
        async with asyncio.timeout(within):
            while not await _welcomes(address):  # noqa: ASYNC110  (another process, no event)
                await asyncio.sleep(0.05)
    except TimeoutError:
        raise LinkError(
            f"the broker on {address.host}:{address.port} does not answer; its log says why"
        ) from None


async def _welcomes(address: BrokerAddress) -> bool:
    client = aiomqtt.Client(
        address.host,
        address.port,
        username=address.username,
        password=address.password,
        protocol=aiomqtt.ProtocolVersion.V5,
        timeout=1,
    )
    try:
        async with client:
            return True
    except aiomqtt.MqttError:
        return False


def _write_mosquitto(folder: Path, address: BrokerAddress) -> Path:
    salt = secrets.token_bytes(12)
    key = hashlib.pbkdf2_hmac("sha512", address.password.encode(), salt, ROUNDS)
    scrambled = "$".join(base64.b64encode(part).decode() for part in (salt, key))
    _write_secret(folder / "passwords", f"{address.username}:$7${ROUNDS}${scrambled}\n")
    config = folder / "mosquitto.conf"
    config.write_text(
        MOSQUITTO_CONF.format(
            host=address.host, port=address.port, folder=folder, user=getpass.getuser()
        )
    )
    return config


def _write_secret(path: Path, text: str) -> None:
    path.touch(mode=0o600)
    path.write_text(text)
