"""The schema's numbered steps, each run once and in a transaction of its own."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import NamedTuple

from hub.errors import StoreError
from hub.store import event, first_schema, leftover
from hub.store.safekeeping.copying import copy_database
from hub.store.seals import chain
from hub.store.seals.day_key import DayKeys
from hub.store.seals.seal import KeyRing

_VERSIONS = "CREATE TABLE IF NOT EXISTS schema_version (version INTEGER PRIMARY KEY, at REAL)"


class Secrets(NamedTuple):
    """What lies beside a database and is in no copy of it: what seals its journal, and payloads."""

    ring: KeyRing
    days: DayKeys


Then = Callable[[sqlite3.Connection, Secrets], None]


class Step(NamedTuple):
    """One file `NNNN_name.sql`; `version` is its number, `then` moves what SQL alone cannot."""

    version: int
    name: str
    sql: str
    then: Then | None = None


def _seal_people(connection: sqlite3.Connection, secrets: Secrets) -> None:
    leftover.seal_all(connection, secrets.days)
    event.seal_all(connection, secrets.days)


_THEN: dict[int, Then] = {
    2: lambda connection, _: first_schema.move(connection),
    4: lambda connection, secrets: chain.seal_all(connection, secrets.ring),
    5: _seal_people,
}


def shipped_steps() -> list[Step]:
    """Return the steps that come with this version of the hub, in order."""
    folder = resources.files("hub.store").joinpath("migrations")
    files = [file for file in folder.iterdir() if file.name.endswith(".sql")]
    return sorted(map(_read_step, files), key=lambda step: step.version)


def _read_step(file: Traversable) -> Step:
    version = int(file.name.partition("_")[0])
    return Step(version, file.name, file.read_text("utf-8"), _THEN.get(version))


def migrate(
    connection: sqlite3.Connection,
    path: Path,
    *,
    now: float,
    steps: Sequence[Step],
    secrets: Secrets,
) -> int:
    """Bring the database to the last step, and return the one that it came with (0 for none).

    An existing one is copied to `NAME.before-N` first.
    `secrets` seal what was written without seals.
    Raises StoreError when the database comes from a newer hub. A step that fails leaves the
    schema as it was before that step.
    """
    version = current_version(connection)
    latest = refuse_newer(version, path, steps)
    if 0 < version < latest:
        copy_database(connection, path.with_name(f"{path.name}.before-{latest}"))
    for step in steps:
        if step.version > version:
            _run(connection, step, now, secrets)
    return version


def refuse_newer(version: int, path: Path, steps: Sequence[Step]) -> int:
    """Return the number of the last step; StoreError where `version` is beyond it."""
    latest = max((step.version for step in steps), default=0)
    if version > latest:
        raise StoreError(
            f"{path} was written by a newer hub (schema {version}, this hub knows {latest});"
            " install that version again, or restore the backup made before the upgrade",
            zh=f"{path} 由更新的版本写成，请装回那个版本，或恢复升级前的备份。",
        )
    return latest


def current_version(connection: sqlite3.Connection) -> int:
    """Return the number of the last step that was run; 0 for an empty database."""
    found = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'schema_version'")
    if found.fetchone() is None:
        return 0
    row = connection.execute("SELECT coalesce(max(version), 0) FROM schema_version").fetchone()
    return int(row[0])


def _run(connection: sqlite3.Connection, step: Step, now: float, secrets: Secrets) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        connection.execute(_VERSIONS)
        for statement in split_statements(step.sql):
            connection.execute(statement)
        if step.then:
            step.then(connection, secrets)
        connection.execute("INSERT INTO schema_version VALUES (?, ?)", (step.version, now))
        connection.execute("COMMIT")
    except sqlite3.Error:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def split_statements(sql: str) -> Iterator[str]:
    """Yield the statements of a file; `executescript` would end the transaction."""
    statement = ""
    for line in sql.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
    if any(line and not line.startswith("--") for line in map(str.strip, statement.splitlines())):
        yield statement
