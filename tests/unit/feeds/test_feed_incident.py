"""What the platform sees of a ticket."""

from typing import Any

import msgspec
import pytest

from hub.feeds.incident import make_projector
from hub.model.alarm import ReportWhen
from hub.model.journal import Entry
from hub.model.ticket import Ticket, TicketState
from hub.ports import FeedRow
from tests.unit.access.web_fakes import NOW, PLACES, ticket

PUBLISHED = (
    "opened updated dispatched accepted returned extension_asked extension_decided escalated "
    "completed verified closed reopened shelved resumed urged supervised merged voided commented"
)


def project(
    kind: str, about: Ticket, *, test: bool = False, data: dict[str, Any] | None = None
) -> FeedRow | None:
    entry = Entry(
        seq=42,
        at=NOW + 1,
        type=kind,
        subject=about.number,
        actor="李师傅",
        place=about.place,
        data=data or {"text": "call Mrs Wang, 138 0000 0000"},
    )
    return make_projector("guanshan", lambda: PLACES, test=test)(entry, about)


def event_of(row: FeedRow | None) -> dict[str, Any]:
    assert row is not None
    event: dict[str, Any] = msgspec.json.decode(row.body)
    return event


def test_one_more_who_reports_what_is_known_is_no_item_unless_the_ticket_has_changed() -> None:
    about, said = ticket("GS-1"), {"count": 2, "source": "hotline"}
    assert project("ticket.joined", about, data=said) is None
    row = project("ticket.joined", about, data=said | {"revision": 2})
    assert event_of(row)["type"] == "cn.lingdang.incident.updated.v1"


def test_an_item_is_a_cloud_event_with_the_whole_incident() -> None:
    row = project("ticket.opened", ticket("GS-20251125-0001", state=TicketState.NEW))
    event = event_of(row)
    data = event.pop("data")
    assert event == {
        "specversion": "1.0",
        "id": "guanshan-42",
        "source": "/communities/guanshan/hub",
        "type": "cn.lingdang.incident.opened.v1",
        "subject": "GS-20251125-0001",
        "time": "2025-11-25T00:00:01.000+08:00",
        "datacontenttype": "application/json",
    }
    assert data["number"] == data["id"] == "GS-20251125-0001"
    assert data["state"] == "new"
    assert data["class"] == "general"
    assert data["take_by"] == "2025-11-25T00:30:00.000+08:00"
    assert data["revision"] == 1
    assert data["title"]["zh"] == "道闸长时间不落杆"
    assert row is not None
    assert (row.seq, row.incident, row.place) == (42, "GS-20251125-0001", "guanshan/a/gate")


def test_the_place_carries_its_names_grid_code_and_nearest_coordinates() -> None:
    data = event_of(project("ticket.opened", ticket("GS-1")))["data"]
    assert data["place_names"] == ["关山社区", "甲小区", "东门"]
    assert data["grid_code"] == "420100"
    assert data["coordinates"] == {"lon": 114.4, "lat": 30.5, "crs": "wgs84"}
    other = event_of(project("ticket.opened", ticket("GS-1", place="guanshan/b/x")))["data"]
    assert other["grid_code"] == "420100B"
    assert "coordinates" not in other


@pytest.mark.parametrize(
    ("happened", "says"),
    [
        ("ticket.taken", "accepted"),
        ("ticket.transferred", "dispatched"),
        ("ticket.rejected", "returned"),
        ("ticket.arrived", "updated"),
        ("ticket.recovered", "updated"),
        ("ticket.closed", "closed"),
        ("ticket.merged", "merged"),
    ],
)
def test_what_happened_has_a_published_name(happened: str, says: str) -> None:
    row = project(happened, ticket("GS-1"))
    assert row is not None
    assert row.type == f"cn.lingdang.incident.{says}.v1" == event_of(row)["type"]
    assert says in PUBLISHED.split()


def test_what_is_no_incident_is_not_told() -> None:
    assert project("ticket.opened", ticket("GS-1", report=ReportWhen.NEVER)) is None
    assert project("alarm.raised", ticket("GS-1")) is None
    late = ticket("GS-1", report=ReportWhen.ON_ESCALATION)
    assert project("ticket.opened", late) is None
    assert project("ticket.escalated", late) is not None


def test_what_is_discreet_is_not_told_to_the_platform() -> None:
    assert project("ticket.opened", ticket("GS-1")) is not None
    assert project("ticket.opened", ticket("GS-1", discreet=True)) is None


def test_a_drill_says_so() -> None:
    assert event_of(project("ticket.opened", ticket("GS-1")))["data"]["test"] is False
    assert event_of(project("ticket.opened", ticket("GS-1"), test=True))["data"]["test"] is True
    assert event_of(project("ticket.opened", ticket("GS-1", test=True)))["data"]["test"] is True


def test_no_name_and_no_free_text_leaves_the_hub() -> None:
    row = project("ticket.commented", ticket("GS-1", closing_note="Mrs Wang", completed_by="李"))
    assert row is not None
    text = row.body.decode()
    assert "李" not in text
    assert "Wang" not in text
