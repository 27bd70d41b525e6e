"""Packages that others wrote read what the hub sends: signatures, CloudEvents, JSON Schema."""

from __future__ import annotations

from pathlib import Path

import jsonschema_rs
import msgspec
import pytest
from cloudevents.core.bindings.http import HTTPMessage, from_http
from cloudevents.core.exceptions import CloudEventValidationError
from cloudevents.core.formats.json import JSONFormat
from standardwebhooks import Webhook, WebhookVerificationError

from hub.feeds.incident import TYPES
from tests.integration.test_pushes import feed, post, report, subscribe, write_config
from tests.support.hub_process import running_hub
from tests.support.story import until
from tests.support.vendor import Asked, Said, vending

pytestmark = [pytest.mark.integration, pytest.mark.timeout(180)]


class Skeptic:
    """A platform that takes a push only when both packages are content with it."""

    def __init__(self) -> None:
        self.secret = ""
        self.taken: list[Asked] = []
        self.refused: list[str] = []

    def __call__(self, asked: Asked) -> Said:
        try:
            told = Webhook(self.secret).verify(asked.raw, asked.headers)
            event = from_http(HTTPMessage(headers=asked.headers, body=asked.raw), JSONFormat())
            assert event.get_id() == told["id"] == asked.headers["webhook-id"]
        except (WebhookVerificationError, CloudEventValidationError, AssertionError) as error:
            self.refused.append(repr(error))
            return Said("400 Bad Request")
        self.taken.append(asked)
        return Said("204 No Content", raw=b"")


async def test_what_is_pushed_and_pulled_satisfies_packages_that_others_wrote(
    tmp_path: Path,
) -> None:
    city = Skeptic()
    async with vending(city) as vendor, running_hub(write_config(tmp_path / "site")) as hub:
        await subscribe(hub, city, vendor)
        number = await report(hub, 1)
        for day, step in enumerate(("file", "dispatch", "sign", "urge", "comment"), start=1):
            words = {"number": "案-1", "to": "供电所", "text": "催办：请尽快处理"}
            at = f"2026-01-{day:02}T00:00:00+08:00"
            await post(hub, f"/grid/v1/incidents/{number}/actions", do=step, at=at, **words)
        told = await feed(hub)

        async def taken() -> int:
            return len(city.taken) + len(city.refused)

        await until(taken, lambda count: count >= len(told))
        published = await hub.get("/api/v1/openapi.json")
    assert city.refused == []
    assert len(told) == 6
    for item in told:
        event = JSONFormat().read(None, msgspec.json.encode(item))
        assert (event.get_specversion(), event.get_subject()) == ("1.0", number)
        assert event.get_type() in TYPES
        assert event.get_time() is not None
        assert event.get_time().utcoffset() is not None
        assert event.get_data() == item["data"]
    page = {"items": told, "next": "x"}
    schema = {"$ref": "#/components/schemas/FeedPage", "components": published["components"]}
    judge = jsonschema_rs.validator_for(schema)
    assert [str(error) for error in judge.iter_errors(page)] == []
    told[0]["data"]["reporter"] = "王伟"
    assert not judge.is_valid(page), "the schema lets nothing through that it does not name"
    last = city.taken[-1]
    with pytest.raises(WebhookVerificationError):
        Webhook(city.secret).verify(last.raw + b" ", last.headers)
