"""催办 and 督办 on a ticket: who is rung, which rung comes, and when none does."""

from __future__ import annotations

from typing import Any

import pytest

from hub.model.rung import Quiet, Trigger
from hub.model.ticket import TicketFlag, TicketState
from hub.services.duty.pressing import Pressing
from tests.support.duty import Play, plan, rung

TAKEN, DONE = TicketState.TAKEN, TicketState.COMPLETED
WHY = {"zh": "上级催办", "en": "urged from above"}


def pressed(
    play: Play, *, up: bool = False, mark: str = "1.city", actor: str = "key:city"
) -> list[str]:
    """Press once, and return who is rung."""
    return play.press(Pressing(up=up, mark=mark, why=WHY, actor=actor))


def begun(ladder: Any = None, minutes: float = 5.0, **fields: Any) -> Play:  # noqa: ANN401
    play = Play(ladder) if ladder else Play()
    play.look()
    play.wait(minutes)
    if fields:
        play.change(**fields)
    return play


def test_urging_rings_the_last_rung_again_while_nobody_has_it() -> None:
    play = begun()
    assert pressed(play) == ["li"]
    assert play.rings[-1].reason == {
        "zh": "第 1 级 worker：上级催办",
        "en": "rung 1, worker: urged from above",
    }
    assert pressed(play, mark="2.city") == ["li"]
    assert len({ring.id for ring in play.rings}) == len(play.rings), "each is a ring of its own"
    assert play.wait(5) == ["zhao"], "and the climb goes on as if nothing had been"


def test_urging_rings_the_holder_once_somebody_has_it() -> None:
    play = begun(state=TAKEN, holder="wang")
    assert pressed(play) == ["wang"]
    assert play.told() == [("ticket.escalated", "worker")]


@pytest.mark.parametrize(
    "fields",
    [
        {"state": DONE, "holder": "li"},
        {"state": TAKEN, "holder": "somebody who has left"},
    ],
)
def test_urging_rings_the_managers_where_nobody_else_has_to_act(fields: dict[str, Any]) -> None:
    assert set(pressed(begun(**fields))) == {"chen", "zhao"}


def test_a_leader_who_presses_is_not_rung_by_it_unless_there_is_nobody_else() -> None:
    assert pressed(begun(state=DONE), actor="chen") == ["zhao"]
    assert pressed(begun(state=TAKEN, holder="li"), actor="li") == ["li"]


def test_supervising_lets_the_next_rung_come_at_once_and_only_once() -> None:
    play = begun(state=TAKEN, holder="li", minutes=12)
    assert play.told()[-1] == ("ticket.escalated", "leader")
    play.wait(15)
    assert pressed(play, up=True) == ["chen"], "though nothing calls it yet"
    assert play.drafts[-1].data["why"] == WHY
    assert play.drafts[-1].actor == "key:city"
    assert pressed(play, up=True, mark="2.city") == ["li"], "it was called just now"
    play.wait(15)
    assert pressed(play, up=True, mark="3.city") == ["li"], "there is no rung above"
    assert play.told().count(("ticket.escalated", "manager")) == 1


def test_supervising_passes_over_an_empty_rung() -> None:
    ladder = plan(
        rung("worker", "person:li"),
        rung("leader", "person:nobody", after=60),
        rung("top", "person:chen", after=60),
    )
    play = begun(ladder, state=TAKEN, holder="li", minutes=0)
    play.wait(15)
    assert pressed(play, up=True)[-1] == "chen"


def test_supervising_asks_for_no_confirmation_that_nothing_calls_for() -> None:
    ladder = plan(
        rung("worker", "person:li"),
        rung("street", "role:department", after=600, confirm=True, on=(Trigger.UNTAKEN,)),
    )
    play = begun(ladder, minutes=15, state=TAKEN, holder="li")
    assert pressed(play, up=True) == ["li"], "taken: nothing calls the street"
    assert play.climb is not None
    assert not play.climb.proposed
    play = begun(ladder, minutes=15)
    assert set(pressed(play, up=True)) == {"chen", "zhao"}, "untaken: the managers are asked now"
    assert play.climb is not None
    assert play.climb.proposed == "street"
    assert play.look() == [], "and the proposal stands"


@pytest.mark.parametrize("flag", [TicketFlag.SUSPENDED, TicketFlag.SHELVED])
def test_what_waits_climbs_by_nobodys_pressure(flag: TicketFlag) -> None:
    play = begun(minutes=8, state=TAKEN, holder="li", flags=(flag,))
    play.wait(20)
    assert pressed(play, up=True) == ["li"]


@pytest.mark.parametrize("state", [TicketState.CLOSED, TicketState.VOIDED])
def test_what_has_ended_rings_nobody(state: TicketState) -> None:
    play = begun(minutes=8)
    play.change(state=state)
    assert pressed(play, up=True) == []


def test_quiet_hours_hold_it_back_as_any_ring() -> None:
    play = begun(minutes=8, state=TAKEN, holder="li")
    play.quiet = Quiet(start=0, end=7 * 3600)
    pressed(play)
    assert play.rings[-1].not_before > play.now
