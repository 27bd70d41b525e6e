"""Who asks over HTTP: keys, cookies, forms, and the tables of calls."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from fastapi import APIRouter, FastAPI, Request, Response

from hub.access.http import bind, identity_of
from hub.access.idempotency import once
from hub.access.passwords import PasswordDesk
from hub.access.policy import EVERYBODY, Call, mount, undeclared_routes
from hub.access.session import COOKIE, csrf_token
from hub.access.sign_in import give_cookie, sign_in, sign_out
from hub.errors import ConflictError, HubError
from hub.model.access import Role
from tests.unit.access.web_fakes import TOKENS, World, client_of, make_world

GUARDS = frozenset({Role.GUARD})
Answer = Callable[[Request], Awaitable[Response]]
STATUS = {"RepetitionError": 409, "ConflictError": 409, "InvalidRequestError": 422}


async def who_am_i(request: Request) -> Response:
    return Response((await identity_of(request)).name)


async def enter(request: Request) -> Response:
    signed = await sign_in(request)
    response = Response(signed.who.name)
    give_cookie(request, response, signed)
    return response


async def leave(request: Request) -> Response:
    response = Response()
    await sign_out(request, response)
    return response


async def count(request: Request) -> Response:
    who = await identity_of(request)

    async def act() -> Response:
        counted: list[int] = request.app.state.counted
        counted.append(1)
        request.app.state.begun.set()
        if gate := request.app.state.gate:
            await gate.wait()
        if await request.body() == b"refuse":
            raise ConflictError("not now")
        return Response(str(len(counted)), status_code=202, headers={"location": "/x"})

    return await once(request, who, act)


def call(method: str, path: str, answer: Answer, roles: frozenset[Role] | None) -> Call:
    return Call(method=method, path=path, answer=answer, roles=roles, operation=path, about=path)


async def show_error(_request: Request, error: Exception) -> Response:
    names = {"AuthenticationError": 401, "ForbiddenError": 403, "TooManyRequestsError": 429}
    return Response(str(error), status_code=(names | STATUS)[type(error).__name__])


@pytest.fixture
def world() -> World:
    return make_world()


@pytest.fixture
def app(world: World) -> FastAPI:
    router = APIRouter(dependencies=[bind(world.ports)])
    mount(
        router,
        [
            call("GET", "/me", who_am_i, GUARDS),
            call("POST", "/count", count, GUARDS),
            call("POST", "/enter", enter, EVERYBODY),
            call("POST", "/leave", leave, GUARDS),
        ],
    )
    app = FastAPI(openapi_url=None)
    app.include_router(router)
    app.add_exception_handler(HubError, show_error)
    app.state.counted, app.state.gate, app.state.begun = [], None, asyncio.Event()
    return app


async def signed_in(world: World) -> str:
    world.settle_in("zhang", await PasswordDesk().hash("right"))
    return (await world.ports.gatekeeper.sign_in("zhang", "right", "::1")).cookie


async def test_only_the_roles_of_the_table_pass(app: FastAPI) -> None:
    for role in Role:
        async with client_of(app, TOKENS[role]) as client:
            answer = await client.get("/me")
        assert answer.status_code == (200 if role is Role.GUARD else 403)


async def test_a_wrong_key_is_not_rescued_by_a_right_cookie(app: FastAPI, world: World) -> None:
    cookie = await signed_in(world)
    async with client_of(app, "ld_wrong", cookie=f"{COOKIE}={cookie}") as client:
        assert (await client.get("/me")).status_code == 401
    async with client_of(app, authorization="Basic eDp5") as client:
        assert (await client.get("/me")).status_code == 401
    async with client_of(app) as client:
        assert (await client.get("/me")).status_code == 401


async def test_a_cookie_reads_but_another_sites_form_does_nothing(
    app: FastAPI, world: World
) -> None:
    cookie = await signed_in(world)
    headers = {"cookie": f"{COOKIE}={cookie}"}
    async with client_of(app, **headers) as client:
        assert (await client.get("/me")).text == "zhang"
        form = {"csrf": csrf_token(cookie)}
        foreign = {"origin": "http://evil"}
        assert (await client.post("/count", data={"x": "1"})).status_code == 403
        assert (await client.post("/count", data=form, headers=foreign)).status_code == 403
        cross = {"sec-fetch-site": "cross-site"}
        assert (await client.post("/count", json={}, headers=cross)).status_code == 403
        assert app.state.counted == []
        own = {"origin": "http://hub"}
        assert (await client.post("/count", data=form, headers=own)).status_code == 202
        token = {"x-csrf-token": csrf_token(cookie)}
        assert (await client.post("/count", headers=token)).status_code == 202
        assert (await client.post("/count", json={})).status_code == 202


async def test_signing_in_by_form_sets_a_careful_cookie(app: FastAPI, world: World) -> None:
    world.settle_in("zhang", await PasswordDesk().hash("right"))
    form = {"name": "zhang", "password": "right"}
    async with client_of(app) as client:
        answer = await client.post("/enter", data=form)
        cookie = answer.headers["set-cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=lax" in cookie
        assert "Secure" not in cookie
        assert (await client.get("/me")).text == "zhang"
        token = {"x-csrf-token": csrf_token(client.cookies[COOKIE])}
        assert (await client.post("/leave", headers=token)).status_code == 200
        assert (await client.get("/me")).status_code == 401


@pytest.mark.parametrize(
    "body",
    ["name=门岗&password=密码é", "name=%E9%97%A8%E5%B2%97&password=%E5%AF%86%E7%A0%81%C3%A9"],
)
async def test_a_chinese_name_may_be_sent_bare_or_encoded(
    app: FastAPI, world: World, body: str
) -> None:
    world.settle_in("门岗", await PasswordDesk().hash("密码é"))
    form = {"content-type": "application/x-www-form-urlencoded"}
    async with client_of(app) as client:
        answer = await client.post("/enter", content=body.encode(), headers=form)
    assert answer.text == "门岗"


async def test_signing_in_refuses_other_sites_and_empty_forms(app: FastAPI) -> None:
    form = {"name": "zhang", "password": "right"}
    async with client_of(app) as client:
        foreign = await client.post("/enter", data=form, headers={"origin": "http://evil"})
        assert foreign.status_code == 403
        assert (await client.post("/enter", data={"name": "zhang"})).status_code == 422
        assert (await client.post("/enter", data=form)).status_code == 401


def test_a_route_that_came_in_without_policy_is_found(app: FastAPI) -> None:
    assert undeclared_routes(app) == []
    app.add_api_route("/backdoor", who_am_i)
    assert undeclared_routes(app) == ["GET /backdoor"]


async def test_the_same_key_happens_once_and_answers_the_same(app: FastAPI) -> None:
    async with client_of(app, TOKENS[Role.GUARD]) as client:
        first = await client.post("/count", content=b"a", headers={"idempotency-key": "k"})
        again = await client.post("/count", content=b"a", headers={"idempotency-key": "k"})
        other = await client.post("/count", content=b"b", headers={"idempotency-key": "k"})
        without = await client.post("/count", content=b"a")
    assert (first.status_code, first.content) == (again.status_code, again.content) == (202, b"1")
    assert again.headers["location"] == "/x"
    assert other.status_code == 422
    assert without.content == b"2"


async def test_a_second_request_while_the_first_is_under_way_is_a_conflict(
    app: FastAPI,
) -> None:
    app.state.gate = asyncio.Event()
    headers = {"idempotency-key": "k"}
    async with client_of(app, TOKENS[Role.GUARD], **headers) as client:
        first = asyncio.create_task(client.post("/count", content=b"a"))
        await app.state.begun.wait()
        crowd = [client.post("/count", content=b"a") for _ in range(20)]
        refused = await asyncio.gather(*crowd)
        assert {answer.status_code for answer in refused} == {409}
        assert all("under way" in answer.text for answer in refused)
        app.state.gate.set()
        assert (await first).status_code == 202
        assert (await client.post("/count", content=b"a")).content == b"1"
    assert app.state.counted == [1]


async def test_a_refused_request_may_be_sent_again(app: FastAPI) -> None:
    headers = {"idempotency-key": "k"}
    async with client_of(app, TOKENS[Role.GUARD], **headers) as client:
        assert (await client.post("/count", content=b"refuse")).status_code == 409
        assert (await client.post("/count", content=b"a")).content == b"2"


async def test_after_a_crash_the_outcome_is_unknown_and_nothing_is_done_twice(
    app: FastAPI, world: World
) -> None:
    headers = {"idempotency-key": "k"}
    async with client_of(app, TOKENS[Role.GUARD], **headers) as client:
        app.state.gate = asyncio.Event()
        first = asyncio.create_task(client.post("/count", content=b"a"))
        await app.state.begun.wait()
        marks = await world.books.documents("idempotency")
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
        assert len(marks) == 1
        assert (await client.post("/count", content=b"a")).status_code == 409
    assert app.state.counted == [1]


async def test_a_key_may_be_used_again_after_a_day(app: FastAPI, world: World) -> None:
    headers = {"idempotency-key": "k"}
    async with client_of(app, TOKENS[Role.GUARD], **headers) as client:
        await client.post("/count", content=b"a")
        await world.clock.advance(24 * 3600)
        assert (await client.post("/count", content=b"b")).content == b"2"
        long = {"idempotency-key": "k" * 256}
        assert (await client.post("/count", headers=long)).status_code == 422
