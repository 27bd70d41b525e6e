"""Reads request bodies strictly: what is wrong is named, what is unknown is refused."""

from __future__ import annotations

from enum import StrEnum
from typing import TypeVar, get_type_hints
from urllib.parse import parse_qsl

import msgspec

from hub.errors import InvalidRequestError
from hub.model.instant import from_rfc3339

Body = TypeVar("Body", bound=msgspec.Struct)
MOST_FIELDS = 100


def read_struct(body: bytes, kind: type[Body]) -> Body:
    """Decode a JSON body; unknown fields are refused, so that nobody believes they were taken.

    Raises InvalidRequestError with the field and what is wrong with it.
    """
    try:
        found = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
        unknown = sorted(set(found) - set(kind.__struct_encode_fields__))
        if not unknown:
            return msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        place, said = _place(error), _say(error, kind)
        raise InvalidRequestError(
            f"The body does not fit: {said}.", problems={place: said}
        ) from error
    raise InvalidRequestError(
        f"Unknown fields: {', '.join(unknown)}; known are {', '.join(kind.__struct_fields__)}.",
        problems=dict.fromkeys(unknown, "unknown field"),
    )


def read_form(body: bytes, kind: type[Body]) -> Body:
    """Decode a form (`application/x-www-form-urlencoded`) as strictly; an empty field is none.

    Raises InvalidRequestError with the field and what is wrong with it.
    """
    try:
        pairs = parse_qsl(body.decode(), max_num_fields=MOST_FIELDS, errors="strict")
    except ValueError as error:
        raise InvalidRequestError(f"The form does not fit: {error}.") from error
    names = [name for name, _ in pairs]
    wrong = {name: "unknown field" for name in names if name not in kind.__struct_encode_fields__}
    wrong |= {name: "given more than once" for name in names if names.count(name) > 1}
    if wrong:
        known = ", ".join(kind.__struct_encode_fields__)
        raise InvalidRequestError(f"The form does not fit; fields are {known}.", problems=wrong)
    try:
        return msgspec.convert(dict(pairs), kind, strict=False)
    except msgspec.ValidationError as error:
        place, said = _place(error), _say(error, kind)
        raise InvalidRequestError(
            f"The form does not fit: {said}.", problems={place: said}
        ) from error


def _say(error: Exception, kind: type[msgspec.Struct]) -> str:
    """Repeat msgspec's sentence; of a word that is none of a field's choices with the choices."""
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    choices = get_type_hints(kind).get(_place(error))
    if isinstance(choices, type) and issubclass(choices, StrEnum):
        return f"{error}; one of: {', '.join(choices)}"
    return str(error)


def _place(error: Exception) -> str:
    """Take the field's name out of msgspec's sentence (`… - at `$.do``)."""
    _, found, place = str(error).partition(" - at `$.")
    return place.rstrip("`") if found else "body"


def read_done_at(text: str) -> float | None:
    """Read when something was done, as RFC 3339; None where nothing is told.

    Raises InvalidRequestError for what is no instant.
    """
    if not text:
        return None
    try:
        return from_rfc3339(text)
    except ValueError as error:
        said = "an instant such as 2026-11-24T15:48:17+08:00"
        raise InvalidRequestError(
            f"done_at does not fit: {said}.", problems={"done_at": said}
        ) from error
