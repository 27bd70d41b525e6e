"""What the devices of further dialects may say and hear on the broker (docs/adr/0052)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hub.assembly.dialects import families as makers
from hub.commands.broker_profile import check_names, in_use, user_of
from hub.config.buses import DtuSettings
from hub.config.discovery import HomeAssistantSettings
from hub.config.families import FamilySettings
from hub.errors import ConfigError, Problem
from hub.feeds.home_assistant.announcement import Voice
from hub.model.device import Device


def find_grants(
    devices: Sequence[Device], families: Sequence[FamilySettings], *, hub_user: str, file: str
) -> dict[str, list[str]]:
    """Map each user of a further dialect to its lines of the ACL.

    A device has its own topics; where one client speaks for all, its user is named like the link.
    What is shared everybody of them may write.
    ConfigError for a name that an ACL cannot hold safely.
    """
    grants: dict[str, list[str]] = {}
    problems: list[Problem] = []
    open_to_all = [each for each in families if makers()[each.dialect].topics.shared]
    for family in families:
        if family in open_to_all:
            continue
        if not makers()[family.dialect].topics.says:
            grants.setdefault(family.name, []).extend(_lines_of_all(family))
            problems += _check_bridge(family, hub_user)
            continue
        for device in in_use(devices, family.name):
            problems += check_names(device, hub_user, file)
            grants.setdefault(user_of(device), []).extend(_lines_of(family, device.address))
    if problems:
        raise ConfigError(*problems)
    shared = [line for family in open_to_all for line in _lines_of_hub(family)]
    return {user: [*lines, *shared] for user, lines in grants.items()}


def of_dtus(dtus: Sequence[DtuSettings]) -> tuple[list[str], dict[str, list[str]]]:
    """Return the hub's lines for lines of meters by topic, and those of each DTU.

    A DTU's user is named like its link.
    """
    of_hub = [line for dtu in dtus for line in _ends(dtu.down, dtu.up)]
    return of_hub, {dtu.name: list(_ends(dtu.up, dtu.down)) for dtu in dtus}


def _ends(writes: str, reads: str) -> Iterator[str]:
    yield f"topic write {writes}"
    yield f"topic read {reads}"


def of_home_assistant(
    settings: HomeAssistantSettings | None, community: str
) -> tuple[list[str], dict[str, list[str]]]:
    """Return the hub's lines for what it announces, and those of who reads it."""
    if settings is None:
        return [], {}
    root = Voice(settings.prefix, community).root
    of_hub = [f"topic write {each}" for each in (f"{settings.prefix}/device/+/config", root)]
    reads = [f"topic read {each}" for each in (f"{settings.prefix}/#", root, f"{root}/#")]
    birth = f"topic write {settings.prefix}/status"
    return [*of_hub, f"topic write {root}/#"], {settings.user: [*reads, birth]}


def _lines_of_all(family: FamilySettings) -> Iterator[str]:
    (tree,) = makers()[family.dialect].topics.fill(("{p}#",), family.prefix)
    yield f"topic readwrite {tree}"


def _lines_of_hub(family: FamilySettings) -> Iterator[str]:
    """Yield the lines by which a device may write what the hub hears."""
    topics = makers()[family.dialect].topics
    yield from (f"topic write {each}" for each in topics.fill(topics.hears, family.prefix))


def _lines_of(family: FamilySettings, address: str) -> Iterator[str]:
    topics = makers()[family.dialect].topics
    yield from (f"topic write {each}" for each in topics.fill(topics.says, family.prefix, address))
    yield from (f"topic read {each}" for each in topics.fill(topics.reads, family.prefix, address))


def _check_bridge(family: FamilySettings, hub_user: str) -> Iterator[Problem]:
    if family.prefix == "":
        message = f"'{family.name}' has no prefix, so its user could say anything to anybody"
        yield Problem(file="[[family]]", message=message, hint="give it one, or leave it out")
    if family.name == hub_user:
        message = f"'{family.name}' is the hub's own user, and would be the bridge's"
        yield Problem(file="[[family]]", message=message, hint="give the link another name")
