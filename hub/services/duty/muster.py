"""Whom a rung's words mean: people, rosters, roles at a place, groups; nobody who is shut out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import msgspec

from hub.model.access import Identity
from hub.model.discretion import SEES
from hub.model.roster import Roster
from hub.services.duty.roster import Almanac, on_duty

Words = dict[str, str]
SECRET = {"zh": "这张工单只有负责人可以看", "en": "this ticket is only for leaders to see"}


class Muster(msgspec.Struct, frozen=True, kw_only=True):
    """Everybody who can be called at an instant; `people` holds only those who may sign in.

    `discreet`: they are those who may see what is discreet, and groups are nobody.
    """

    people: Mapping[str, Identity]
    rosters: Mapping[str, Roster]
    almanac: Almanac
    now: float
    discreet: bool = False

    def for_leaders(self) -> Muster:
        """Return only those who may see what is discreet."""
        people = {name: each for name, each in self.people.items() if each.role in SEES}
        almanac = msgspec.structs.replace(self.almanac, known=people)
        return msgspec.structs.replace(self, people=people, almanac=almanac, discreet=True)


class Called(msgspec.Struct, frozen=True, kw_only=True):
    """Whom some words mean; `holes` says in both languages which of them mean nobody."""

    people: tuple[str, ...]
    holes: tuple[Words, ...] = ()

    @property
    def why_nobody(self) -> Words:
        """Return the holes as one sentence."""
        return {key: "; ".join(hole[key] for hole in self.holes) for key in ("zh", "en")}


def call_up(words: Iterable[str], muster: Muster, place: str) -> Called:
    """Return the people for a ticket at `place`, each once, in the order of the words."""
    people: dict[str, None] = {}
    holes: list[Words] = []
    for word in words:
        kind, _, name = word.partition(":")
        found, hole = _KINDS[kind](name, muster, place)
        people |= dict.fromkeys(found)
        if not found:
            holes.append(SECRET if muster.discreet else hole)
    return Called(people=tuple(people), holes=tuple(holes))


Found = tuple[Iterable[str], Words]


def _person(name: str, muster: Muster, _place: str) -> Found:
    hole = {"zh": f"{name} 不在册或已停用", "en": f"{name} is not known or disabled"}
    return ((name,) if name in muster.people else ()), hole


def _roster(name: str, muster: Muster, _place: str) -> Found:
    roster = muster.rosters.get(name)
    if roster is None:
        return (), {"zh": f"没有值班表 {name}", "en": f"there is no roster {name!r}"}
    on = on_duty(roster, muster.now, muster.almanac)
    return on.people, on.reason


def _role(name: str, muster: Muster, place: str) -> Found:
    hole = {"zh": f"没有角色为 {name} 的人", "en": f"nobody has the role {name} there"}
    return sorted(each.name for each in _holders(name, muster, place)), hole


def _nearest(name: str, muster: Muster, place: str) -> Found:
    holders = _holders(name, muster, place)
    deepest = max((len(each.scope) for each in holders), default=0)
    near = sorted(each.name for each in holders if len(each.scope) == deepest)
    return near, _role(name, muster, place)[1]


def _group(name: str, muster: Muster, _place: str) -> Found:
    return ((), SECRET) if muster.discreet else ((f"group:{name}",), {})


def _holders(role: str, muster: Muster, place: str) -> list[Identity]:
    return [each for each in muster.people.values() if each.role == role and each.may_see(place)]


_KINDS: dict[str, Callable[[str, Muster, str], Found]] = {
    "person": _person,
    "roster": _roster,
    "role": _role,
    "nearest": _nearest,
    "group": _group,
}
KINDS = tuple(_KINDS)
"""What a word can begin with."""
