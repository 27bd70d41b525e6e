"""What mosquitto is told: limits with their reasons, and who may say and hear what.

The values are those of `deploy/mosquitto/mosquitto.conf`; a test holds the two together.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Literal

import msgspec

from device_drivers.links.mqtt_settings import HUB_ADDRESS, LAST_WORDS
from hub.assembly.dialects import families, sessions
from hub.config.families import FamilySettings
from hub.errors import ConfigError, Problem
from hub.model.device import Device, Lifecycle

Version = Literal["2.0", "2.1"]

UP = tuple(word for words in LAST_WORDS.values() for word in words)
"""The last words of the topics on which a device speaks."""
PROBE = "doctor"
"""The last word of the topic on which `lingdang doctor` talks to itself; no session reads it."""
BELLS = "bell"
"""The word below which the bells of kind mqtt ring, each on the topic of its id."""
ACCOUNT = "account"
"""The column of `devices.csv` with the user (a gateway's address) that speaks for a device."""

_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_LIMITS: tuple[tuple[str, str], ...] = (
    ("max_queued_messages 1000000", "The default keeps 1,000 and acknowledges what it drops."),
    ("max_queued_bytes 2147483648", "The same bound in bytes; not 0, which some read as nothing."),
    ("max_inflight_messages 1000", "At least the hub's Receive Maximum, which holds the flow."),
    ("upgrade_outgoing_qos true", "QoS 0 to a hub that is away is lost; raised, it waits."),
    ("persistent_client_expiration 7d", "Sessions of devices that are gone do not stay for ever."),
    (
        "max_packet_size 65536",
        "Ends the connection; message_size_limit would lose and say Success.",
    ),
    ("max_keepalive 120", "An MQTT 5 device that is dead is told of within minutes."),
    ("sys_interval 10", "The hub and the doctor read the broker's own figures."),
)
_KEPT: Mapping[Version, tuple[tuple[str, str], ...]] = {
    "2.0": (
        ("persistence true", "Without it a restart loses all that waits."),
        (
            "persistence_location /var/lib/mosquitto/",
            "A partition of its own: a full disk harms it.",
        ),
        (
            "autosave_interval 1",
            "With the next line: written after each change, not each half hour;",
        ),
        ("autosave_on_changes true", "kill -9 loses at most what was acknowledged last."),
    ),
    "2.1": (
        ("persistence_location /var/lib/mosquitto/", "NOT TRIED in this form: try it before use."),
        (
            "global_plugin /usr/lib/mosquitto/mosquitto_persist_sqlite.so",
            "A database in its place;",
        ),
        ("plugin_opt_flush_period 0", "the default of 5 s lost 500 of 500 acknowledged messages,"),
        ("plugin_opt_sync full", "with both lines none."),
    ),
}


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """A broker to be: `speakers` maps a user to the addresses for which it speaks.

    `folder` is where mosquitto finds the files; without `passwords` devices show certificates.
    """

    community: str
    hub_user: str
    speakers: Mapping[str, Sequence[str]]
    folder: str = "/etc/mosquitto"
    version: Version = "2.0"
    passwords: bool = False
    families: Sequence[FamilySettings] = ()
    """Further dialects; what their devices may say is in `grants`."""
    grants: Mapping[str, Sequence[str]] = {}
    """User → further lines of the ACL."""
    of_hub: Sequence[str] = ()
    """Further lines of the hub's own user."""


def in_use(devices: Iterable[Device], link: str) -> Iterator[Device]:
    """Yield the devices of a link that may speak."""
    idle = {Lifecycle.PLANNED, Lifecycle.RETIRED}
    return (each for each in devices if each.link == link and each.state not in idle)


def user_of(device: Device) -> str:
    """Return the user under which a device comes to the broker."""
    return str(device.attributes.get(ACCOUNT) or device.address)


def find_speakers(devices: Iterable[Device], *, hub_user: str, file: str) -> dict[str, list[str]]:
    """Map each user to its addresses; ConfigError for names that an ACL cannot hold safely."""
    speakers: dict[str, list[str]] = {}
    problems: list[Problem] = []
    for device in in_use(devices, "mqtt"):
        user = user_of(device)
        problems += check_names(device, hub_user, file)
        speakers.setdefault(user, []).append(device.address)
    if problems:
        raise ConfigError(*problems)
    return {user: sorted(speakers[user]) for user in sorted(speakers)}


def check_names(device: Device, hub_user: str, file: str) -> Iterator[Problem]:
    """Yield what is wrong with the names of a device that may speak."""
    user = user_of(device)
    if not all(_NAME.fullmatch(name) for name in (user, device.address)):
        message = f"{device.id}: user {user!r} or address {device.address!r} is no safe name"
        yield Problem(file=file, message=message, hint="use A-Z a-z 0-9 _ -")
    elif {hub_user, HUB_ADDRESS} & {user, device.address}:
        message = f"{device.id}: {user!r} or its address is the hub's own name"
        yield Problem(file=file, message=message, hint="give it another name")


def render_acl(profile: Profile) -> str:
    """Write the ACL: what is not named is denied, silently to an MQTT 3.1.1 client."""
    own = f"ld/{profile.community}/{HUB_ADDRESS}"
    lines = [
        "# Written by `lingdang broker-config`; change the registry, not this file.",
        "# The hub hears all devices; it alone sends commands and reads the broker's figures.",
        f"user {profile.hub_user}",
        *(f"topic read ld/{profile.community}/+/{word}" for word in UP),
        f"topic write ld/{profile.community}/+/cmd",
        *(f"topic readwrite {own}/{word}" for word in (*_canaries(), PROBE)),
        f"topic write {own}/{BELLS}/#",
        "topic read $SYS/#",
        *_family_lines(profile, own),
        *profile.of_hub,
    ]
    for user in sorted({*profile.speakers, *profile.grants}):
        lines += ["", f"user {user}"]
        for address in profile.speakers.get(user, ()):
            topic = f"ld/{profile.community}/{address}"
            lines += [*(f"topic write {topic}/{word}" for word in UP), f"topic read {topic}/cmd"]
        lines += profile.grants.get(user, ())
    return "\n".join(lines) + "\n"


def _family_lines(profile: Profile, own: str) -> Iterator[str]:
    """Yield what the hub may hear of further dialects, and its canaries there."""
    for session in sessions(profile.families):
        yield from (f"topic read {each}" for each in session.topics)
        yield f"topic readwrite {own}/{session.word}"


def render_conf(profile: Profile) -> str:
    """Write mosquitto.conf: two listeners, the limits, and what survives a power cut."""
    blocks = [
        ["# Written by `lingdang broker-config`; each value has a reason that was measured."],
        ["per_listener_settings true"],
        _hub_listener(profile),
        _device_listener(profile),
        *([f"# {why}", line] for line, why in (*_limits(profile), *_KEPT[profile.version])),
        ["log_dest stderr", "log_type error", "log_type warning", "log_type notice"],
    ]
    return "\n\n".join("\n".join(block) for block in blocks) + "\n"


def _limits(profile: Profile) -> Iterator[tuple[str, str]]:
    """Yield the limits, with packets as large as the dialects need them."""
    largest = max((families()[each.dialect].topics.largest for each in profile.families), default=0)
    for line, why in _LIMITS:
        word, _, value = line.partition(" ")
        more = word == "max_packet_size" and largest > int(value)
        yield (f"{word} {largest}", f"{why} A bridge sends long lists.") if more else (line, why)


def _canaries() -> tuple[str, ...]:
    return tuple(words[0] for words in LAST_WORDS.values())


def _hub_listener(profile: Profile) -> list[str]:
    return [
        "# The hub, on this machine only. It keeps three sessions, so its client ids are its own.",
        f"# By hand: mosquitto_passwd -c {profile.folder}/hub.passwords {profile.hub_user}",
        "listener 1883 127.0.0.1",
        "allow_anonymous false",
        f"password_file {profile.folder}/hub.passwords",
        f"acl_file {profile.folder}/acl",
        "max_connections 16",
    ]


def _device_listener(profile: Profile) -> list[str]:
    folder = profile.folder
    known = (
        [f"password_file {folder}/device.passwords"]
        if profile.passwords
        else ["require_certificate true", "use_identity_as_username true"]
    )
    return [
        "# Devices. The user is the client id as well: else a device under the hub's client id",
        "# takes over the hub's session, and what waits in it is gone.",
        "listener 8883",
        "allow_anonymous false",
        f"cafile {folder}/certs/ca.crt",
        f"certfile {folder}/certs/server.crt",
        f"keyfile {folder}/certs/server.key",
        "tls_version tlsv1.2",
        *known,
        "use_username_as_clientid true",
        f"acl_file {folder}/acl",
        "max_connections 5000",
    ]
