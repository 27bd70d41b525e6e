"""Node-RED as a peer: the same messages into SQLite, the same kind of rule, by two flows.

"plain" writes a row for each message, as flows usually do; "batched" gathers them by hand. Both
subscribe with QoS 1 in a session that outlives them. npm has to reach a registry, once.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import sqlite3
import subprocess
from pathlib import Path
from typing import Any

import pytest

from simulators.demo_files import HOST, free_port
from simulators.process import Child
from tests.benchmarks.report import FOLDER

PACKAGES = ("node-red@4.1.8", "node-red-node-sqlite@1.1.1")
"""The newest that run on Node.js 20."""
GATHERED, GATHERING_MS = 500, 50
"""A batch of the second flow is full or waits so long."""
STORED = "SELECT count(*) FROM reading"

_SCHEMA = """
CREATE TABLE reading (device TEXT, boot TEXT, seq INTEGER, at REAL, points TEXT);
CREATE TABLE alarm (device TEXT, raised_at REAL);
"""
_RULE = """
const p = msg.payload.points, device = msg.topic.split("/")[2];
const broken = p["boom.broken"] === true || p["contact.fault"] === true;
const raised = context.get("raised") || {};
const rises = broken && !raised[device];
raised[device] = broken;
context.set("raised", raised);
"""
_PLAIN = (
    _RULE
    + """
const alarm = rises ? {params: {$1: device, $2: msg.payload.ts}} : null;
const m = msg.payload;
return [{params: {$1: device, $2: m.boot, $3: m.seq, $4: m.ts, $5: JSON.stringify(p)}}, alarm];
"""
)
_BATCHED = (
    _RULE
    + f"""
const rows = context.get("rows") || [], m = msg.payload;
rows.push([device, m.boot, m.seq, m.ts, JSON.stringify(p)]);
context.set("rows", rows);
const flush = () => {{
    const ready = context.get("rows");
    context.set("rows", []);
    if (ready.length) node.send([{{params: {{$1: JSON.stringify(ready)}}}}, null]);
}};
if (rows.length >= {GATHERED}) flush();
else if (rows.length === 1) setTimeout(flush, {GATHERING_MS});
return [null, rises ? {{params: {{$1: device, $2: m.ts}}}} : null];
"""
)
_ROW = "INSERT INTO reading VALUES ($1, $2, $3, $4, $5)"
_ROWS = (
    "INSERT INTO reading SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4"
    " FROM json_each($1)"
)
FLOWS = {"plain": (_PLAIN, _ROW), "batched": (_BATCHED, _ROWS)}


class NodeRed:
    """One Node-RED with one flow, on a folder of its own."""

    def __init__(self, flow: str, folder: Path, mqtt_port: int) -> None:
        installed = install()
        folder.mkdir()
        self.store = folder / "peer.db"
        with contextlib.closing(sqlite3.connect(self.store)) as store:
            store.execute("PRAGMA journal_mode = WAL")
            store.executescript(_SCHEMA)
        (folder / "node_modules").symlink_to(installed)
        flows, settings = folder / "flows.json", folder / "settings.js"
        flows.write_text(json.dumps(_nodes(flow, self.store, mqtt_port)), "utf-8")
        settings.write_text(f"module.exports = {json.dumps(_settings())};", "utf-8")
        program = str(installed / "node-red" / "red.js")
        words = [_node(), program, "-s", str(settings), "-u", str(folder), str(flows)]
        self._child = Child("node-red", words, folder)

    @property
    def pid(self) -> int:
        """The number of the running process."""
        return self._child.pid

    async def start(self) -> None:
        """Start, and return at once: the database is there."""
        await self._child.start()

    launch = start

    async def kill(self) -> None:
        """`kill -9`, and return once it is gone."""
        os.kill(self._child.pid, signal.SIGKILL)
        await self._child.wait()

    async def stop(self) -> None:
        """End it."""
        await self._child.stop()

    def known(self) -> list[tuple[str, int]]:
        """Return (device, seq) of every row."""
        with contextlib.closing(sqlite3.connect(self.store)) as store:
            return store.execute("SELECT device, seq FROM reading").fetchall()


def install() -> Path:
    """Install Node-RED below `bench/`, once, and return its folder of modules."""
    folder = FOLDER / "node-red"
    modules = folder / "node_modules"
    if not (modules / "node-red" / "red.js").exists():
        folder.mkdir(parents=True, exist_ok=True)
        npm = shutil.which("npm") or pytest.skip("Node-RED needs npm: apt-get install npm")
        words = ("install", "--no-fund", "--no-audit", "--loglevel=error", *PACKAGES)
        subprocess.run([npm, *words], cwd=folder, check=True)
    return modules


def _node() -> str:
    return shutil.which("node") or pytest.skip("Node-RED needs Node.js: apt-get install nodejs")


def _settings() -> dict[str, Any]:
    return {
        "uiHost": HOST,
        "uiPort": free_port(),
        "httpAdminRoot": False,
        "telemetry": {"enabled": False, "updateNotification": False},
        "logging": {"console": {"level": "warn", "metrics": False, "audit": False}},
    }


def _nodes(flow: str, store: Path, mqtt_port: int) -> list[dict[str, Any]]:
    """Write the flow's nodes as Node-RED's own file has them."""
    function, insert = FLOWS[flow]
    sqlite = {"type": "sqlite", "z": "t", "mydb": "db", "sqlquery": "prepared", "wires": [[]]}
    return [
        {"id": "t", "type": "tab", "label": flow},
        {
            "id": "broker",
            "type": "mqtt-broker",
            "broker": HOST,
            "port": str(mqtt_port),
            "clientid": "node-red",
            "autoConnect": True,
            "autoUnsubscribe": False,
            "protocolVersion": "5",
            "keepalive": "60",
            "cleansession": False,
            "sessionExpiry": "86400",
        },
        {"id": "db", "type": "sqlitedb", "db": str(store), "mode": "RW"},
        {
            "id": "in",
            "type": "mqtt in",
            "z": "t",
            "topic": "ld/test/+/state",
            "qos": "1",
            "datatype": "json",
            "broker": "broker",
            "rh": 1,
            "inputs": 0,
            "wires": [["f"]],
        },
        {
            "id": "f",
            "type": "function",
            "z": "t",
            "func": function,
            "outputs": 2,
            "wires": [["row"], ["alarm"]],
        },
        {"id": "row", **sqlite, "sql": insert},
        {"id": "alarm", **sqlite, "sql": "INSERT INTO alarm VALUES ($1, $2)"},
    ]
