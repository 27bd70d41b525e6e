"""Discreet alarms that would ring nobody are told when a site is read."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from hub.assembly.loading import load_world
from hub.assembly.unheard import find_unheard
from tests.unit.test_duty_file import DISCREET, write_site

HEAD = "id,address,link,kind,model,place,name,lane,upstream,power,state\n"
DOOR = "door-1,door-1,mqtt,access_controller,ld-access-controller,guanshan,门,,,,in_service\n"
GATE = "gate-1,gate-1,mqtt,barrier_gate,ld-barrier-gate,guanshan,闸,,,,in_service\n"


@pytest.mark.parametrize(
    ("device", "duty", "notes"), [(DOOR, "", 1), (DOOR, DISCREET, 0), (GATE, "", 0)]
)
def test_there_is_no_note_where_somebody_is_named_or_no_door_can_tell(
    tmp_path: Path, device: str, duty: str, notes: int
) -> None:
    settings = write_site(tmp_path, duty)
    (tmp_path / "devices.csv").write_text(HEAD + device, "utf-8")
    world = load_world(settings, {})
    assert len(world.site.devices) == 1
    assert len(find_unheard(world)) == notes


def test_a_discreet_rule_that_opens_no_ticket_is_told_with_its_line(tmp_path: Path) -> None:
    settings = write_site(tmp_path, DISCREET)
    (tmp_path / "devices.csv").write_text(HEAD + DOOR, "utf-8")
    world = load_world(settings, {})
    rules = tuple(
        msgspec.structs.replace(rule, ticket=None) if rule.discreet else rule
        for rule in world.rules
    )
    (note,) = find_unheard(msgspec.structs.replace(world, rules=rules))
    assert note.line > 0
    assert "controller-duress is discreet and opens no ticket" in note.message
