"""What a bell says, and what it does not say to an outside cloud."""

from __future__ import annotations

from string import Formatter

import msgspec
import pytest

from hub.bells.message import Hidden, Message, Scene, compose, tidy
from hub.bells.wording import WORDINGS, Wording
from hub.model.alarm import Class, Severity, Urgency
from hub.model.bell import LANGUAGES
from hub.model.ring import Concern
from hub.model.ticket import Ticket, TicketState
from tests.support.belfry import PLACES, START, make_ring

SCENE = Scene(places=PLACES, people=("wang", "李师傅", "li"), pages="https://hub.example")


def ticket(state: TicketState = TicketState.NEW) -> Ticket:
    return Ticket(
        number="GS-1",
        state=state,
        subject="gate-1",
        uid="u",
        place="gs/a/g",
        rule="r",
        fault="gate.stuck_open",
        title={"zh": "落杆失败", "en": "x"},
        severity=Severity.MAJOR,
        urgency=Urgency.URGENT,
        class_=Class.GENERAL,
        opened_at=START - 300,
        take_by=START + 300,
        arrive_by=START + 1800,
        finish_by=START + 86_400,
    )


def write(
    *, outside: bool = True, state: TicketState = TicketState.NEW, **fields: object
) -> Message:
    return compose([make_ring(**fields)], ticket(state), SCENE, bell="a", outside=outside)


def test_it_says_how_bad_what_where_since_when_until_when_and_where_to_look() -> None:
    assert write().text == (
        "【严重】落杆失败\n位置：甲小区 南门\n自 2025-11-24 23:55 起\n工单 GS-1\n"
        "请在 2025-11-25 00:05 前接单\n无人接单\nhttps://hub.example/tickets/GS-1"
    )


def test_what_is_about_no_ticket_leads_to_its_own_page_and_names_no_ticket() -> None:
    ring = make_ring(ticket="i1-202511250000", page="/rounds/i1-202511250000")
    text = compose([ring], None, SCENE, bell="a", outside=True).text
    assert "工单" not in text
    assert text.endswith("https://hub.example/rounds/i1-202511250000")


@pytest.mark.parametrize(
    ("state", "until"),
    [
        (TicketState.TAKEN, "请在 2025-11-25 00:30 前到场"),
        (TicketState.ARRIVED, "请在 2025-11-26 00:00 前完工"),
        (TicketState.COMPLETED, ""),
    ],
)
def test_the_limit_is_that_of_the_tickets_state(state: TicketState, until: str) -> None:
    assert write(state=state).until == until


def test_who_is_told_in_english_reads_english_only() -> None:
    message = compose(
        [make_ring(reason={"zh": "无人接单", "en": "rung 2, leader: nobody has taken it"})],
        ticket(),
        SCENE,
        bell="a",
        outside=True,
        language="en",
    )
    assert message.text == (
        "[MAJOR] does not close\nWhere: 甲小区 南门\nSince 2025-11-24 23:55\nTicket GS-1\n"
        "Take it by 2025-11-25 00:05\nrung 2, leader: nobody has taken it\n"
        "https://hub.example/tickets/GS-1"
    )
    assert (message.level, message.due) == ("MAJOR", "Take it by 2025-11-25 00:05")
    at_home = compose([make_ring(test=True)], None, SCENE, bell="a", outside=False, language="en")
    assert at_home.lines[-1].startswith("To group:crew")
    assert (at_home.level, at_home.due) == ("[DRILL] MAJOR", "As soon as you can")


def test_the_sites_language_is_for_whoever_has_none() -> None:
    scene = msgspec.structs.replace(SCENE, language="en")
    for language, said in (
        ("", "[MAJOR]"),
        ("en", "[MAJOR]"),
        ("zh", "【严重】"),
        ("fr", "[MAJOR]"),
    ):
        message = compose([make_ring()], None, scene, bell="a", outside=True, language=language)
        assert message.title.startswith(said)


def test_details_stay_in_the_house_in_both_languages() -> None:
    hole = {
        "zh": "第 1 级 维修工：无人可叫: li 不在册",
        "en": "rung 1, worker: nobody to call: li is away",
    }
    said = {
        language: compose(
            [make_ring(reason=hole)], None, SCENE, bell="a", outside=True, language=language
        ).lines[-1]
        for language in WORDINGS
    }
    assert said == {"zh": "第 1 级 维修工：无人可叫", "en": "rung 1, worker: nobody to call"}


def test_both_languages_say_the_same_and_take_the_same_fields() -> None:
    def fields(words: Wording) -> dict[str, list[str | None]]:
        texts = {**msgspec.structs.asdict(words), **words.by}
        return {
            name: [part[1] for part in Formatter().parse(text) if part[1]]
            for name, text in texts.items()
            if isinstance(text, str)
        }

    one, other = WORDINGS.values()
    assert fields(one) == fields(other)
    assert one.severity.keys() == other.severity.keys() == set(Severity)
    assert set(WORDINGS) == set(LANGUAGES)


def test_a_drill_says_so_everywhere() -> None:
    message = write(test=True)
    assert message.title.startswith("【演练】【严重】")
    assert message.level == "【演练】严重"


def test_who_is_informed_need_not_act() -> None:
    assert "知会，无需处理" in write(concern=Concern.INFORMED).lines


def test_who_has_to_act_and_is_informed_beside_it_is_told_to_act() -> None:
    rings = [make_ring(1), make_ring(2, concern=Concern.INFORMED)]
    lines = compose(rings, ticket(), SCENE, bell="a", outside=True).lines
    assert "请在 2025-11-25 00:05 前接单" in lines


def test_names_and_phones_stay_in_the_house() -> None:
    fields = {
        "person": "wang",
        "title": {"zh": "王女士 138-0000-0000 报修 027-81234567", "en": ""},
        "reason": {"zh": "李师傅 13900000000 未接单", "en": ""},
    }
    inside = write(outside=False, **fields).text
    assert "李师傅 13900000000 未接单\n通知 wang" in inside
    outside = write(**fields).text
    for secret in ("wang", "李师傅", "13900000000", "138-0000-0000", "81234567"):
        assert secret not in outside
    assert "（电话略）" in outside


@pytest.mark.parametrize(
    "number", ["13912345678", "+8613912345678", "86 139 1234 5678", "139-1234-5678"]
)
def test_every_spelling_of_a_phone_is_taken_out(number: str) -> None:
    assert tidy(f"请拨{number}。", Hidden(())) == "请拨（电话略）。"


@pytest.mark.parametrize("text", ["GS-20251124-0001", "电表 1234567890123", "12345"])
def test_other_numbers_stay(text: str) -> None:
    assert tidy(text, Hidden(())) == text


def test_names_are_taken_out_as_words_and_details_of_a_reason_with_them() -> None:
    hide = Hidden(("li", "李师傅", "guard.1"))
    assert tidy("li 未接单, limit 30, 李师傅在, guard.1", hide) == (
        "（人名略） 未接单, limit 30, （人名略）在, （人名略）"
    )
    reason = {"zh": "第 3 级 项目经理：无人可叫: zhao 不在册或已停用", "en": ""}
    assert "第 3 级 项目经理：无人可叫" in write(reason=reason).lines
    assert "zhao" not in write(reason=reason).text


def test_each_reason_is_told_once() -> None:
    rings = [make_ring(number, reason={"zh": text, "en": ""}) for number, text in enumerate("aab")]
    lines = compose(rings, None, SCENE, bell="a", outside=True).lines
    assert [line for line in lines if line in {"a", "b"}] == ["a", "b"]


def test_a_text_is_one_line_and_not_too_long() -> None:
    assert tidy("a\r\nBcc: x") == "a Bcc: x"
    assert len(tidy("长" * 500)) == 120


def test_a_message_of_several_rings_is_as_bad_as_the_worst_and_says_the_last() -> None:
    rings = [make_ring(1, severity=Severity.CRITICAL), make_ring(2, title={"zh": "后来", "en": ""})]
    message = compose(rings, None, SCENE, bell="a", outside=True)
    assert message.title == "【紧急】后来"


def test_its_id_is_that_of_its_rings_and_its_bell() -> None:
    one, two = make_ring(1), make_ring(2)

    def number(*rings: object, bell: str = "a") -> str:
        return compose(list(rings), None, SCENE, bell=bell, outside=True).id  # type: ignore[arg-type]

    assert number(one, two) == number(two, one)
    assert len({number(one), number(two), number(one, two), number(one, bell="b")}) == 4


def test_a_place_that_nobody_knows_is_called_by_its_path() -> None:
    assert "位置：gs/x/y" in write(place="gs/x/y").lines
