"""Why there is an alarm on a device, or none: a sentence first, the gates in order, all rules."""

from __future__ import annotations

from typing import Any

import pytest

from hub.console.devices.device_why import paint_why
from hub.console.frame.language import Language, words_of
from hub.model.access import Role
from hub.model.device import Kind
from tests.unit.console.fakes.community import make_console
from tests.unit.console.test_console_pages import browsing

ZH = words_of(Language.ZH)


def answer(rule: str = "", answer: str = "quiet", gate: str = "") -> dict[str, Any]:
    text = {"zh": f"因为{answer}", "en": f"for {answer}"}
    name = {"zh": f"名{rule}{gate}", "en": "name"}
    return {"gate": gate, "rule": rule, "name": name, "answer": answer, "since": None} | {
        "reason": text
    }


OPEN, CLOSED = answer(gate="fire", answer="open"), answer(gate="notice", answer="closed")


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ([OPEN, answer("a", "raised"), answer("b")], "有 1 条告警：名a。"),
        ([OPEN, CLOSED, answer("a")], "“名notice”这一关挡着：因为closed。"),
        ([OPEN, answer("a", "holding"), answer("b")], "“名a”正在计时"),
        ([OPEN, answer("a", "unknown"), answer("b")], "有 1 条规则说不准"),
        ([OPEN, answer("a"), answer("b")], "没有告警：2 条规则都正常。"),
    ],
)
def test_one_sentence_says_why(answers: list[dict[str, Any]], said: str) -> None:
    assert said in paint_why(answers, ZH, leads=False)


def test_what_is_not_quiet_comes_first_and_gates_keep_their_order() -> None:
    answers = [OPEN, CLOSED, answer("a"), answer("b", "holding")]
    text = paint_why(answers, ZH, leads=True)
    found = [text.index(each) for each in ('/rules/b"', ">名fire", ">名notice", '/rules/a"')]
    assert found == sorted(found)


async def test_a_guard_beside_the_robber_reads_nothing_of_duress() -> None:
    console = make_console()
    gate = console.community.of_kind(Kind.BARRIER_GATE)[0]
    async with browsing(console, "保安", Role.GUARD) as client:
        guard = (await client.get(f"/devices/{gate}")).text
    async with browsing(console, "王经理", Role.MANAGER) as client:
        manager = (await client.get(f"/devices/{gate}")).text
    assert "闸杆已落下" in guard
    assert "胁迫" not in guard
    assert "有 1 条告警：胁迫报警。" in manager
