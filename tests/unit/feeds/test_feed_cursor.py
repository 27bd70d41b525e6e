"""A cursor goes back where it came from, or is refused with the reason."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.errors import InvalidRequestError
from hub.feeds.cursor import _tag, read_cursor, write_cursor


@given(
    seq=st.integers(min_value=0, max_value=2**60),
    scope=st.text(max_size=40),
    era=st.sampled_from(["", "69248100"]),
)
def test_a_cursor_is_read_as_it_was_written(seq: int, scope: str, era: str) -> None:
    cursor = write_cursor("guanshan", seq, scope, era)
    mark = read_cursor(cursor, "guanshan", scope)
    assert (mark.seq, mark.era) == (seq, era)
    assert set(cursor) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")


@pytest.mark.parametrize(
    ("community", "scope", "why"),
    [("luonan", "", "belongs to the feed of"), ("guanshan", "guanshan/a", "other rights")],
)
def test_a_cursor_of_another_feed_or_other_rights_is_refused(
    community: str, scope: str, why: str
) -> None:
    cursor = write_cursor("guanshan", 7, "")
    with pytest.raises(InvalidRequestError, match=why):
        read_cursor(cursor, community, scope)


@given(data=st.data())
def test_no_changed_letter_goes_unnoticed(data: st.DataObject) -> None:
    cursor = write_cursor("guanshan", 12345, "")
    place = data.draw(st.integers(min_value=0, max_value=len(cursor) - 2))
    letter = data.draw(st.sampled_from("ABCxyz019-_"))
    changed = cursor[:place] + letter + cursor[place + 1 :]
    if changed != cursor:
        with pytest.raises(InvalidRequestError):
            read_cursor(changed, "guanshan", "")


@pytest.mark.parametrize("seq", ["-1", "+1", "1_0", " 1", "１", "9" * 20])
def test_a_cursor_that_the_hub_would_not_write_is_refused_whatever_its_check(seq: str) -> None:
    head, _, _ = base64.urlsafe_b64decode(write_cursor("g", 1, "") + "==").decode().rpartition("|")
    forged = head.replace("|1|", f"|{seq}|")
    text = base64.urlsafe_b64encode(f"{forged}|{_tag(forged)}".encode()).decode()
    with pytest.raises(InvalidRequestError):
        read_cursor(text, "g", "")


@pytest.mark.parametrize("era", ["|", "|x", "|69248100|", "|6924810", "|../../..", "|６9248100"])
def test_an_era_that_no_restore_names_so_is_refused_whatever_its_check(era: str) -> None:
    head, _, _ = base64.urlsafe_b64decode(write_cursor("g", 1, "") + "==").decode().rpartition("|")
    forged = head + era
    text = base64.urlsafe_b64encode(f"{forged}|{_tag(forged)}".encode()).decode()
    with pytest.raises(InvalidRequestError):
        read_cursor(text, "g", "")


@pytest.mark.parametrize(
    "text", ["0", "7", "äöü", "!!!!", "", base64.urlsafe_b64encode(b"a|b|c|d").decode()]
)
def test_what_is_no_cursor_is_refused(text: str) -> None:
    with pytest.raises(InvalidRequestError):
        read_cursor(text, "guanshan", "")
