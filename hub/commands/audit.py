"""`lingdang audit`: what it says about the chain of the journal's seals."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable
from contextlib import closing
from pathlib import Path

from hub.errors import ConfigError, Problem
from hub.store.readers import open_reader
from hub.store.safekeeping.backup import refuse_missing, unreadable
from hub.store.seals.chain import Fault, Head, Verdict, Wrong, is_sealed, prove_chain, read_head
from hub.store.seals.diagnosis import find_fault
from hub.store.seals.key_file import key_file, read_ring
from hub.store.seals.seal import SEAL_BYTES

Echo = Callable[[str], None]

_SENTENCES = {
    Wrong.CHANGED: ("内容或封印被改过", "it or its seal was changed"),
    Wrong.MISSING: ("缺 {seq} 至 {detail} 号", "{seq} to {detail} are missing"),
    Wrong.REORDERED: ("被移到 {detail} 号", "it was moved, and now stands as {detail}"),
    Wrong.ADDED: ("是后来插入的", "it was put in by somebody else"),
    Wrong.OTHER_KEY: (
        "由另一把密钥 {detail} 加封；若换过密钥，请把旧密钥加回文件",
        "it is sealed with another key, {detail}; if that was yours, put its line back in the file",
    ),
    Wrong.CUT_OFF: (
        "起被截断（曾记到 {detail} 号），或恢复过旧备份",
        "the rest was cut off (the journal went to {detail}), or an older backup was restored",
    ),
    Wrong.RESEALED: (
        "与留存的封印不同：整段被重写过",
        "it differs from the head that was kept: all up to here was sealed anew",
    ),
}


def verify_audit(
    database: Path, heads: Iterable[str], *, key: Path | None, echo: Echo, beside: Path
) -> int:
    """Prove every row of a database's journal, in use or a backup; 0 when all is sound, else 1.

    `heads` were printed or sent earlier, as `NUMBER:SEAL`; `key` is the file of keys, by default
    the one of the database `beside`. Raises HubError where nothing could be proven.
    """
    pins = dict(map(_read_pin, heads))
    ring = read_ring(key or key_file(beside))
    refuse_missing(database)
    try:
        with closing(open_reader(database)) as connection:
            if not is_sealed(connection):
                echo(f"{database}: 旧版本，流水未加封。 Its journal is of a version without seals.")
                return 1
            verdict = prove_chain(connection, ring, find_fault, pins)
    except sqlite3.Error as error:
        raise unreadable(database, error) from error
    echo(say_verdict(verdict))
    return int(verdict.fault is not None)


def show_head(database: Path, echo: Echo) -> None:
    """Print the head of a journal, to be kept elsewhere."""
    refuse_missing(database)
    try:
        with closing(open_reader(database)) as connection:
            echo(str(read_head(connection)))
    except sqlite3.Error as error:
        raise unreadable(database, error) from error


def say_verdict(verdict: Verdict) -> str:
    """Return the sentence about a chain."""
    if verdict.fault is None:
        head = verdict.head
        return f"审计链完好 the audit chain is sound: 1..{head.seq}, {head}"
    zh, en = _say_fault(verdict.fault)
    number = verdict.fault.seq
    return f"流水 {number} 号{zh}。 Number {number} of the journal: {en}."


def _say_fault(fault: Fault) -> tuple[str, str]:
    zh, en = _SENTENCES[fault.wrong]
    more = {"seq": fault.seq, "detail": fault.detail}
    return zh.format(**more), en.format(**more)


def _read_pin(text: str) -> tuple[int, bytes]:
    number, _, seal = text.strip().partition(":")
    try:
        head = Head(int(number), bytes.fromhex(seal))
    except ValueError:
        head = Head()
    if head.seq < 1 or len(head.seal) != SEAL_BYTES:
        raise ConfigError(
            Problem(
                file="--head",
                message=f"{text!r} is no head; give NUMBER:SEAL as lingdang audit head prints it",
            )
        )
    return head.seq, head.seal
