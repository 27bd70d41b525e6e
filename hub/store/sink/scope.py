"""Whose readings may leave the hub."""

from __future__ import annotations

from hub.model.device import Device

HOUSEHOLD = "household"
"""A meter's `scope` attribute: its readings are a family's business."""


def is_public(device: Device) -> bool:
    """Tell whether a device measures something common, and no household."""
    return device.attributes.get("scope") != HOUSEHOLD
