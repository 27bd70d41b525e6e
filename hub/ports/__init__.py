"""Ports: how layers meet neighbours that they do not know; `hub.app` hands in who is behind."""

from hub.ports.link import CommandSender, Driver, Envelope, Inbox, Link, LinkWatch, Registers
from hub.ports.reader import Desk, DeviceView, IncidentProjector, Live, PointView, Pulse
from hub.ports.row import (
    Changes,
    CursorRow,
    DigestRow,
    Document,
    EventRow,
    FeedRow,
    HeardRow,
    NewcomerRow,
    PointRow,
    QuarantineRow,
    ReadingRow,
    Snapshot,
    StateRow,
)
from hub.ports.store import Archive, Books, Committer, HistoryPage

__all__ = [
    "Archive",
    "Books",
    "Changes",
    "CommandSender",
    "Committer",
    "CursorRow",
    "Desk",
    "DeviceView",
    "DigestRow",
    "Document",
    "Driver",
    "Envelope",
    "EventRow",
    "FeedRow",
    "HeardRow",
    "HistoryPage",
    "Inbox",
    "IncidentProjector",
    "Link",
    "LinkWatch",
    "Live",
    "NewcomerRow",
    "PointRow",
    "PointView",
    "Pulse",
    "QuarantineRow",
    "ReadingRow",
    "Registers",
    "Snapshot",
    "StateRow",
]
