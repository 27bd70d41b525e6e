"""The page of parameters: set for a place, taken out, put back, never everywhere by accident."""

from __future__ import annotations

import pytest

from hub.model.access import Role
from tests.unit.console.fakes.community import Console, make_console
from tests.unit.console.test_console_pages import browsing, csrf

RULE = "barrier-stuck-open"
PAGE = f"/rules/{RULE}/parameters"


@pytest.fixture
def console() -> Console:
    return make_console()


async def test_parameters_are_set_taken_out_and_put_back_with_a_why(console: Console) -> None:
    async with browsing(console, "管理员", Role.ADMINISTRATOR) as client:

        async def post(what: str, **fields: str) -> int:
            data = {"csrf": csrf(client), **fields}
            return (await client.post(f"{PAGE}/{what}", data=data)).status_code

        slow = {"scope": "model", "of": "ld-barrier-gate", "value.limit": "5m"}
        assert await post("set", on="0", why="慢", **slow) == 303
        assert await post("set", on="0", why="晚了", **slow) == 422, "somebody was faster"
        everywhere = {"scope": "everywhere", "of": "", "value.limit": "6m"}
        assert await post("set", on="1", why="冬天", **everywhere) == 303
        page = (await client.get(PAGE)).text
        assert "型号 ld-barrier-gate" in page
        assert "limit = 5m" in page
        assert "limit = 6m" in page
        assert await post("drop", on="2", why="不慢", model="ld-barrier-gate") == 303
        assert await post("drop", on="3", why="再删", model="ld-barrier-gate") == 422
        assert await post("actions", on="3", back_to="1", why="还是慢") == 303
    card = await console.ports.parameters.card(RULE)
    assert [(each.model, each.values) for each in card.settings] == [
        ("ld-barrier-gate", {"limit": "5m"})
    ]
    assert [each.why for each in card.versions] == ["慢", "冬天", "不慢", "还是慢"]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"scope": "", "value.limit": "5m"}, "请写明"),
        ({"scope": "everywhere", "of": "guanshan/a", "value.limit": "5m"}, "请写明"),
        ({"scope": "place", "of": "", "value.limit": "5m"}, "请写明"),
        ({"scope": "model", "of": "ld-barrier-gate", "value.limit": "soon"}, "参数值类型不符"),
        ({"scope": "model", "of": "ld-barrier-gate"}, "参数设置有误"),
        ({"scope": "everywhere", "value.limit": "5m", "on": "x"}, "版本号"),
    ],
)
async def test_what_does_not_fit_is_said_and_nothing_is_set(
    console: Console, fields: dict[str, str], said: str
) -> None:
    async with browsing(console, "管理员", Role.ADMINISTRATOR) as client:
        data = {"csrf": csrf(client), "on": "0", "why": "试试", **fields}
        answer = await client.post(f"{PAGE}/set", data=data)
    assert answer.status_code == 422
    assert said in answer.text
    assert 'value="试试"' in answer.text, "what was typed is still there"
    assert not (await console.ports.parameters.card(RULE)).versions


async def test_a_manager_reads_and_a_rule_without_parameters_says_so(console: Console) -> None:
    async with browsing(console, "王经理", Role.MANAGER) as client:
        page = await client.get(PAGE)
        refused = await client.post(f"{PAGE}/set", data={"csrf": csrf(client)})
        bare = await client.get("/rules/message-storm/parameters")
    assert "3m" in page.text
    assert "<form" not in page.text.partition("<main")[2]
    assert refused.status_code == 403
    assert "没有可调的参数" in bare.text
