"""A case moves by its receiver's steps, in the receiver's order, and by nothing else."""

from typing import Any

import pytest

from hub.errors import ConflictError, InvalidRequestError
from hub.model.case import Case, CaseAction, CaseState, CaseStep
from hub.services.incidents.case_step import AHEAD, possible_actions, take_step
from hub.services.incidents.case_table import CASE_ROWS

NOW = 1_764_000_000.0
FRESH = Case(receiver="city", incident="GS-1")
NEEDED: dict[str, Any] = {
    "number": "C-7",
    "reason": "why",
    "text": "done",
    "until": NOW + 86_400,
    "granted": True,
}
STORY = [
    "file",
    "dispatch",
    "sign",
    "arrive",
    "ask_extension",
    "decide_extension",
    "feed_back",
    "check",
    "close",
]


def do(case: Case, action: str, at: float = NOW, **fields: Any) -> Case:  # noqa: ANN401
    step = CaseStep(do=CaseAction(action), receiver="city", at=at, **{**NEEDED, **fields})
    return take_step(case, step, place="gs", now=NOW)[0]


def test_the_story_of_a_case_from_report_to_close() -> None:
    case, states = FRESH, []
    for action in STORY:
        case = do(case, action)
        states.append(case.state.value)
    assert states == [
        "filed",
        "dispatched",
        *["signed"] * 4,
        "handled",
        "checked",
        "closed",
    ]
    assert (case.number, case.revision, case.extended_until) == ("C-7", 9, NOW + 86_400)
    assert case.arrived_at == NOW


def test_a_refused_extension_extends_nothing_and_can_be_asked_again() -> None:
    case = do(do(do(FRESH, "dispatch"), "ask_extension"), "decide_extension", granted=False)
    assert (case.asked_until, case.extended_until) == (None, None)
    assert "ask_extension" in possible_actions(case)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("dispatched", "filed"),
        ("signed", "filed"),
        ("handled", "sent_back"),
        ("checked", "sent_back"),
    ],
)
def test_a_return_goes_where_it_came_from(before: str, after: str) -> None:
    case = Case(receiver="city", incident="GS-1", state=CaseState(before))
    returned = do(case, "return", reason="not ours")
    assert (returned.state, returned.reason) == (after, "not ours")


def test_a_step_older_than_the_case_changes_nothing() -> None:
    case = do(do(FRESH, "dispatch", at=NOW - 10), "feed_back", at=NOW - 5)
    step = CaseStep(do=CaseAction.SIGN, receiver="city", at=NOW - 7)
    assert take_step(case, step, place="gs", now=NOW) == (case, None)


def test_the_newest_step_once_more_changes_nothing_and_is_no_conflict() -> None:
    case = do(FRESH, "file")
    assert do(case, "file") == case
    assert do(case, "dispatch").state is CaseState.DISPATCHED


def test_revisions_count_before_times_where_both_have_one() -> None:
    case = do(FRESH, "dispatch", at=NOW, revision=5)
    assert do(case, "sign", at=NOW - 50, revision=6).state is CaseState.SIGNED
    assert do(case, "sign", at=NOW + 50, revision=5) == case
    assert do(case, "sign", at=NOW + 50, revision=None).their_revision == 5


def test_a_late_note_is_taken_and_leaves_the_marks_where_they_are() -> None:
    case = do(FRESH, "dispatch", at=NOW, revision=5)
    noted = do(do(case, "urge", at=NOW - 50, revision=1), "comment", at=NOW - 40)
    assert (noted.urged, noted.revision, noted.state) == (1, 3, CaseState.DISPATCHED)
    assert (noted.their_at, noted.their_revision) == (NOW, 5)


def test_a_clock_far_ahead_is_refused_since_nothing_would_follow_it() -> None:
    with pytest.raises(InvalidRequestError, match="future") as caught:
        do(FRESH, "dispatch", at=NOW + AHEAD + 1)
    assert list(caught.value.problems) == ["at"]


@pytest.mark.parametrize(
    ("action", "missing"), [("file", "number"), ("refuse", "reason"), ("comment", "text")]
)
def test_what_a_step_needs_is_named(action: str, missing: str) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        do(FRESH, action, **{missing: ""})
    assert list(caught.value.problems) == [missing]


def test_an_impossible_step_names_the_possible_ones() -> None:
    with pytest.raises(ConflictError) as caught:
        do(FRESH, "close")
    assert caught.value.possible == possible_actions(FRESH)
    assert "file" in caught.value.possible


def test_every_state_can_be_reached_and_left() -> None:
    reached = {row.to for row in CASE_ROWS.values() if row.to}
    assert reached | {CaseState.REPORTED} == set(CaseState)
    moving = {state for (state, _), row in CASE_ROWS.items() if row.to}
    assert moving == set(CaseState)


def test_the_journal_is_told_the_words_and_the_feeds_item_none() -> None:
    step = CaseStep(do=CaseAction.REFUSE, receiver="city", at=NOW, reason="not ours")
    _, draft = take_step(FRESH, step, place="gs/a", now=NOW + 1)
    assert draft is not None
    assert (draft.type, draft.subject, draft.actor) == ("incident.refused", "GS-1", "key:city")
    assert (draft.at, draft.place) == (NOW + 1, "gs/a")
    assert draft.data["reason"] == "not ours"
