"""What the city's platform and its department do next, and how they compare a day."""

from __future__ import annotations

from typing import Any

import pytest

from simulators.platform.account import compare, lines_of
from simulators.platform.ledger import Own
from simulators.platform.play import Habits, Side, next_move, side_of

HABITS = Habits(auto=True, department="power")
INCIDENT = {"number": "GS-1", "fault": "supply.mains_lost", "state": "dispatched"}


def does(
    city: list[tuple[str, str]],
    power: list[tuple[str, str]],
    habits: Habits = HABITS,
    **fields: str,
) -> tuple[str, str] | None:
    move = next_move(INCIDENT | fields, side_of(city), side_of(power), habits, 0.0)
    return None if move is None else (move.by or "city", move.do)


FILED = [("file", "filed")]
SENT = [*FILED, ("dispatch", "dispatched")]
SIGNED = [("sign", "signed"), ("arrive", "signed")]
FED_BACK = [*SIGNED, ("feed_back", "handled")]
BACK = [*SENT, ("feed_back", "handled"), ("return", "sent_back")]


@pytest.mark.parametrize(
    ("city", "power", "due"),
    [
        ([], [], ("city", "file")),
        (FILED, [], ("city", "dispatch")),
        (SENT, [], ("power", "sign")),
        (SENT, SIGNED[:1], ("power", "arrive")),
        (SENT, SIGNED, ("power", "feed_back")),
        (SENT, FED_BACK, ("city", "feed_back")),
        ([*SENT, ("feed_back", "handled")], FED_BACK, None),
        (BACK, FED_BACK, ("power", "return")),
        (BACK, [*FED_BACK, ("return", "sent_back")], ("power", "sign")),
        (BACK, [*FED_BACK, ("return", "sent_back"), *FED_BACK], ("city", "feed_back")),
        ([*SENT, ("close", "closed")], FED_BACK, None),
    ],
)
def test_each_state_has_its_next_step(
    city: list[tuple[str, str]], power: list[tuple[str, str]], due: tuple[str, str] | None
) -> None:
    assert does(city, power) == due


def test_the_city_checks_only_what_the_property_calls_finished() -> None:
    handled = [*SENT, ("feed_back", "handled")]
    assert does(handled, FED_BACK) is None
    assert does(handled, FED_BACK, state="completed") == ("city", "check")
    assert does([*handled, ("check", "checked")], FED_BACK) == ("city", "close")


def test_an_extension_waits_for_the_decision_from_above() -> None:
    habits = Habits(auto=True, department="power", extension=7200.0)
    asked = [*SIGNED, ("ask_extension", "signed")]
    assert does(SENT, SIGNED, habits) == ("power", "ask_extension")
    assert does(SENT, asked, habits) == ("city", "decide_extension")
    decided = [*asked, ("decide_extension", "signed")]
    assert does(SENT, decided, habits) == ("power", "feed_back")


def test_what_is_refused_or_left_to_a_person_is_not_done() -> None:
    refusing = Habits(auto=True, refuses=("supply.mains_lost",))
    assert does([], [], refusing) == ("city", "refuse")
    by_hand = Habits(auto=True, department="power", by_hand=frozenset({"power:feed_back"}))
    assert does(SENT, SIGNED, by_hand) is None
    assert does(SENT, FED_BACK, by_hand) == ("city", "feed_back")
    assert does([], [], Habits()) is None
    assert next_move(INCIDENT, Side(state="dispatched"), Side(), Habits(auto=True), 0.0) is None


def item(number: int, incident: str, revision: int, state: str = "new") -> dict[str, Any]:
    data = {"number": incident, "revision": revision, "state": state}
    return {"id": f"gs-{number}", "subject": incident, "data": data}


def test_a_day_is_compared_up_to_its_last_item_and_names_what_differs() -> None:
    items = [item(1, "GS-1", 1), item(2, "GS-2", 1), item(3, "GS-1", 2), item(9, "GS-1", 3)]
    ours = lines_of(items, lambda _: Own(number="C", state="filed"), "gs-3")
    assert ours == ["GS-1\t2\tnew\tC\tfiled\t2", "GS-2\t1\tnew\tC\tfiled\t1"]
    theirs = {
        "day": "2026-01-01",
        "over": False,
        "complete": True,
        "items": 3,
        "lines": [ours[0], "GS-2\t1\tnew\t\treported\t1"],
        "digest": "d",
    }
    found = compare(theirs, ours)
    assert not found["same"]
    assert list(found["differ"]) == ["GS-2"]
    assert found["differ"]["GS-2"] == {"ours": ours[1], "theirs": theirs["lines"][1]}
    assert lines_of(items, lambda _: Own(), None) == []
