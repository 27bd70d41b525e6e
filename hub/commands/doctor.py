"""`lingdang doctor`: looks at broker, disk and store, and says what cannot be promised."""

from __future__ import annotations

import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import msgspec

from hub.access.certificate import read_certificate, tell_ending
from hub.assembly.dialects import extensions
from hub.assembly.extensions import Extensions
from hub.assembly.loading import read_settings
from hub.commands.broker_checkup import Patient, check_broker
from hub.commands.broker_probe import hub_visitor
from hub.commands.finding import Finding, Verdict
from hub.config.public import TlsSettings
from hub.config.storage import StoreSettings
from hub.errors import ConfigError, StoreError
from hub.model.instant import to_local_text
from hub.store.readers import READ_LIMIT, open_reader

DAY = 86400.0
TIGHT, FULL = 0.2, 0.05
"""Shares of free space below which there is a warning, and below which it is wrong."""


_NO_COPIES = {".audit-key", ".day-keys", ".hand", ".lock", ".part"}
"""Ends of files beside the database that hold no copy of it, or not yet."""


def see(config: Path, patient: Patient, *, as_json: bool, echo: Callable[[str], None]) -> int:
    """Run all checks; 0 when all is well, 1 with warnings, 2 when something is wrong."""
    settings, problems = read_settings(config)
    findings = [
        Finding("settings", Verdict.WRONG, "配置有误。", str(each), "lingdang check")
        for each in problems
    ]
    hub = hub_visitor(settings)
    findings += check_broker(hub, settings.community.id, patient) if hub else [_NO_BROKER]
    findings += [
        *check_drivers(extensions()),
        check_disk(settings.store.path.parent),
        check_store(settings.store.path),
        check_backup(settings.store.path, time.time(), patient.backup),
        check_remains(settings.store, time.time()),
        check_certificate(settings.tls, time.time()),
    ]
    if as_json:
        echo(msgspec.json.encode(findings).decode())
    else:
        for finding in findings:
            echo(str(finding))
    worst = {finding.verdict for finding in findings}
    return 2 if Verdict.WRONG in worst else int(Verdict.WARNING in worst)


_NO_BROKER = Finding("broker", Verdict.OK, "没有配置 broker。", "There is no [mqtt] broker.")


def check_drivers(extensions: Extensions) -> Iterator[Finding]:
    """Say which packages bring drivers, and why one of them is not used."""
    if extensions.found:
        named = ", ".join(f"{name} ({each.origin})" for name, each in extensions.found.items())
        zh, en = f"已安装的驱动：{named}。", f"Drivers of installed packages: {named}."
        yield Finding("drivers", Verdict.OK, zh, en)
    for each in extensions.problems:
        zh, en = f"{each.file} 的驱动未启用。", f"{each.file}: {each.message}."
        yield Finding("drivers", Verdict.WARNING, zh, en, each.hint)


def check_disk(folder: Path) -> Finding:
    """Look at the space of the data folder; the broker's may be another disk."""
    try:
        usage = shutil.disk_usage(folder)
    except OSError as error:
        return Finding(
            "disk", Verdict.WRONG, "数据目录不可读。", f"{folder}: {error}.", "[store] path"
        )
    share = usage.free / usage.total
    verdict = Verdict.WRONG if share < FULL else Verdict.WARNING if share < TIGHT else Verdict.OK
    step = "" if verdict is Verdict.OK else "free some space"
    return Finding(
        "disk", verdict, f"{folder} 剩余 {share:.0%}。", f"{share:.0%} of {folder} is free.", step
    )


def check_store(path: Path) -> Finding:
    """Let SQLite look through the database, read-only, no longer than any reader may."""
    if not path.is_file():
        zh, en = "还没有数据库。", f"{path}: there is no database yet."
        return Finding("store", Verdict.WARNING, zh, en, "let the hub run first")
    end = time.monotonic() + READ_LIMIT
    try:
        with closing(open_reader(path)) as connection:
            connection.set_progress_handler(lambda: time.monotonic() > end, 100_000)
            (said,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    except (sqlite3.Error, StoreError) as error:
        if "interrupted" in str(error):
            zh, en = (
                "数据库太大，未查完。",
                f"{path}: no fault within {READ_LIMIT:.0f} s; not finished.",
            )
            return Finding("store", Verdict.WARNING, zh, en, "check a backup of it")
        said = str(error)
    if said == "ok":
        return Finding("store", Verdict.OK, "数据库完好。", f"{path}: no fault found.")
    return Finding("store", Verdict.WRONG, "数据库损坏。", f"{path}: {said}.", "restore the backup")


def check_remains(store: StoreSettings, now: float) -> Finding:
    """Look for copies that the hub itself has left and that are older than plates may be kept.

    An upgrade and a restore leave one beside the database; one of before schema 5 is in the clear.
    """
    path = store.path
    copies = [*path.parent.glob(f"{path.name}.before-*")]
    copies += path.parent.glob(f"{path.stem}-replaced-*{path.suffix}")
    limit = now - store.keep_vehicle_events * DAY
    old = sorted(each.name for each in copies if each.stat().st_mtime < limit)
    if not old:
        return Finding("remains", Verdict.OK, "没有过期的副本。", "No copy outlives what it holds.")
    named = ", ".join(old)
    zh = f"副本 {named} 含有应已删除的内容。"
    en = f"{named} may hold what is deleted by now."
    return Finding("remains", Verdict.WARNING, zh, en, "delete it once all is well")


def check_certificate(tls: TlsSettings | None, now: float) -> Finding:
    """Look until when the certificate of the pages is good."""
    if tls is None:
        zh, en = "网页由代理加密，或未加密。", "Here pages go in the clear; a proxy may do it."
        return Finding("certificate", Verdict.OK, zh, en)
    told = tell_ending(tls.certificate_file, now, own=tls.authority_file is not None)
    try:
        ends_at = read_certificate(tls.certificate_file).ends_at
    except ConfigError:
        ends_at = 0.0
    for each in told:
        verdict = Verdict.WARNING if now < ends_at else Verdict.WRONG
        return Finding("certificate", verdict, f"{each.zh}。", f"{each.message}.", each.hint)
    day = to_local_text(ends_at)[:10]
    return Finding("certificate", Verdict.OK, f"证书有效到 {day}。", f"It is good until {day}.")


def check_backup(path: Path, now: float, named: Path | None = None) -> Finding:
    """Look how old the `named` copy is, or the newest one beside the database."""
    copies = [named] if named else [*path.parent.glob(f"{path.name}.*")]
    copies = [each for each in copies if each.is_file() and each.suffix not in _NO_COPIES]
    if not copies:
        zh, en = (
            "没有找到备份。",
            "No copy was found beside the database, nor one that was named.",
        )
        return Finding("backup", Verdict.WARNING, zh, en, "name it by --backup")
    newest = max(copies, key=lambda each: each.stat().st_mtime)
    days = (now - newest.stat().st_mtime) / DAY
    verdict = Verdict.OK if days <= 1 else Verdict.WARNING
    step = "" if days <= 1 else "make one every day"
    en = f"{newest.name} is {days:.1f} days old."
    return Finding("backup", verdict, f"备份已有 {days:.1f} 天。", en, step)
