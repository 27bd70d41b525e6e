"""Secrets of the settings: from the environment, from a file of their own, or written out."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

import msgspec

from hub.config.toml_reader import TomlReader

T = TypeVar("T", bound=msgspec.Struct)


Place = tuple[str | int, ...]


def add_secret(reader: TomlReader, given: str | None, part: T, section: str | Place, key: str) -> T:
    """Return `part` with its secret `key`: what the environment has `given`, or what files say.

    `part` has the fields `key` and `key_file`; both at once, or a file that cannot be read, is a
    problem of the reader. `section` is where the part stands.
    """
    place = (section,) if isinstance(section, str) else section
    plain, file = getattr(part, key), getattr(part, f"{key}_file")
    if plain and file:
        reader.add(f"{key} and {key}_file exclude each other", *place, hint="keep one")
    secret = given or (_read(reader, file, *place, f"{key}_file") if file else plain)
    return msgspec.structs.replace(part, **{key: secret})


def _read(reader: TomlReader, file: Path, *place: str | int) -> str:
    try:
        return file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no text"
        hint = "the file holds the secret and nothing else"
        reader.add(f"{file} cannot be read: {reason}", *place, hint=hint)
        return ""
