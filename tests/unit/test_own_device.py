"""The hub in its own books."""

from __future__ import annotations

import msgspec

from hub.assembly.own_device import HUB_ID, add_hub, find_hub
from hub.model.device import DeviceUid, Kind, Lifecycle
from hub.services.registry import Site
from tests.unit.intake.stage import GATE, MODELS, PLACES

SITE = Site(devices=(GATE,), places=PLACES)


def test_a_hub_stands_at_the_topmost_place_with_a_uid_that_stays() -> None:
    site = add_hub(SITE, {})
    own = find_hub(site.devices)
    assert own is not None
    assert (own.id, own.uid, own.place, own.kind) == (HUB_ID, "hub", "gs", Kind.HUB)
    assert own.model in MODELS
    assert site.devices == (GATE, own)
    again = find_hub(add_hub(SITE, {HUB_ID: DeviceUid("d_1")}).devices)
    assert again is not None
    assert again.uid == "d_1"


def test_a_hub_of_the_sheet_is_the_hub_unless_it_is_not_in_use() -> None:
    own = msgspec.structs.replace(GATE, id="hub-1", kind=Kind.HUB)
    site = msgspec.structs.replace(SITE, devices=(own,))
    assert add_hub(site, {}) == site
    assert find_hub(site.devices) == own
    assert find_hub([msgspec.structs.replace(own, state=Lifecycle.RETIRED)]) is None


def test_a_device_that_has_the_name_keeps_it_and_a_site_without_places_has_no_hub() -> None:
    taken = msgspec.structs.replace(SITE, devices=(msgspec.structs.replace(GATE, id=HUB_ID),))
    assert add_hub(taken, {}) == taken
    assert add_hub(Site(devices=(), places={}), {}).devices == ()
