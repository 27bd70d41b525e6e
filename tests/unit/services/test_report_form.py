"""What strangers type: tidied where that is harmless, refused field by field where it is not."""

from __future__ import annotations

from typing import Any

import pytest

from hub.errors import InvalidRequestError
from hub.model.whistle import Hotline, Reporter, Source, Target
from hub.ports.whistle import Said
from hub.services.reports.report_form import LONGEST_NAME, LONGEST_TEXT, check, tidy

YARD = Target(name="1栋", place="g/a/b1", where="1栋")


def said(category: str = "leak", **fields: Any) -> Said:  # noqa: ANN401 - fields of Said
    given = {"key": "k", "source": Source.RESIDENT, "category": category, "target": YARD}
    return Said(**(given | fields))


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  三楼漏水\r\n很大 ", "三楼漏水\n很大"),
        ("a\0b\x1b[31mc\x7f", "a b [31mc"),
        ("\u202egnp.exe", "gnp.exe"),
        ("zero\u200bwidth", "zero width"),
        ("👩\u200d🔧 来", "👩\u200d🔧 来"),
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
        ("\ud800", ""),
    ],
)
def test_what_has_no_shape_on_a_screen_is_left_out_and_signs_stay(typed: str, kept: str) -> None:
    assert tidy(typed) == kept


def test_a_full_report_is_taken_and_a_phone_may_be_typed_in_wide_digits() -> None:
    reporter = Reporter(caller=" 王 ", phone="１３８ 0000 0000", text="漏水")
    found = check(said(reporter=reporter, hotline=Hotline(number=" WH2026-1 ")))
    assert found.reporter == Reporter(caller="王", phone="138 0000 0000", text="漏水")
    assert found.hotline == Hotline(number="WH2026-1")
    assert check(said(hotline=Hotline(number="  "))).hotline is None


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"category": "stays_open"}, "category"),
        ({"category": ""}, "category"),
        ({"category": "<b>"}, "category"),
        ({"reporter": Reporter(text="水" * (LONGEST_TEXT + 1))}, "text"),
        ({"reporter": Reporter(caller="王" * (LONGEST_NAME + 1))}, "caller"),
        ({"reporter": Reporter(phone="12345")}, "phone"),
        ({"reporter": Reporter(phone="call me")}, "phone"),
        ({"reporter": Reporter(phone="1" * 30)}, "phone"),
        ({"hotline": Hotline(number="<i>1</i>")}, "hotline"),
    ],
)
def test_what_does_not_fit_is_named_in_both_languages(fields: dict[str, Any], wrong: str) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        check(said(**fields))
    assert list(caught.value.problems) == [wrong]
    assert set(caught.value.texts) == {"zh", "en"}


def test_every_fault_is_told_at_once() -> None:
    with pytest.raises(InvalidRequestError) as caught:
        check(said("", reporter=Reporter(phone="x", text="y" * 501)))
    assert set(caught.value.problems) == {"category", "phone", "text"}


def test_who_joins_need_choose_nothing_and_what_is_no_choice_is_not_kept() -> None:
    assert check(said("", join="GS-1")).category == "other"
    assert check(said("<b>", join="GS-1")).category == "other"
