"""Which thing each label stands on: every device and every place has a code of its own."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

from hub.model.device import Device, Kind, Lifecycle
from hub.model.place import Place, contains
from hub.model.whistle import Target
from hub.model.wording import KINDS
from hub.ports.whistle import Label
from hub.services.reports.label_code import Codes

GONE = frozenset({Lifecycle.PLANNED, Lifecycle.RETIRED})
"""States of devices that nobody reports."""
HOUSEHOLD = "household"
"""The kind of place, and the scope of a meter, that is one family's: nothing public is there."""

StateOf = Callable[[str], Lifecycle]


class LabelBook:
    """Finds a thing by its code, and by what it is called; a household's have no code.

    A code that two things would have is the first one's, in the order of their identities; one in
    some thousand communities has such a pair.
    """

    def __init__(
        self,
        codes: Codes,
        devices: Collection[Device],
        places: Mapping[str, Place],
        state_of: StateOf | None = None,
    ) -> None:
        """Give every thing its code; `state_of` tells a device's state of now by its id."""
        states = {device.id: device.state for device in devices}
        self._state_of = state_of or states.__getitem__
        self._by_code: dict[str, Target] = {}
        found = sorted(_targets(devices, places), key=lambda each: each[0])
        self._by_subject = {target.subject: target for _, target, _ in found}
        for subject, target in ((name, each) for name, each, public in found if public):
            turn = 0
            while (code := codes.label(subject, turn)) in self._by_code:
                turn += 1
            self._by_code[code] = target

    def find(self, code: str) -> Target | None:
        """Return what a code stands on."""
        return self._present(self._by_code.get(code))

    def find_subject(self, subject: str) -> Target | None:
        """Return a device by its id, or a place by its path."""
        return self._present(self._by_subject.get(subject))

    def labels(self, place: str = "") -> Sequence[Label]:
        """Return the labels at and below a place, by place, the place itself before its devices."""
        found = [
            Label(code=code, target=target)
            for code, target in self._by_code.items()
            if self._present(target) and (not place or contains(place, target.place))
        ]
        return sorted(found, key=lambda each: (each.target.place, each.target.device))

    def _present(self, target: Target | None) -> Target | None:
        gone = target and target.device and self._state_of(target.device) in GONE
        return None if gone else target


def path_words(path: str, places: Mapping[str, Place]) -> str:
    """Write a place as people say it: the names from below the community down.

    A name that says the one above it too (东苑, 东苑 1 幢) stands for both.
    """
    steps = path.split("/")
    above = ["/".join(steps[: depth + 1]) for depth in range(len(steps))]
    names = [places[each].name or each for each in above if each in places]
    inner = names[1:] or names
    said = [
        name
        for name, below in zip(inner, [*inner[1:], ""], strict=False)
        if not below.startswith(name)
    ]
    return " ".join(said) or path


def _targets(
    devices: Collection[Device], places: Mapping[str, Place]
) -> Iterator[tuple[str, Target, bool]]:
    """Yield identity, thing, and whether a label may stand on it."""
    words = {path: path_words(path, places) for path in places}
    for path, place in places.items():
        target = Target(name=place.name or path, place=path, where=words[path])
        yield f"place:{path}", target, place.kind != HOUSEHOLD
    for device in devices:
        is_public = device.kind is not Kind.HUB and device.attributes.get("scope") != HOUSEHOLD
        where = words.get(device.place) or path_words(device.place, places)
        yield f"device:{device.uid}", _device_target(device, where), is_public


def _device_target(device: Device, where: str) -> Target:
    return Target(
        name=device.name or f"{KINDS[device.kind][0]} {device.id}",
        place=device.place,
        where=where,
        device=device.id,
        uid=device.uid,
        kind=device.kind.value,
    )
