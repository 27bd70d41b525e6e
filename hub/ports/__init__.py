"""Ports: how layers meet neighbours that they do not know; `hub.app` hands in who is behind."""

from hub.ports.broker import BrokerFigures, BrokerListener
from hub.ports.course import Courses
from hub.ports.duty import EscalationOffice, RosterOffice, SubstituteWish
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
    Holding,
    NewcomerRow,
    PointRow,
    QuarantineRow,
    ReadingRow,
    RollupRow,
    Snapshot,
    StateRow,
)
from hub.ports.rule import (
    BacktestWish,
    RuleCard,
    RuleFault,
    RuleOffice,
    RuleProof,
    RuleSheet,
)
from hub.ports.store import Archive, Books, Committer, Hand, HistoryPage
from hub.ports.window import WindowOffice, WindowWish

__all__ = [
    "Archive",
    "BacktestWish",
    "Books",
    "BrokerFigures",
    "BrokerListener",
    "Changes",
    "CommandSender",
    "Committer",
    "Courses",
    "CursorRow",
    "Desk",
    "DeviceView",
    "DigestRow",
    "Document",
    "Driver",
    "Envelope",
    "EscalationOffice",
    "EventRow",
    "FeedRow",
    "Hand",
    "HeardRow",
    "HistoryPage",
    "Holding",
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
    "RollupRow",
    "RosterOffice",
    "RuleCard",
    "RuleFault",
    "RuleOffice",
    "RuleProof",
    "RuleSheet",
    "Snapshot",
    "StateRow",
    "SubstituteWish",
    "WindowOffice",
    "WindowWish",
]
