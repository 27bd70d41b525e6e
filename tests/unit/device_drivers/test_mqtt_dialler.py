"""Which client opens the connections to a broker."""

import msgspec
import pytest

from device_drivers.links.mqtt_dialler import Dialler, is_fast
from device_drivers.links.mqtt_settings import MqttSettings

BROKER = MqttSettings(host="broker", community="gs")


@pytest.mark.parametrize(
    ("client", "protocol", "installed", "fast"),
    [
        ("auto", "5", True, True),
        ("auto", "5", False, False),
        ("auto", "3.1.1", True, False),
        ("paho", "5", True, False),
        ("fast", "5", True, True),
        ("fast", "3.1.1", True, False),
    ],
)
def test_the_fast_client_is_preferred_where_it_is_installed_and_mqtt_5_is_spoken(
    monkeypatch: pytest.MonkeyPatch,
    client: str,
    protocol: str,
    installed: bool,
    fast: bool,
) -> None:
    monkeypatch.setattr("device_drivers.links.mqtt_dialler.has_codec", lambda: installed)
    settings = msgspec.structs.replace(BROKER, client=client, protocol=protocol)
    assert is_fast(settings) == fast


def test_the_log_names_library_version_and_protocol() -> None:
    old = msgspec.structs.replace(BROKER, protocol="3.1.1")
    assert Dialler(old).client.startswith("paho (paho-mqtt 2.")
    assert Dialler(old).client.endswith("), MQTT 3.1.1")
    fast = msgspec.structs.replace(BROKER, client="fast")
    assert Dialler(fast).client == "fast (mqtt5 0.8.0), MQTT 5"
