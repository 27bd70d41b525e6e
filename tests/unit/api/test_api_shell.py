"""What surrounds every answer: problems, headers, limits, health, figures, the description."""

import re
from collections.abc import AsyncIterator

import pytest
from fastapi import FastAPI, Request, Response
from starlette.exceptions import HTTPException
from starlette.types import Message, Receive, Scope, Send
from structlog.testing import capture_logs

from hub.api.operation import Standing
from hub.api.problem import describe, install
from hub.api.shield import BODY_LIMIT, BodyLimit
from hub.errors import GoneError, HubError, LinkError, StoreFullError, TooManyRequestsError
from hub.model.access import Role
from tests.unit.access.web_fakes import TOKENS, World, client_of, make_world
from tests.unit.api.app_of_api import asking, make_app


@pytest.fixture
def world() -> World:
    return make_world()


async def test_each_failure_is_a_problem_with_the_same_members(world: World) -> None:
    async with asking(world) as client:
        answers = {
            404: await client.get("/nowhere"),
            405: await client.delete("/healthz"),
            422: await client.get("/api/v1/journal?after=-1"),
            403: await client.get("/grid/v1/feed"),
        }
    for status, answer in answers.items():
        assert answer.status_code == status
        assert answer.headers["content-type"] == "application/problem+json"
        body = answer.json()
        assert body["status"] == status
        assert body["type"].startswith("urn:lingdang:problem:")
        assert {"title", "detail", "instance"} <= set(body)
    assert answers[422].json()["errors"] == {
        "query.after": "Input should be greater than or equal to 0"
    }


async def test_who_is_not_known_is_told_how_to_be(world: World) -> None:
    async with asking(world, None) as client:
        answer = await client.get("/api/v1/devices")
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert "ld_" in answer.json()["detail"]


def test_errors_carry_what_a_program_needs_next() -> None:
    gone = describe(GoneError("passed", oldest="abc"))
    assert (gone.status, gone.extra) == (410, {"oldest": "abc"})
    busy = describe(TooManyRequestsError("slow down", retry_after=12.2))
    assert (busy.status, busy.headers) == (429, {"retry-after": "12"})
    assert describe(StoreFullError("full")).status == 503
    assert describe(LinkError("lost")).status == 502
    assert describe(HubError("any")).status == 500


async def test_an_unforeseen_error_shows_no_trace() -> None:
    app = FastAPI()
    install(app)

    @app.get("/broken")
    async def broken() -> None:
        raise RuntimeError("secret path")

    async with client_of(app) as client:
        answer = await client.get("/broken")
    assert answer.status_code == 500
    assert "secret" not in answer.text


async def test_who_hangs_up_in_the_middle_of_a_body_is_no_failure_of_the_hub(
    world: World,
) -> None:
    app, sent = make_app(world), []
    parts = iter([{"type": "http.request", "body": b'{"dev', "more_body": True}])

    async def receive() -> Message:
        return next(parts, {"type": "http.disconnect"})

    async def send(message: Message) -> None:
        sent.append(message)

    token = f"Bearer {TOKENS[Role.GUARD]}".encode()
    scope = {
        "type": "http", "method": "POST", "path": "/api/v1/commands", "query_string": b"",
        "scheme": "http", "headers": [(b"authorization", token)],
    }  # fmt: skip
    with capture_logs() as logged:
        await app(scope, receive, send)
    assert sent[0]["status"] == 400
    assert not [line for line in logged if line["log_level"] == "error"]


async def test_a_browser_may_be_shown_a_page_and_a_program_never() -> None:
    async def page(_request: Request, status: int, detail: str) -> Response | None:
        return Response(f"<h1>{detail}</h1>", status_code=status) if status == 404 else None

    app = FastAPI()
    install(app, page)
    async with client_of(app, accept="text/html") as client:
        assert (await client.get("/nowhere")).text == "<h1>Not Found</h1>"
        assert (await client.get("/api/v1/nowhere")).json()["status"] == 404
        assert (await client.post("/openapi.json")).json()["status"] == 405


async def test_every_answer_carries_the_security_headers(world: World) -> None:
    async with asking(world) as client:
        for path in ("/healthz", "/nowhere", "/api/v1/devices"):
            headers = (await client.get(path)).headers
            assert "default-src 'self'" in headers["content-security-policy"]
            assert "frame-ancestors 'none'" in headers["content-security-policy"]
            assert headers["x-content-type-options"] == "nosniff"
            assert headers["referrer-policy"] == "same-origin"
            assert "strict-transport-security" not in headers


async def test_a_body_over_the_limit_is_refused_announced_or_not(world: World) -> None:
    async def drip() -> AsyncIterator[bytes]:
        for _ in range(BODY_LIMIT // 1000 + 1):
            yield b"x" * 1000

    path = "/api/v1/commands"
    async with asking(world) as client:
        announced = await client.post(path, content=b"x" * (BODY_LIMIT + 1))
        dripped = await client.post(path, content=drip())
        fits = await client.post(path, content=b"x" * BODY_LIMIT)
    assert announced.status_code == dripped.status_code == 413
    assert announced.headers["content-type"] == "application/problem+json"
    assert fits.status_code == 422


async def test_a_body_that_is_announced_too_long_is_not_even_read() -> None:
    async def read(_scope: Scope, receive: Receive, _send: Send) -> None:
        await receive()

    async def receive() -> Message:
        pytest.fail("the body was read")

    async def send(_message: Message) -> None:
        pytest.fail("the limit answers by raising")

    headers = [(b"content-length", str(BODY_LIMIT + 1).encode())]
    with pytest.raises(HTTPException) as caught:
        await BodyLimit(read)({"type": "http", "headers": headers}, receive, send)
    assert caught.value.status_code == 413


async def test_health_and_readiness_answer_everybody(world: World) -> None:
    parts = {
        "store": Standing(""),
        "link:mqtt": Standing("password of the broker is wrong"),
        "link:gateway": Standing("not connected", vital=False),
    }
    app = make_app(world, lambda: parts)
    async with client_of(app) as client:
        assert (await client.get("/healthz")).json() == {"status": "ok"}
        answer = await client.get("/readyz")
        assert answer.status_code == 503
        told = {"store": "ready", "link:mqtt": "not ready", "link:gateway": "away"}
        assert answer.json()["parts"] == told
        assert "password" not in answer.text
        parts["link:mqtt"] = Standing("")
        assert (await client.get("/readyz")).json()["status"] == "ready"


async def test_figures_count_devices_alarms_and_what_is_handed_in(world: World) -> None:
    world.desk.tell("device.silent", "meter-1")
    async with asking(world, Role.MANAGER) as client:
        text = (await client.get("/metrics")).text
    assert 'lingdang_devices{link="online"} 2.0' in text
    assert 'lingdang_alarms{severity="major"} 1.0' in text
    assert 'lingdang_tickets{state="dispatched"} 1.0' in text
    assert "lingdang_journal_seq 1.0" in text
    assert "lingdang_messages_received_total 7.0" in text


async def test_the_description_has_fixed_operation_ids(world: World) -> None:
    async with asking(world, Role.CREW) as client:
        document = (await client.get("/api/v1/openapi.json")).json()
    paths = document["paths"]
    operations = {
        call["operationId"]: path for path, calls in paths.items() for call in calls.values()
    }
    assert operations["listDevices"] == "/api/v1/devices"
    assert operations["actOnTicket"] == "/api/v1/tickets/{number}/actions"
    assert operations["readFeed"] == "/grid/v1/feed"
    body = paths["/api/v1/commands"]["post"]["requestBody"]["content"]["application/json"]
    assert body["schema"] == {"$ref": "#/components/schemas/Order"}
    schemas = document["components"]["schemas"]
    references = set(re.findall(r"#/components/schemas/(\w+)", str(document)))
    assert references == set(schemas)
    assert "reason" in schemas["Order"]["required"]
    assert TOKENS[Role.CREW] not in str(document)
