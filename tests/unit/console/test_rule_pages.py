"""The pages of rules: found, read in plain words, tried on history, changed with a why."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import pytest

from hub.console.rules.rule_strip import draw_strip
from hub.errors import ConflictError, InvalidRequestError
from hub.model.access import Role
from hub.model.instant import to_rfc3339
from hub.model.rule_version import RuleMode
from hub.ports import BacktestWish
from tests.unit.console.fakes.community import Console, make_console
from tests.unit.console.test_console_pages import browsing, csrf

RULE = "barrier-stuck-open"
PAGE = f"/rules/{RULE}"
DAY = 86_400.0


@pytest.fixture
def console() -> Console:
    return make_console()


async def test_rules_are_found_by_word_and_state(console: Console) -> None:
    async with browsing(console, "王经理", Role.MANAGER) as client:
        every = await client.get("/rules")
        found = await client.get("/rules", params={"find": "道闸 落杆"})
        off = await client.get("/rules", params={"mode": "off"})
    assert every.text.count('href="/rules/') > 100
    assert 'href="/rules/barrier-stuck-open"' in found.text
    assert "switch-silent" not in found.text
    assert "没有找到" in off.text
    async with browsing(console, "李师傅", Role.CREW) as client:
        assert (await client.get("/rules")).status_code == 403


async def test_a_rule_is_read_in_plain_words_with_its_examples(console: Console) -> None:
    async with browsing(console, "王经理", Role.MANAGER) as client:
        page = await client.get(PAGE)
        lost = await client.get("/rules/barrier-stuck-opne")
        english = await client.get(
            PAGE, headers={"cookie": f"{client.headers['cookie']}; lingdang_language=en"}
        )
    assert "闸杆位置为抬杆" in page.text
    assert "搬家车让闸杆一直抬着" in page.text
    assert "textarea" not in page.text, "a manager reads; an administrator writes"
    assert "Watches" in english.text
    assert lost.status_code == 404
    assert "barrier-stuck-open" in lost.text


async def test_a_rule_is_switched_edited_and_put_back_with_a_why(console: Console) -> None:
    office = console.ports.rules
    async with browsing(console, "管理员", Role.ADMINISTRATOR) as client:

        async def post(path: str, **fields: str) -> int:
            answer = await client.post(path, data={"csrf": csrf(client), **fields})
            return answer.status_code

        acts = f"{PAGE}/actions"
        assert await post(acts, on="0", mode="trial", why="") == 422
        assert await post(acts, on="0", mode="loud", why="试") == 422
        assert await post(acts, on="0", mode="trial", why="先看一周") == 303
        assert await post(acts, on="0", mode="off", why="慢了一步") == 422, "somebody was faster"
        text = (await office.sheet(RULE)).text
        changed = text.replace('limit = "3m"', 'limit = "2m"')
        assert changed != text
        unsound = await client.post(
            f"{PAGE}/versions",
            data={"csrf": csrf(client), "on": "1", "mode": "active", "why": "x", "text": changed},
        )
        assert unsound.status_code == 422
        assert "示例结果不符" in unsound.text
        assert "limit = &#34;2m&#34;" in unsound.text, "what was typed is still there"
        sound = changed.replace("15m raise", "14m raise")
        assert await post(f"{PAGE}/versions", on="1", mode="active", why="太慢", text=sound) == 303
        assert await post(acts, on="2", back_to="0", why="还是出厂的好") == 303
        page = (await client.get(PAGE)).text
    for why in ("先看一周", "太慢", "还是出厂的好"):
        assert why in page
    assert "慢了一步" not in page
    sheet = await office.sheet(RULE)
    assert (sheet.card.version, sheet.card.mode, sheet.text) == (3, RuleMode.ACTIVE, text)


async def test_a_new_rule_begins_on_trial(console: Console) -> None:
    text = (await console.ports.rules.sheet(RULE)).text.replace(RULE, "our-own-rule")
    text = text.replace("gate.stuck_open", "gate.our_own")
    async with browsing(console, "管理员", Role.ADMINISTRATOR) as client:
        wrong = await client.post(
            "/rules/new", data={"csrf": csrf(client), "text": "x", "why": "y"}
        )
        made = await client.post(
            "/rules/new", data={"csrf": csrf(client), "text": text, "why": "本小区要"}
        )
    assert wrong.status_code == 422
    assert made.headers["location"] == "/rules/our-own-rule"
    assert (await console.ports.rules.sheet("our-own-rule")).card.mode is RuleMode.TRIAL


def lines_of(until: float, subject: str, *, compared: bool) -> list[dict[str, object]]:
    """Return what a back-test says: two alarms, one of which is there for both texts."""
    alarm = {"rule": RULE, "subject": subject, "told": "would ring", "cleared_at": None}
    alarm |= {"reason": {"zh": "闸杆一直抬着", "en": "stays open"}}
    alarms = [{**alarm, "raised_at": to_rfc3339(until - days * DAY)} for days in (1, 2)]
    difference = {"appeared": 1, "added": alarms[:1], "vanished": [], "kept": 1}
    return [
        {"kind": "begin", "rules": 1, "days": 7, "until": to_rfc3339(until)},
        {"kind": "gap", "detail": "readings are kept for 3 days <b>"},
        {"kind": "progress", "reports": 12000},
        *({"kind": "alarm", **each} for each in alarms),
        {
            "kind": "end",
            "since": to_rfc3339(until - 3 * DAY),
            "bells_per_week": 9.33,
            "difference": {**difference, "before": alarms[1:]} if compared else None,
        },
    ]


@pytest.mark.parametrize("compared", [False, True])
async def test_a_back_test_is_shown_while_it_runs(
    console: Console, monkeypatch: pytest.MonkeyPatch, *, compared: bool
) -> None:
    wishes: list[BacktestWish] = []
    gate = next(iter(console.community.devices())).device.id

    async def run(wish: BacktestWish) -> AsyncIterator[bytes]:
        wishes.append(wish)
        for line in lines_of(console.clock.now(), gate, compared=compared):
            yield json.dumps(line).encode()

    monkeypatch.setattr(console.ports.rules, "backtest", run)
    text = (await console.ports.rules.sheet(RULE)).text
    tried = text.replace("搬家车", "卡车") if compared else ""
    async with browsing(console, "王经理", Role.MANAGER) as client:
        data = {"csrf": csrf(client), "days": "7", "text": tried}
        page = (await client.post(f"{PAGE}/backtest", data=data)).text
    assert (wishes[0].rule, wishes[0].text) == (("", tried) if compared else (RULE, ""))
    assert page.index("正在读历史") < page.index("已读 12,000 条") < page.index("7 天里会响 2 次")
    assert "约每周 9.3 声铃" in page
    assert "3 天 0 时 的历史" in page, "four of the seven days are not known"
    assert "for 3 days &lt;b&gt;" in page
    assert page.rstrip().endswith("</html>")
    assert page.count('class="flag">新增') == (1 if compared else 0)
    assert ("多 1 次，少 0 次，相同 1 次" in page) is compared
    assert "<button>保存" not in page, "a manager saves no rule"


async def test_a_back_test_that_cannot_begin_or_breaks_off_says_so(
    console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def busy(_wish: BacktestWish) -> AsyncIterator[bytes]:
        raise ConflictError("another runs", zh="已有一个回测在运行，请稍后再试。")
        yield b""

    async def broken(_wish: BacktestWish) -> AsyncIterator[bytes]:
        yield b'{"kind":"progress","reports":1}'
        raise InvalidRequestError("the history cannot be read <here>")

    async with browsing(console, "王经理", Role.MANAGER) as client:
        data = {"csrf": csrf(client), "days": "7"}
        monkeypatch.setattr(console.ports.rules, "backtest", busy)
        refused = await client.post(f"{PAGE}/backtest", data=data)
        monkeypatch.setattr(console.ports.rules, "backtest", broken)
        torn = await client.post(f"{PAGE}/backtest", data=data)
    assert refused.status_code == 422
    assert "已有一个回测在运行" in refused.text
    assert "回测没有完成" in torn.text
    assert "&lt;here&gt;" in torn.text
    async with browsing(console, "东苑经理", Role.MANAGER, scope="guanshan/a") as client:
        data = {"csrf": csrf(client), "days": "7"}
        assert (await client.post(f"{PAGE}/backtest", data=data)).status_code == 403


def test_a_strip_has_a_mark_for_each_alarm_and_hides_what_is_not_known() -> None:
    svg = draw_strip([("a", [(DAY, None), (9e9, 9e9)]), ("<b>", [(0, DAY)])], 0, 2 * DAY, DAY)
    assert svg.count('class="tried"') == 2
    assert svg.count('class="before"') == 1
    assert '<rect class="unknown" x="0" y="0" width="360.0"' in svg
    assert "&lt;b&gt;: 1" in svg
    assert 'class="unknown"' not in draw_strip([("a", [])], 0, DAY, 0)
