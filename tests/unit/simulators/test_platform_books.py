"""The platform's books, its door and its faults, without a socket."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import msgspec
import pytest
from standardwebhooks import Webhook

from hub.clock import ManualClock
from hub.errors import InvalidRequestError, NotFoundError
from simulators.platform.city import City
from simulators.platform.door import Door, Push, why_refused
from simulators.platform.ledger import Ledger, Own
from simulators.platform.mischief import Mischief, Wrong
from simulators.platform.play import Habits
from simulators.platform.seat import Seat
from tests.support.vendor import WEBHOOK_SECRET

NOW = 1_764_000_000.0


def item(number: int = 1, revision: int = 1, source: str = "/communities/gs/hub") -> dict[str, Any]:
    return {
        "id": f"gs-{number}",
        "source": source,
        "subject": "GS-1",
        "time": "2025-11-25T00:00:00.000+08:00",
        "data": {"number": "GS-1", "revision": revision},
    }


def push(body: bytes, *, at: float = NOW, number: str = "gs-1") -> Push:
    """Sign a body with the standard's own package."""
    moment = datetime.fromtimestamp(at, UTC)
    signature = Webhook(WEBHOOK_SECRET).sign(number, moment, body.decode())
    return Push(
        {
            "webhook-id": number,
            "webhook-timestamp": str(int(at)),
            "webhook-signature": f"v1,AAAA {signature}",
        },
        body,
    )


def test_a_page_and_its_cursor_are_kept_together_or_not_at_all(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    assert ledger.keep_page([item(1), item(2, 2)], "c1") == [item(1), item(2, 2)]
    with pytest.raises(KeyError):
        ledger.keep_page([item(3), {"id": "gs-4"}], "c2")
    assert ledger.keep_page([item(2, 2), item(3, 3)], "c1") == [item(3, 3)]
    ledger.close()
    again = Ledger(tmp_path)
    assert again.cursor() == "c1"
    assert [each["id"] for each in again.items()] == ["gs-1", "gs-2", "gs-3"]
    assert again.incidents() == {"GS-1": {"number": "GS-1", "revision": 3}}
    again.forget_cursor()
    assert again.cursor() == ""
    again.close()


def test_after_a_restore_the_books_begin_anew_and_a_later_era_is_newer(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    ledger.keep_page([item(1, 1), item(2, 9)], "c1")
    later = item(2, 2) | {"id": "gs-69248100-2"}
    later["data"] = later["data"] | {"era": "69248100"}
    assert ledger.keep_pushed(later), "another id, though the number was there"
    assert ledger.incidents()["GS-1"]["revision"] == 2
    assert ledger.newest("GS-1") == later["data"]
    ledger.begin_anew("c0")
    assert (ledger.items(), ledger.cursor()) == ([], "c0")
    ledger.close()


async def test_a_push_of_a_later_era_has_everything_read_anew() -> None:
    told = [item(1, 1), item(2, 1) | {"id": "gs-69248100-2"}]
    told[1]["data"] = told[1]["data"] | {"era": "69248100"}

    class Hub:
        """Gives the two items, whoever asks."""

        name = "city"

        async def read_page(self, cursor: str, _limit: int, _wait: float) -> dict[str, Any]:
            at = int(cursor or 0)
            return {"items": told[at : at + 1], "next": str(min(at + 1, len(told)))}

    ledger = Ledger()
    city = City([cast("Seat", Hub())], ledger, ManualClock(NOW), Habits(auto=False))
    for each in (item(1, 1), item(2, 9), item(3, 12)):
        assert city.take(each)
    assert city.gaps == []
    reading = asyncio.create_task(city.read_anew())
    assert city.take(told[1])
    for _ in range(50):
        await asyncio.sleep(0)
    assert ledger.cursor() == "2"
    reading.cancel()
    await asyncio.gather(reading, return_exceptions=True)
    assert [each["id"] for each in ledger.items()] == ["gs-1", "gs-69248100-2"]
    assert city.gaps == ["the hub was restored from a backup"]
    assert not city.take(told[1]), "and it is known"
    ledger.close()


def test_an_id_of_another_source_is_another_item() -> None:
    ledger = Ledger()
    assert ledger.keep_pushed(item(1))
    assert not ledger.keep_pushed(item(1))
    assert ledger.keep_pushed(item(1, source="/communities/gs/hub/70"))
    ledger.close()


def test_the_own_case_is_as_it_was_at_the_end_of_a_day() -> None:
    ledger = Ledger()
    for day, do, applied, state in (
        (1, "file", True, "filed"),
        (2, "dispatch", True, "dispatched"),
        (2, "file", False, "dispatched"),
    ):
        case = {"receiver": "city", "incident": "GS-1", "number": "C", "state": state}
        said = {"do": do, "at": f"2025-11-0{day}T00:00:00+08:00"}
        ledger.note_step(said, {"applied": applied, "case": case})
    assert ledger.own("city", "GS-1", "2025-11-01") == Own(number="C", state="filed")
    assert ledger.own("city", "GS-1").state == "dispatched"
    assert ledger.own("power", "GS-1") == Own()
    assert ledger.steps_of("city", "GS-1") == [("file", "filed"), ("dispatch", "dispatched")]
    assert len(ledger.steps()) == 3
    ledger.close()


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (push(b"{}"), ""),
        (push(b"{}", at=NOW - 299), ""),
        (push(b"{}", at=NOW - 301), "off"),
        (push(b"{}", at=NOW + 301), "off"),
        (push(b"{}")._replace(body=b"{} "), "signature"),
        (Push({}, b"{}"), "no webhook-id"),
        (Push({**push(b"{}").headers, "webhook-timestamp": "x"}, b"{}"), "no webhook-id"),
        (Push({**push(b"{}").headers, "webhook-id": "gs-2"}, b"{}"), "signature"),
        (Push({**push(b"{}").headers, "webhook-signature": "v1,é"}, b"{}"), "signature"),
    ],
)
def test_the_door_takes_what_the_standard_calls_genuine_and_nothing_else(
    given: Push, says: str
) -> None:
    why = why_refused(WEBHOOK_SECRET, given, NOW)
    assert says in why
    assert bool(why) is bool(says)


def test_without_a_secret_nothing_is_genuine() -> None:
    assert why_refused("", push(b"{}"), NOW)
    assert why_refused("whsec_%%%", push(b"{}"), NOW) == "our own secret is broken"


def test_the_door_says_what_became_of_an_item() -> None:
    taken: list[dict[str, Any]] = []

    def take(one: dict[str, Any]) -> bool:
        fresh = one["id"] not in [each["id"] for each in taken]
        taken.append(one)
        return fresh

    door = Door(lambda: WEBHOOK_SECRET, take, Mischief(), ManualClock(NOW))
    good = push(msgspec.json.encode(item()))
    assert [door.judge(good), door.judge(good)] == [204, 204]
    assert door.judge(good._replace(body=good.body + b" ")) == 401
    assert door.judge(push(b"no json")) == 400
    assert dict(door.counts) == {"new": 1, "known": 1}
    assert len(door.refused) == 2


def test_a_fault_strikes_as_often_as_it_was_told_and_an_unknown_one_names_the_nearest() -> None:
    mischief = Mischief()
    mischief.begin("slow", 2)
    mischief.begin("error")
    strikes = [mischief.strikes(Wrong.SLOW, Wrong.ERROR) for _ in range(4)]
    assert strikes == [Wrong.SLOW, Wrong.SLOW, Wrong.ERROR, Wrong.ERROR]
    assert [fault.name for fault in mischief.active()] == [Wrong.ERROR]
    mischief.end("error")
    assert mischief.strikes(Wrong.ERROR) is None
    with pytest.raises(NotFoundError):
        mischief.end("error")
    with pytest.raises(InvalidRequestError, match="did you mean 'garbage'"):
        mischief.begin("garbag")
