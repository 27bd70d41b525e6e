"""Whatever a receiver sends in whatever order: its newest word stands, and the table is kept."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from hub.errors import ConflictError, InvalidRequestError
from hub.model.case import Case, CaseAction, CaseState, CaseStep
from hub.services.incidents.case_step import possible_actions, take_step
from hub.services.incidents.case_table import CASE_ROWS

NOW = 1_764_000_000.0
NOTES = {CaseAction.URGE, CaseAction.SUPERVISE, CaseAction.COMMENT}
WAYS: dict[tuple[str, str], str] = {
    ("reported", "file"): "filed",
    ("refused", "file"): "filed",
    ("handled", "close"): "closed",
    ("checked", "close"): "closed",
    ("closed", "reopen"): "filed",
    ("refused", "reopen"): "filed",
    ("handled", "return"): "sent_back",
    ("signed", "return"): "filed",
}
"""What people of the trade expect, written apart from the table."""
STEPS = st.builds(
    CaseStep,
    do=st.sampled_from(CaseAction),
    receiver=st.just("city"),
    at=st.integers(-100, 100).map(lambda seconds: NOW + seconds),
    revision=st.none() | st.integers(0, 30),
    number=st.just("C-1"),
    reason=st.just("why"),
    text=st.just("words"),
    to=st.sampled_from(["", "power"]),
    until=st.just(NOW + 999),
    granted=st.booleans(),
)


class Life(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.case = Case(receiver="city", incident="GS-1")
        self.taken: list[CaseStep] = []
        self.entries = 0

    @rule(step=STEPS)
    def send(self, step: CaseStep) -> None:
        before = self.case
        try:
            self.case, draft = take_step(before, step, place="gs", now=NOW)
        except ConflictError:
            assert step.do.value not in possible_actions(before)
            return
        except InvalidRequestError:
            assert (step.do, step.to) == (CaseAction.HELP, "")
            return
        if draft is None:
            assert self.case == before
            return
        self.entries += 1
        assert step.do.value in possible_actions(before)
        assert draft.data["state"] == self.case.state
        if (before.state, step.do) in WAYS:
            assert self.case.state == WAYS[before.state, step.do]
        if CASE_ROWS[before.state, step.do].to is None:
            assert self.case.state is before.state
        if step.do in NOTES:
            assert (self.case.their_at, self.case.their_revision) == (
                before.their_at,
                before.their_revision,
            )
        else:
            self.taken.append(step)

    @precondition(lambda self: self.taken)
    @rule(data=st.data())
    def send_again(self, data: st.DataObject) -> None:
        """What was taken before never undoes what came after it."""
        old = data.draw(st.sampled_from(self.taken))
        newest = self.taken[-1]
        older = old.revision is not None and newest.revision is not None
        if (older and old.revision < newest.revision) or (  # type: ignore[operator]
            old.revision is None and self.case.their_at > old.at
        ):
            assert take_step(self.case, old, place="gs", now=NOW) == (self.case, None)

    @invariant()
    def each_change_has_its_revision_and_entry(self) -> None:
        assert self.case.revision == self.entries

    @invariant()
    def only_work_in_hand_waits_for_an_extension(self) -> None:
        at_work = {CaseState.DISPATCHED, CaseState.SIGNED, CaseState.SENT_BACK}
        assert self.case.asked_until is None or self.case.state in at_work

    @invariant()
    def a_filed_case_has_a_number(self) -> None:
        assert self.case.number or self.case.state is not CaseState.FILED or self.case.reason


TestLife = Life.TestCase
