"""`lingdang broker-config`: writes mosquitto's files, and never over others unasked."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import cast, get_args

import msgspec

from hub.assembly.loading import load_world, read_settings
from hub.assembly.site_books import stored_books
from hub.commands.broker_grants import find_grants, of_dtus, of_home_assistant
from hub.commands.broker_profile import (
    Profile,
    Version,
    find_speakers,
    render_acl,
    render_conf,
)
from hub.errors import ConfigError, Problem
from hub.settings import MqttSettings, Settings

Echo = Callable[[str], None]
PRIVATE = 0o600
READABLE = 0o644
HASHER = "mosquitto_passwd"
SECRETS = "passwords.txt"
"""The passwords as they are, for handing out: one `user:password` a line."""
HASHED = ("hub.passwords", "device.passwords")
"""What mosquitto reads: the hub comes in only at its own listener, a device only at the other."""


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What the command was told; `folder` is where mosquitto will find the files."""

    out: Path
    folder: str
    version: Version
    passwords: bool
    force: bool


def version_of(text: str) -> Version:
    """Return the version that `--for` names; ConfigError for one that has no profile."""
    for version in get_args(Version):
        if text == version:
            return cast("Version", version)
    raise ConfigError(
        Problem(file="--for", message=f"no profile for mosquitto {text!r}", hint="2.0 or 2.1")
    )


def write_broker_config(config: Path, order: Order, echo: Echo) -> int:
    """Write the files for the registry of `config`; 0 when they stand. ConfigError when not."""
    settings, problems = read_settings(config)
    known, states = stored_books(settings.store.path)
    world = load_world(settings, known, problems=problems, states=states)
    if world.problems:
        raise ConfigError(*world.problems)
    mqtt = settings.mqtt or MqttSettings()
    user = mqtt.username or "hub"
    devices, file = world.site.devices, str(settings.site.devices)
    grants = find_grants(devices, settings.family, hub_user=user, file=file)
    of_lines, dtus = of_dtus(settings.dtu)
    of_hub, readers = of_home_assistant(settings.home_assistant, settings.community.id)
    profile = Profile(
        community=settings.community.id,
        hub_user=user,
        speakers=find_speakers(devices, hub_user=user, file=file),
        families=settings.family,
        grants=_joined(grants, readers, dtus),
        of_hub=[*of_hub, *of_lines],
        folder=order.folder,
        version=order.version,
        passwords=order.passwords,
    )
    _write(profile, order, settings, echo)
    return 0


def _joined(*tables: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """Return the lines of each user in all tables."""
    users = {user for table in tables for user in table}
    return {user: [line for table in tables for line in table.get(user, ())] for user in users}


def _write(profile: Profile, order: Order, settings: Settings, echo: Echo) -> None:
    modes = {"mosquitto.conf": READABLE, "acl": READABLE, SECRETS: PRIVATE}
    files = {"mosquitto.conf": render_conf(profile), "acl": render_acl(profile)}
    if order.passwords:
        files[SECRETS] = _secrets(profile, order, settings)
    changed = _changed(files, order)
    order.out.mkdir(parents=True, exist_ok=True)
    if SECRETS in changed or (order.passwords and not _are_there(order.out)):
        for name, text in _hash(files[SECRETS], profile.hub_user).items():
            replace_file(order.out / name, text, PRIVATE)
            echo(f"{order.out / name}: written, mode 0600; give it to mosquitto (chown)")
    for name, text in changed.items():
        replace_file(order.out / name, text, modes[name])
        echo(f"{order.out / name}: written")
    for name in files.keys() - changed.keys():
        echo(f"{order.out / name}: unchanged")
    if profile.version != "2.0":
        echo("the profile for mosquitto 2.1 was not tried in this form: try it before use")


def _changed(files: Mapping[str, str], order: Order) -> dict[str, str]:
    """Return what differs from the folder; ConfigError when that needs --force."""
    changed = {name: text for name, text in files.items() if _read(order.out / name) != text}
    taken = [name for name in changed if (order.out / name).exists()]
    if taken and not order.force:
        hint = "add --force to replace it, or name another --out"
        raise ConfigError(
            *(
                Problem(file=str(order.out / name), message="it is there, and differs", hint=hint)
                for name in taken
            )
        )
    return changed


def _secrets(profile: Profile, order: Order, settings: Settings) -> str:
    """Write a password for each user; those that the folder has already stay."""
    lines = _read(order.out / SECRETS).splitlines()
    known = dict(line.split(":", 1) for line in lines if ":" in line)
    if settings.mqtt and settings.mqtt.password:
        known[profile.hub_user] = settings.mqtt.password
    users = (profile.hub_user, *sorted({*profile.speakers, *profile.grants}))
    return "".join(f"{user}:{known.get(user) or secrets.token_urlsafe(32)}\n" for user in users)


def _hash(plain: str, hub_user: str) -> dict[str, str]:
    hub = [line for line in plain.splitlines() if line.startswith(f"{hub_user}:")]
    devices = [line for line in plain.splitlines() if line not in hub]
    return {name: _hashed(lines) for name, lines in zip(HASHED, (hub, devices), strict=True)}


def _hashed(lines: list[str]) -> str:
    """Have mosquitto's own program hash passwords, in a folder that nobody else sees."""
    program = shutil.which(HASHER)
    if program is None:
        hint = "apt-get install mosquitto, or leave --passwords away"
        raise ConfigError(Problem(file=HASHER, message="it is not installed", hint=hint))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "passwords"
        replace_file(path, "".join(f"{line}\n" for line in lines), PRIVATE)
        try:
            if lines:
                subprocess.run([program, "-U", str(path)], check=True, capture_output=True)  # noqa: S603 - its own file
        except subprocess.CalledProcessError as error:
            message = error.stderr.decode(errors="replace").strip()
            raise ConfigError(Problem(file=HASHER, message=message)) from error
        return path.read_text("utf-8")


def replace_file(path: Path, text: str, mode: int) -> None:
    """Put a whole file in place at once; a secret is never readable, not even for an instant."""
    new = path.with_name(f".{path.name}.new")
    new.unlink(missing_ok=True)
    with os.fdopen(
        os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w", encoding="utf-8"
    ) as f:
        f.write(text)
    new.replace(path)


def _are_there(folder: Path) -> bool:
    return all((folder / name).exists() for name in HASHED)


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except FileNotFoundError:
        return ""
