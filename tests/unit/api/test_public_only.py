"""The listener for residents passes on what is theirs, and knows of nothing else."""

from __future__ import annotations

import pytest
from starlette.responses import PlainTextResponse

from hub.api.shield import PublicOnly
from tests.unit.access.web_fakes import client_of


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/w/123456789012", 200),
        ("/w/progress", 200),
        ("/w/shelved", 200),
        ("/static/whistle.css", 200),
        ("/healthz", 200),
        ("/receipts/sms/word", 200),
        ("/", 404),
        ("/w", 404),
        ("/sign-in", 404),
        ("/healthz/x", 404),
        ("/api/v1/tickets", 404),
        ("/grid/v1/feed", 404),
        ("//w/123456789012", 404),
    ],
)
async def test_only_what_is_for_everybody_is_there(path: str, status: int) -> None:
    async with client_of(PublicOnly(PlainTextResponse("inside"))) as client:
        answer = await client.get(f"http://hub{path}")
    assert answer.status_code == status
    assert (answer.text == "inside") == (status == 200)
    assert status == 200 or answer.headers["x-content-type-options"] == "nosniff"
