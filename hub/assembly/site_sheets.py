"""The sheets that count: those of the newest load that stands, else the site's files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from hashlib import sha256
from pathlib import Path

import msgspec

from hub.access.record import PEOPLE
from hub.errors import Problem
from hub.model.instant import to_local_text
from hub.model.site_load import SITE_LOADS, Sheets, SiteLoad
from hub.settings import Settings
from hub.store.peek import read_collection

NOTHING = Sheets(devices=b"id,address,kind,model,place\n", places=b"path,name\n")


def read_loads(bodies: Mapping[str, bytes]) -> list[SiteLoad]:
    """Read the stored loads, newest first."""
    loads = [msgspec.json.decode(body, type=SiteLoad) for body in bodies.values()]
    return sorted(loads, key=lambda load: -load.number)


def find_current(loads: Iterable[SiteLoad]) -> SiteLoad | None:
    """Return the load that counts, of loads with the newest first; None where the files do."""
    return next((load for load in loads if load.undone_at is None), None)


def stored_load(settings: Settings) -> SiteLoad | None:
    """Return the load that counts in the store of a site; None before there is a store."""
    path = settings.store.path
    return find_current(read_loads(read_collection(path, SITE_LOADS))) if path.is_file() else None


def stored_people(settings: Settings) -> dict[str, bytes]:
    """Return the documents of people in the store of a site; nothing before there is a store."""
    path = settings.store.path
    return read_collection(path, PEOPLE) if path.is_file() else {}


def read_sheets(settings: Settings, faults: list[Problem]) -> Sheets | None:
    """Return the sheets that count, None where a file of the site cannot be read.

    A file that was edited after a load is told: it does not count.
    """
    load = stored_load(settings)
    if load is not None:
        faults += _edited(settings, load)
        return load.sheets
    return read_files(settings, faults)


def read_files(settings: Settings, faults: list[Problem]) -> Sheets | None:
    """Return the sheets of the site's files; each that cannot be read is a fault."""
    found: dict[str, bytes] = {}
    for name, path in site_files(settings).items():
        try:
            found[name] = path.read_bytes()
        except OSError as error:
            missing = isinstance(error, FileNotFoundError)
            why = "there is no such file" if missing else f"it cannot be read: {error.strerror}"
            hint = "write the sheet, name another under [site], or import a workbook"
            faults.append(Problem(file=str(path), message=why, hint=hint))
    files = {f"{name}_file": str(path) for name, path in site_files(settings).items()}
    return Sheets(**found, **files) if len(found) == len(files) else None  # type: ignore[arg-type]


def site_files(settings: Settings) -> dict[str, Path]:
    """Return the files of both sheets by the sheets' names."""
    return {"devices": settings.site.devices, "places": settings.site.places}


def digest_files(settings: Settings) -> dict[str, str]:
    """Return the digests of both files; empty where there is none."""
    return {
        name: sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
        for name, path in site_files(settings).items()
    }


def _edited(settings: Settings, load: SiteLoad) -> Iterable[Problem]:
    files, now = site_files(settings), digest_files(settings)
    for name, digest in load.files.items():
        if now.get(name) and now[name] != digest:
            at = to_local_text(load.at)
            yield Problem(
                file=str(files[name]),
                message=f"it was edited after a workbook was loaded ({load.file}, {at}), and does"
                " not count",
                hint="lingdang import it, or take the load back with lingdang import --undo",
                zh=f"表格导入（{load.file}，{at}）之后改过这个文件，改动不算数",
                zh_hint="用 lingdang import 导入它，或用 lingdang import --undo 撤销导入",
            )
