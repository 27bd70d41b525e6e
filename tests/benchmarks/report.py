"""What a benchmark leaves behind: a table beside the goals, and JSON that names the machine."""

from __future__ import annotations

import json
import os
import platform
import sqlite3
import statistics
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

FOLDER = Path(__file__).parents[2] / "bench"
"""Where results go; git ignores it."""


class Row(NamedTuple):
    """One line of the table; `goal` is empty where the design names none."""

    what: str
    measured: str
    goal: str = ""


def spread(values: Sequence[float], digits: int = 0) -> str:
    """Write the median and the range of several runs."""
    middle = f"{statistics.median(values):,.{digits}f}"
    if len(values) == 1:
        return middle
    return f"{middle} ({min(values):,.{digits}f}–{max(values):,.{digits}f})"


def quantile(values: Sequence[float], share: float) -> float:
    """Return the value below which `share` of the values lie; NaN of none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else float("nan")


def print_table(title: str, rows: Sequence[Row]) -> None:
    """Print the rows in columns."""
    widths = [max(len(row[column]) for row in rows) for column in range(2)]
    print(f"\n{title}")
    for row in rows:
        goal = f"goal {row.goal}" if row.goal else ""
        print(f"  {row.what:<{widths[0]}}  {row.measured:<{widths[1]}}  {goal}".rstrip())


def write_results(name: str, results: dict[str, Any]) -> Path:
    """Write `bench/NAME.json` with the machine that it was measured on."""
    FOLDER.mkdir(exist_ok=True)
    path = FOLDER / f"{name}.json"
    whole = {"machine": describe_machine(), "at": time.time(), **results}
    path.write_text(json.dumps(whole, indent=2, ensure_ascii=False) + "\n", "utf-8")
    return path


def describe_machine() -> dict[str, Any]:
    """Name the machine, and how busy it was with other things."""
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return {
        "cpu": _cpu(),
        "cores": os.cpu_count(),
        "memory_gb": round(memory / 2**30, 1),
        "system": platform.platform(),
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "load_average": os.getloadavg(),
    }


def name_broker(program: Path) -> str:
    """Return what mosquitto calls itself."""
    help_text = subprocess.run([str(program), "-h"], capture_output=True, text=True, check=False)
    return help_text.stdout.partition("\n")[0]


def _cpu() -> str:
    for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor()
