"""What the rights matrix sends, and where it expects something else than its rule."""

from __future__ import annotations

WIDE = {
    "rule": "door-forced",
    "schedule": "peak",
    "name": "wang",
    "key_id": "k1",
    "receiver": "city",
    "bell": "crew-wecom",
    "person": "wang",
    "subscription": "sub-1",
    "message_id": "7",
    "link": "mqtt",
    "address": "n1",
    "service_code": "leak",
    "substitute": "s-1",
    "code": "12345678901",
    "word": "guessed",
    "pairing": "p-1",
}
"""What is the whole community's: no part of it has its own."""
STREAMS = ("/api/v1/stream", "/console/stream")
"""They answer whoever may for as long as that one listens; what they follow is asked below."""
WHOLE = (
    "/api/v1/people",
    "/api/v1/keys",
    "/api/v1/contacts/",
    "/settings/people",
    "/settings/keys",
    "/api/v1/quarantine",
    "/api/v1/newcomers",
    "/api/v1/rules/backtest",
    "/api/v1/site/",
    "/site",
    "/newcomers",
    "/rules/new",
    "/rules/{rule}/versions",
    "/rules/{rule}/actions",
    "/rules/{rule}/backtest",
    "/rules/{rule}/parameters/",
)
"""For who sees the whole community: 403 for an administrator of a part."""
PERSONS = "/account"
"""For people: a key has no second factor."""
DOORS = (
    "/healthz",
    "/readyz",
    "/sign-in",
    "/preferences",
    "/trust",
    "/ca.crt",
    "/worker.js",
    "/w/",
    "/receipts/{bell}/{word}",
    "/grid/v1/profiles/{receiver}/",
)
"""What answers strangers; vendors and profiles prove themselves in a way of their own."""
BODIES: dict[str, object] = {
    "/api/v1/alarms/{alarm_id}/clear": {"reason": "it is gone"},
    "/api/v1/devices/{device_id}/acceptance/excuses": {"rule": "x", "why": "x"},
    "/api/v1/devices/{device_id}/acceptance/sign": {"accompanied": "x"},
    "/api/v1/devices/{device_id}/state": {"state": "maintenance", "why": "x"},
    "/api/v1/inspections/{inspection}": {"title": "x", "team": "crew"},
    "/api/v1/meetings/{meeting}/decisions": {
        "matter": "x",
        "text": "x",
        "body": "x",
        "by": "2099-01-01T00:00:00+08:00",
    },
    "/api/v1/meetings/{meeting}/decisions/{decision}": {"result": "x"},
    "/api/v1/projects/{project}/actions": {"do": "start"},
    "/api/v1/projects/{project}/milestones/{milestone}": {"text": "x"},
    "/api/v1/projects/{project}/photos/{photo}/clear": {"shown": True},
    "/api/v1/projects/{project}/tickets": {"ticket": "GS-1"},
    "/api/v1/rounds/{walk}/answers": {"stop": "s1", "verdict": "fine"},
    "/api/v1/surveys/{survey}/answers": {"report": "r-GS-2"},
    "/api/v1/surveys/{survey}/paper": {"handed_out": 2},
    "/api/v1/surveys/{survey}/sheets": {"responded": True, "solved": True, "satisfied": True},
    "/api/v1/tickets/{number}/actions": {"do": "comment", "text": "x"},
    "/api/v1/tickets/{number}/escalation": {"do": "confirm"},
}
"""What has to be sent, or the answer would be about the body."""
QUERIES = {
    "/api/v1/devices/{device_id}/history": "?point=arm.position",
    "/api/v1/figures/tickets": "?figure=on_time",
    "/api/v1/reports/offers": "?subject=guanshan/a",
    "/grid/v1/reconciliation": "?day=2025-11-25",
}
TOLD_ON_A_PAGE = {"/windows/{window}/end"}
"""What is not there is told above the list, with 422."""
NOT_FURNISHED = (
    "/acceptance",
    "/subscriptions/",
    "/receivers/",
    "/grid/v1/incidents/{incident}",
    "/open311/v2/requests/",
    "/open311/v2/tokens/",
    "/projects/{project}/photos/{photo}",
    "/rosters/{name}",
    "/escalation",
    "/substitutes/",
    "/hotline",
    "/cases",
    "/erase",
    "/phone",
    "/move",
    "/remove",
    "/decisions",
    "/department/{number}",
    "/figures/tickets",
)
"""Things that this world has not, and steps that name a second thing: 404 also at home."""
