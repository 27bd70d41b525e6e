"""Reads TOML tables into frozen structures, strictly and field by field: no fault hides another."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args, get_origin

import msgspec

from hub.config.toml_map import TomlMap
from hub.config.toml_text import parse_toml
from hub.errors import Problem
from hub.model.spelling import nearest, suggest

T = TypeVar("T", bound=msgspec.Struct)

_PLACE = re.compile(r"(.*) \(at line (\d+), column (\d+)\)", re.DOTALL)


class TomlReader:
    """One TOML file: `tables` is what it says, `problems` what is wrong with it so far.

    Fields of type `Path` become absolute, relative ones from the folder of `file`. A text that is
    no TOML has no tables and one problem.
    """

    def __init__(self, text: str, file: str) -> None:
        self.problems: list[Problem] = []
        self.is_toml = True
        self._file = file
        self._folder = Path(file).absolute().parent
        self._map = TomlMap(text)
        self.tables: dict[str, Any] = self._parse(text)

    def read(self, type_: type[T], table: object, *path: str | int) -> T | None:
        """Make one structure of the table at `path`.

        A wrong or unknown key is a problem and is left out; None where a required one is missing.
        """
        if not isinstance(table, dict):
            self.add("it must be a table", *path, hint=f"write [{path[0]}] above its keys")
            return None
        fields = {field.encode_name: field for field in msgspec.structs.fields(type_)}
        self.check_names(table, fields, *path)
        good: dict[str, Any] = {}
        for name, field in fields.items():
            if isinstance(field.default, Path):
                good[field.name] = self._folder / field.default
            if name in table:
                self._convert(good, field, table[name], *path)
            elif field.required:
                self.add(f"the key '{name}' is missing", *path, hint="add it")
        complete = all(field.name in good for field in fields.values() if field.required)
        return type_(**good) if complete else None

    def check_names(self, table: dict[str, Any], known: dict[str, Any], *path: str | int) -> None:
        """Note each name that is none of `known`, with the nearest one."""
        for name in table:
            if name not in known:
                line, column = self._map.key(*path, name)
                what = "key" if path else "section"
                self._add(f"there is no {what} '{name}'", line, column, suggest(name, known))

    def add(self, message: str, *path: str | int, hint: str = "") -> None:
        """Note a fault of what stands at `path`."""
        line, column = self._map.value(*path)
        words = [str(each) for each in path if isinstance(each, str)]
        self._add(f"{'.'.join(words)}: {message}" if words else message, line, column, hint)

    def _add(self, message: str, line: int, column: int, hint: str) -> None:
        self.problems.append(
            Problem(file=self._file, line=line, column=column, message=message, hint=hint)
        )

    def _parse(self, text: str) -> dict[str, Any]:
        try:
            return parse_toml(text)
        except ValueError as error:
            self.is_toml = False
            place = _PLACE.fullmatch(str(error))
            message, line, column = place.groups() if place else (str(error), 0, 0)
            last = text.rstrip("\n").count("\n") + 1
            self._add(f"it is no TOML: {message}", int(line) or last, int(column), "correct it")
            return {}

    def _convert(
        self,
        good: dict[str, Any],
        field: msgspec.structs.FieldInfo,
        value: object,
        *path: str | int,
    ) -> None:
        try:
            good[field.name] = msgspec.convert(value, field.type, dec_hook=self._resolve)
        except msgspec.ValidationError as error:
            message = str(error).partition(" - at ")[0]
            self.add(message, *path, field.encode_name, hint=_hint(field.type, value))

    def _resolve(self, type_: type, value: object) -> object:
        if type_ is Path and isinstance(value, str) and value:
            return self._folder / value
        raise ValueError("Expected the path of a file or folder")


def _hint(type_: object, value: object) -> str:
    if get_origin(type_) is not Literal:
        return "; ".join(meta.description or "" for meta in getattr(type_, "__metadata__", ()))
    words = [str(word) for word in get_args(type_)]
    guess = nearest(str(value), words)
    return f"did you mean '{guess}'?" if guess else f"one of: {', '.join(words)}"
