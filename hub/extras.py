"""Which parts are installed beside the core."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from typing import Literal

from hub.config.toml_reader import TomlReader

Client = Literal["auto", "paho", "fast"]
"""The MQTT libraries; "auto" is "fast" where that is installed and the broker speaks MQTT 5."""
CODEC = "mqtt5"
CODEC_VERSION = "0.8.0"
"""Exactly this one: the package renames its classes between releases. As in `pyproject.toml`."""


def has_codec() -> bool:
    """Tell whether the extra `fast` is installed, in the version that the hub knows."""
    try:
        return version(CODEC) == CODEC_VERSION
    except PackageNotFoundError:
        return False


def has_apprise() -> bool:
    """Tell whether the extra `apprise` is installed."""
    try:
        version("apprise")
    except PackageNotFoundError:
        return False
    return True


def check_client(reader: TomlReader, client: Client, protocol: int) -> Client:
    """Return the MQTT `client` if it can be used here; otherwise note why not, and say "auto"."""
    fault = hint = ""
    if client == "fast" and protocol != 5:  # noqa: PLR2004 - the protocol's name
        fault, hint = "'fast' speaks MQTT 5 only", 'write protocol = 5, or client = "paho"'
    elif client == "fast" and not has_codec():
        fault = f"'fast' needs {CODEC} {CODEC_VERSION}, which is not installed"
        hint = 'pip install -r requirements/fast.txt, or write client = "paho"'
    if not fault:
        return client
    reader.add(fault, "mqtt", "client", hint=hint)
    return "auto"
