"""The gates: every one is asked, every one answers, the first closed one counts."""

import msgspec
import pytest

from hub.model.alarm import Action, Decision, Severity
from hub.model.device import Device, DeviceUid, Kind, Lifecycle
from hub.model.instant import from_rfc3339
from hub.model.place import Place
from hub.model.window import Window, WindowKind
from rules.gates import (
    FLAP_WINDOW,
    FLAPS,
    GATES,
    Flapping,
    Situation,
    find_closed,
    fire_zone,
    judge,
    judge_clear,
)

NOW = 1_764_000_000.0
UNIT = "guanshan/a/b1/u1"
DOOR = Device(
    uid=DeviceUid("d1"),
    id="door-1",
    address="d1",
    kind=Kind.UNIT_DOOR,
    model="ld-unit-door",
    place=UNIT,
)
HELD_OPEN = Decision(
    action=Action.RAISE,
    subject="d1",
    rule="door-held",
    fault="door.held",
    name={"zh": "门超时未关", "en": "Door is held open"},
    severity=Severity.MINOR,
    at=NOW,
    reason={"zh": "", "en": ""},
    inhibit=("fire", "maintenance", "notice"),
)


def window(zh: str, en: str, kind: WindowKind = WindowKind.NOTICE) -> Window:
    text = {"zh": zh, "en": en}
    return Window(id="w-1", kind=kind, text=text, start=NOW - 60, end=NOW + 3600, place=UNIT)


def situation(**more: object) -> Situation:
    return Situation(**({"now": NOW, "place": UNIT, "device": DOOR} | more))


def door(**more: object) -> Device:
    return msgspec.structs.replace(DOOR, **more)


def test_an_ordinary_fault_goes_through_and_every_gate_has_answered() -> None:
    verdict = judge(HELD_OPEN, situation())
    assert verdict.open
    assert verdict.gate == ""
    assert [answer.gate for answer in verdict.reasons] == [name for name, _ in GATES]


def test_every_answer_is_a_sentence_in_both_languages() -> None:
    closed = situation(
        device=door(state=Lifecycle.RETIRED),
        notices=(window("停电", "power cut"),),
        fire_zones=("guanshan/a",),
        explained_by={"zh": "交换机", "en": "switch"},
        raises=FLAPS + 1,
        is_open=True,
    )
    for verdict in (judge(HELD_OPEN, situation()), judge(HELD_OPEN, closed)):
        for answer in verdict.reasons:
            assert answer.reason["zh"]
            assert answer.reason["en"]


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"device": door(state=Lifecycle.RETIRED), "fire_zones": ("guanshan/a",)},
        {"notices": (window("停电", "power cut"),), "fire_zones": ("guanshan/a",)},
        {"fire_zones": ("guanshan/a",), "raises": FLAPS + 1, "is_open": True},
        {"is_open": True},
    ],
)
def test_the_first_closed_gate_is_the_same_without_its_sentence(more: dict[str, object]) -> None:
    assert find_closed(HELD_OPEN, situation(**more)) == judge(HELD_OPEN, situation(**more)).gate


@pytest.mark.parametrize("state", [Lifecycle.PLANNED, Lifecycle.COMMISSIONING, Lifecycle.RETIRED])
def test_a_device_that_is_not_in_service_raises_nothing(state: Lifecycle) -> None:
    assert judge(HELD_OPEN, situation(device=door(state=state))).gate == "in_service"


def test_maintenance_closes_until_the_window_ends() -> None:
    mended = door(state=Lifecycle.MAINTENANCE, maintenance_until=NOW + 60)
    assert judge(HELD_OPEN, situation(device=mended)).gate == "maintenance"
    assert judge(HELD_OPEN, situation(device=mended, now=NOW + 60)).open


def test_maintenance_without_an_end_closes_until_somebody_ends_it() -> None:
    mended = door(state=Lifecycle.MAINTENANCE)
    assert judge(HELD_OPEN, situation(device=mended)).gate == "maintenance"


def test_a_rule_that_does_not_name_an_inhibit_is_not_stopped_by_it() -> None:
    duress = msgspec.structs.replace(HELD_OPEN, inhibit=())
    under_way = situation(
        device=door(state=Lifecycle.MAINTENANCE),
        notices=(window("停电", "power cut"),),
        fire_zones=("guanshan/a",),
    )
    assert judge(duress, under_way).open


def test_a_notice_says_its_own_text() -> None:
    verdict = judge(HELD_OPEN, situation(notices=(window("停水", "no water"),)))
    assert verdict.gate == "notice"
    assert "停水" in verdict.reason["zh"]


def test_a_fire_in_the_compound_lets_doors_stand_open() -> None:
    assert judge(HELD_OPEN, situation(fire_zones=("guanshan/a",))).gate == "fire"
    assert judge(HELD_OPEN, situation(fire_zones=("guanshan/b",))).open


def test_a_person_reads_names_and_local_times() -> None:
    places = {"guanshan/a": Place(path="guanshan/a", name="东苑", kind="compound")}
    burning = situation(fire_zones=("guanshan/a",), places=places)
    assert judge(HELD_OPEN, burning).reason["zh"].startswith("东苑 消防联动中")
    until = from_rfc3339("2026-11-24T15:48:00+00:00")
    mended = door(state=Lifecycle.MAINTENANCE, maintenance_until=until)
    verdict = judge(HELD_OPEN, situation(device=mended, now=until - 60))
    assert verdict.reason["zh"] == "检修中，至 2026-11-24 23:48"


def test_a_compound_whose_path_only_begins_alike_is_another() -> None:
    assert judge(HELD_OPEN, situation(place="guanshan/ab/b1", fire_zones=("guanshan/a",))).open


def test_a_fire_input_counts_for_its_whole_compound() -> None:
    places = {
        "guanshan": Place(path="guanshan", name="", kind="community"),
        "guanshan/a": Place(path="guanshan/a", name="", kind="compound"),
        "guanshan/a/b1": Place(path="guanshan/a/b1", name="", kind="building"),
    }
    assert fire_zone(UNIT, places) == "guanshan/a"
    assert fire_zone("elsewhere/x", places) == "elsewhere/x"


def test_what_is_explained_stays_in_and_says_by_what() -> None:
    verdict = judge(HELD_OPEN, situation(explained_by={"zh": "交换机离线", "en": "switch down"}))
    assert verdict.gate == "explained"
    assert verdict.reason["en"] == "switch down"


def test_a_flapping_alarm_is_held_open_and_not_raised_again() -> None:
    assert judge(HELD_OPEN, situation(raises=FLAPS)).open
    assert judge(HELD_OPEN, situation(raises=FLAPS + 1)).open, "one alarm must be there"
    assert judge(HELD_OPEN, situation(raises=FLAPS + 1, is_open=True)).gate == "flapping"
    assert not judge_clear(situation(raises=FLAPS + 1)).open
    assert judge_clear(situation(raises=FLAPS)).open


def test_a_second_raise_of_an_open_alarm_is_a_duplicate() -> None:
    assert judge(HELD_OPEN, situation(is_open=True)).gate == "duplicate"


def test_the_first_closed_gate_counts() -> None:
    both = situation(device=door(state=Lifecycle.RETIRED), is_open=True)
    assert judge(HELD_OPEN, both).gate == "in_service"


def test_a_place_is_always_in_service() -> None:
    assert judge(HELD_OPEN, situation(device=None)).open


def test_flapping_counts_within_a_quarter_of_an_hour() -> None:
    flapping = Flapping()
    for index in range(FLAPS + 1):
        flapping.note(msgspec.structs.replace(HELD_OPEN, at=NOW + index * 60))
    last = NOW + FLAPS * 60
    assert flapping.count("d1", "door-held", last) == FLAPS + 1
    quiet = flapping.quiet_at("d1", "door-held")
    assert quiet == NOW + FLAP_WINDOW
    assert flapping.count("d1", "door-held", quiet) == FLAPS
    assert flapping.quiet_at("d1", "door-held") is None


def test_flapping_forgets_an_alarm_that_has_become_quiet() -> None:
    flapping = Flapping()
    flapping.note(HELD_OPEN)
    assert flapping.count("d1", "door-held", NOW + FLAP_WINDOW) == 0
    assert flapping.count("d1", "other", NOW) == 0
    assert not flapping._raises


def test_a_maintenance_window_says_until_when_and_what_for() -> None:
    open_one = window("换锁", "new locks", WindowKind.MAINTENANCE)
    verdict = judge(HELD_OPEN, situation(maintenance=(open_one,)))
    assert (verdict.open, verdict.gate) == (False, "maintenance")
    assert verdict.reason["en"].endswith(": new locks")
    careless = msgspec.structs.replace(HELD_OPEN, inhibit=())
    assert judge(careless, situation(maintenance=(open_one,))).open
