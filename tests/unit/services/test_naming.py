"""A device under another id: what stood under the one before follows."""

from __future__ import annotations

import msgspec
import pytest

from hub.model.device import DeviceUid
from hub.model.site_load import Sheets
from hub.services.commission.naming import find_old_names
from hub.services.registry import check_site
from rules.override import follow_names
from rules.rule import Override
from tests.support.shipped import MODELS, RULES
from tests.support.workbook import check, make_ground, make_workbook, sound_rows

HEAD = b"id,address,kind,model,place\n"
PLACES = "path,name\ngs,关山\n".encode()


def test_an_old_id_leads_to_the_device_of_the_same_uid() -> None:
    rows = HEAD + b"b,1,barrier_gate,ld-barrier-gate,gs\nc,2,barrier_gate,ld-barrier-gate,gs\n"
    known = {name: DeviceUid(uid) for name, uid in (("a", "d1"), ("b", "d1"), ("gone", "d9"))}
    site, problems = check_site(rows, PLACES, MODELS, known)
    assert problems == ()
    assert find_old_names(site.devices, known) == {"a": "b"}


def test_an_id_that_a_device_had_is_given_to_no_other() -> None:
    rows = HEAD + b"b,1,barrier_gate,ld-barrier-gate,gs\na,2,barrier_gate,ld-barrier-gate,gs\n"
    known = {"a": DeviceUid("d1"), "b": DeviceUid("d1")}
    _, [problem] = check_site(rows, PLACES, MODELS, known)
    assert str(problem) == (
        "devices.csv:3:1: id: 'a' is the same device as 'b' in row 2: it was renamed;"
        " give a new device another id"
    )


def loaded() -> Sheets:
    sheets = check(make_workbook(sound_rows(10))).sheets
    assert sheets is not None
    return sheets


def test_an_id_that_changes_in_the_sheet_is_a_fault_with_the_way_to_rename() -> None:
    rows = sound_rows(10)
    rows["devices"][3][0] = "gate-west"
    [problem] = check(make_workbook(rows), make_ground(loaded())).problems
    assert str(problem) == (
        "site.xlsx devices!A4: id: the address 'G2' is that of 'gate-2' now; a new id would cut"
        " its history; write 'gate-2' here; to rename it: lingdang device rename gate-2 gate-west"
    )
    ground = msgspec.structs.replace(make_ground(loaded()), renaming=True)
    assert check(make_workbook(rows), ground).problems == []


def test_an_address_may_pass_to_a_new_device_while_the_old_one_has_another() -> None:
    rows = sound_rows(10)
    rows["devices"][3][1] = "G77"
    rows["devices"].append(["gate-new", "G2", "mqtt", "道闸", "ld-barrier-gate", "gs"])
    assert check(make_workbook(rows), make_ground(loaded())).problems == []


@pytest.mark.parametrize(("name", "followed"), [("gate-1", "gate-west"), ("gate-9", "gate-9")])
def test_parameters_of_a_device_go_on_to_count(name: str, followed: str) -> None:
    override = Override(rule=RULES[0].id, values={}, device=name, file="f", line=1)
    rule = msgspec.structs.replace(RULES[0], overrides=(override,))
    [found] = follow_names([rule], {"gate-1": "gate-west"})
    assert [each.device for each in found.overrides] == [followed]
