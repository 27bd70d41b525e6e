"""From our facts to the fields of theirs: mapped, in their time format, within their lengths."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from hub.errors import HubError
from hub.feeds.profiles.facts import INSTANTS
from hub.model.instant import COMMUNITY_TIME, from_rfc3339, to_rfc3339
from hub.model.profile import Field, Profile, Times

GRID_CODE = "grid_code"


class UnfitError(HubError):
    """An incident that a profile cannot write: nothing is sent, and a person has to look."""


def fill_fields(
    profile: Profile, fields: Iterable[Field], facts: Mapping[str, Any], *, lenient: bool = False
) -> dict[str, Any]:
    """Return their fields by name; raises UnfitError for what is required and not there.

    Who is `lenient` leaves out what does not fit instead: a page must not have holes.
    """
    filled: dict[str, Any] = {}
    for field in fields:
        value = _value(profile, field, facts)
        if value is not None and value not in ("", []):
            filled[field.name] = _fit(field, value, lenient=lenient)
        elif field.required and not lenient:
            raise UnfitError(
                f"{field.name} is required, and there is no {field.source} that fits"
                f"{_why(profile, field, facts)}",
                zh=f"字段 {field.name} 必填，但没有可用的 {field.source}。",
            )
    return filled


def write_instant(times: Times, instant: float) -> str | int:
    """Write epoch seconds as the profile wants them."""
    match times.format:
        case "epoch_s":
            return int(instant)
        case "epoch_ms":
            return int(instant * 1000)
        case "rfc3339" if times.zone == "+08:00":
            return to_rfc3339(instant) or ""
        case "rfc3339":
            return datetime.fromtimestamp(instant, UTC).isoformat(timespec="milliseconds")
    zone = UTC if times.zone == "UTC" else COMMUNITY_TIME
    return datetime.fromtimestamp(instant, zone).strftime(times.format)


def read_instant(times: Times, given: object) -> float:
    """Read an instant of theirs as epoch seconds; raises ValueError for what is none."""
    text = str(given).strip()
    match times.format:
        case "epoch_s":
            return _finite(float(text))
        case "epoch_ms":
            return _finite(float(text) / 1000)
        case "rfc3339":
            return from_rfc3339(text)
    zone = UTC if times.zone == "UTC" else COMMUNITY_TIME
    return datetime.strptime(text, times.format).replace(tzinfo=zone).timestamp()


def _finite(instant: float) -> float:
    if not 0 < instant < 253_370_764_800:  # noqa: PLR2004 - the year 9999
        raise ValueError("it is no instant")
    return instant


def _value(profile: Profile, field: Field, facts: Mapping[str, Any]) -> Any:  # noqa: ANN401 - JSON
    if field.value is not None:
        return field.value
    value = facts.get(field.source)
    if value is None:
        return None
    if field.source in INSTANTS:
        return write_instant(profile.time, from_rfc3339(str(value)))
    if field.source == GRID_CODE and not _is_grid_code(profile, str(value)):
        return None
    if field.map:
        table = profile.states.out if field.map == "states" else profile.maps[field.map]
        return table.get(str(value), table.get("*"))
    return value


def _is_grid_code(profile: Profile, code: str) -> bool:
    digits = profile.grid.digits
    return digits is None or (len(code) == digits and code.isascii() and code.isdecimal())


def _fit(field: Field, value: Any, *, lenient: bool) -> Any:  # noqa: ANN401 - JSON
    if field.length is None or not isinstance(value, str) or len(value) <= field.length:
        return value
    if field.cut or lenient:
        return value[: field.length - 1] + "…"
    raise UnfitError(
        f"{field.name} takes {field.length} letters, and {field.source} has {len(value)};"
        " write cut = true in the profile if it may be cut",
        zh=f"字段 {field.name} 超出长度 {field.length}。",
    )


def _why(profile: Profile, field: Field, facts: Mapping[str, Any]) -> str:
    """Say what to do about a fact that is missing."""
    if field.source == GRID_CODE and profile.grid.digits:
        found = facts.get(GRID_CODE, "")
        column = profile.grid.attribute or GRID_CODE
        return f": {found!r} has not {profile.grid.digits} digits; write '{column}' in places.csv"
    if field.source.startswith("code."):
        return f": the code table has no row for {facts.get('fault')}"
    if field.source.startswith("coordinates."):
        taken = ", ".join(profile.coordinates.accepts) or "none"
        return f": the place has none of {taken}, and nothing is converted"
    if field.map:
        return f": [maps.{field.map}] has no word for {facts.get(field.source)!r}"
    return ""
