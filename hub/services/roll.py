"""The roll call of a site: who of the books was heard, who never was, and who speaks unlisted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from hub.model.catalogue import DeviceModel
from hub.model.device import Device, Kind, Lifecycle, LinkState
from hub.model.kinds import CORE_EVENTS, CORE_POINTS, HUB_MADE_EVENTS, find_core_point
from hub.model.spelling import nearest
from hub.ports import DeviceView
from hub.ports.site import Guess, Roll, Stranger

EXPECTED = frozenset({Lifecycle.COMMISSIONING, Lifecycle.IN_SERVICE, Lifecycle.MAINTENANCE})
"""States in which a device should be heard."""
ENOUGH = 0.5
"""Share of what a stranger says that a kind has to know before it is a guess."""


def call_roll(
    views: Iterable[DeviceView],
    newcomers: Iterable[Mapping[str, Any]],
    models: Iterable[DeviceModel],
) -> Roll:
    """Compare the books with what was heard; `newcomers` are rows of the store."""
    known = list(models)
    expected = [
        view for view in views if view.device.state in EXPECTED and view.device.kind is not Kind.HUB
    ]
    absent = tuple(view.device for view in expected if view.heard_at is None)
    quiet = tuple(view.device for view in expected if view.link is not LinkState.ONLINE)
    return Roll(
        heard=len(expected) - len(absent),
        absent=absent,
        strangers=tuple(_stranger(row, quiet, known) for row in newcomers),
    )


def _stranger(
    row: Mapping[str, Any], quiet: Sequence[Device], models: Sequence[DeviceModel]
) -> Stranger:
    by_address = {device.address: device.id for device in quiet if device.link == row["link"]}
    by_folded = {address.casefold(): name for address, name in by_address.items()}
    address = str(row["address"])
    near = by_folded.get(address.casefold()) or by_address.get(nearest(address, by_address), "")
    return Stranger(
        link=row["link"],
        address=address,
        first_seen=row["first_seen"],
        last_seen=row["last_seen"],
        count=row["count"],
        guess=guess_kind(bytes(row["sample"]), str(row["guess"]), models),
        near=near,
    )


def guess_kind(sample: bytes, driver: str, models: Iterable[DeviceModel]) -> Guess | None:
    """Guess what sends a message by the names in it; None where they say too little."""
    names = _names(sample)
    scores = {kind: {name for name in names if _says(kind, name)} for kind in CORE_POINTS}
    best = max(map(len, scores.values()))
    if not names or best / len(names) < ENOUGH:
        return None
    kinds = tuple(kind for kind, known in scores.items() if len(known) == best)
    fit = [each.id for each in models if each.kind in kinds and each.driver == driver]
    said = ", ".join(sorted(scores[kinds[0]]))
    return Guess(
        kinds=kinds,
        model=fit[0] if len(fit) == 1 else "",
        reason={
            "zh": f"它发来 {said}：{len(names)} 个名称里有 {best} 个是这类设备的",
            "en": f"it sends {said}: {best} of {len(names)} names are of such devices",
        },
    )


def _says(kind: Kind, name: str) -> bool:
    own = name in CORE_EVENTS[kind] and name not in HUB_MADE_EVENTS
    return own or find_core_point(kind, name) is not None


def _names(sample: bytes) -> set[str]:
    """Return the names of points and events in a message of the hub's own dialect."""
    try:
        message = msgspec.json.decode(sample)
    except msgspec.DecodeError:
        return set()
    if not isinstance(message, dict):
        return set()
    points = message.get("points")
    names = set(points) if isinstance(points, dict) else set()
    if isinstance(name := message.get("name"), str):
        names.add(name)
    return names
