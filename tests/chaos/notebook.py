"""What mortal devices have said and what was taken, in a file that outlives them."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from tests.support.publisher import Key


class Notebook:
    """Two kinds of lines: a message that is about to be said, and one whose PUBACK has come.

    Each is one write to the file, so that a `kill -9` tears none; only a power cut could.
    """

    def __init__(self, path: Path) -> None:
        self.sent: dict[Key, float] = {}
        """Message → its event time, in the order in which they were said."""
        self.bodies: dict[Key, dict[str, Any]] = {}
        self.told: dict[Key, float] = {}
        """Message → when its PUBACK came."""
        self._read(path)
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    @property
    def acknowledged(self) -> set[Key]:
        """Return what the broker has taken."""
        return {*self.told}

    def note_sent(self, key: Key, at: float, body: dict[str, Any]) -> None:
        """Note a message before it is said: who dies in between says it again."""
        self.sent[key], self.bodies[key] = at, body
        self._write([*key, at, body])

    def note_told(self, key: Key, at: float) -> None:
        """Note that a message was taken."""
        self.told[key] = at
        self._write([*key, at])

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)

    def _write(self, line: list[Any]) -> None:
        os.write(self._file, json.dumps(line).encode() + b"\n")

    def _read(self, path: Path) -> None:
        lines = path.read_text("utf-8").splitlines() if path.exists() else []
        for device, boot, topic, seq, at, *body in map(json.loads, lines):
            key = Key(device, boot, topic, seq)
            if body:
                self.sent[key], self.bodies[key] = at, body[0]
            else:
                self.told[key] = at
