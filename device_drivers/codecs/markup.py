"""Small XML documents as devices write them, as nested fields; what attacks a parser is refused.

No DOCTYPE, so no entities of one's own; at most `LONGEST` bytes, `DEEPEST` levels and `MOST`
elements. Devices declare GB2312 and send UTF-8, or the reverse: the bytes decide. A bare `&` in a
name is taken for itself. Namespaces and attributes are left out.
"""

from __future__ import annotations

import re
from typing import Any
from xml.parsers import expat

from hub.errors import ProtocolError

LONGEST = 65_536
DEEPEST = 16
MOST = 4000
_DECLARATION = re.compile(r"^\s*<\?xml[^>]{0,200}\?>")
_BARE = re.compile(r"&(?!(?:amp|lt|gt|quot|apos|#\d{1,7}|#x[0-9A-Fa-f]{1,6});)")


def read_markup(raw: bytes) -> tuple[str, dict[str, Any]]:
    """Return the root's name and its fields: text, nested fields, or a list of them.

    Raises ProtocolError for what is no such document.
    """
    if len(raw) > LONGEST:
        raise ProtocolError(f"it has {len(raw)} bytes, more than {LONGEST}")
    text = _BARE.sub("&amp;", _DECLARATION.sub("", decode_text(raw).lstrip("\ufeff\x00")))
    reader = _Reader()
    try:
        reader.parser.Parse(text.encode(), True)
    except expat.ExpatError as error:
        raise ProtocolError(f"it is no XML: {error}") from error
    return reader.root, reader.fields


def decode_text(raw: bytes) -> str:
    """Return the text, by whichever encoding fits; what fits none has its bad bytes replaced."""
    for encoding in ("utf-8", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return raw.decode("gb18030", "replace")


def texts(fields: object) -> dict[str, str]:
    """Return the leaves of a level: name → text."""
    if not isinstance(fields, dict):
        return {}
    return {name: value for name, value in fields.items() if isinstance(value, str)}


def tables(fields: object, name: str) -> list[dict[str, Any]]:
    """Return the elements of that name which hold others."""
    found = fields.get(name) if isinstance(fields, dict) else None
    several = found if isinstance(found, list) else [found]
    return [each for each in several if isinstance(each, dict)]


class _Reader:
    """Builds the fields while the parser walks, and stops it where a limit is passed."""

    def __init__(self) -> None:
        self.root = ""
        self.fields: dict[str, Any] = {}
        self._open: list[tuple[str, dict[str, Any], list[str]]] = []
        self._count = 0
        self.parser = expat.ParserCreate("utf-8")
        self.parser.StartDoctypeDeclHandler = _refuse
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text

    def _start(self, name: str, _attributes: object) -> None:
        self._count += 1
        if len(self._open) >= DEEPEST or self._count > MOST:
            raise ProtocolError(f"it nests deeper than {DEEPEST}, or has more than {MOST} elements")
        self._open.append((name.rpartition(":")[2], {}, []))

    def _text(self, text: str) -> None:
        if self._open:
            self._open[-1][2].append(text)

    def _end(self, _name: str) -> None:
        name, inner, said = self._open.pop()
        value: Any = inner or "".join(said).strip()
        if not self._open:
            self.root, self.fields = name, inner
            return
        outer = self._open[-1][1]
        if name not in outer:
            outer[name] = value
        elif isinstance(outer[name], list):
            outer[name].append(value)
        else:
            outer[name] = [outer[name], value]


def _refuse(*_: object) -> None:
    raise ProtocolError("it brings a DOCTYPE, which no device needs")
