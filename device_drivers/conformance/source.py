"""What the text of a driver shows before it runs: imports of the world, the clock, chance."""

from __future__ import annotations

import ast
from collections.abc import Iterator

WORLD = frozenset(
    {
        *("aiohttp", "aiomqtt", "asyncio", "concurrent", "ctypes", "ftplib", "http", "httpx"),
        *("httpx2", "multiprocessing", "os", "paho", "pymodbus", "random", "requests", "select"),
        *("selectors", "serial", "shutil", "signal", "smtplib", "socket", "sqlite3", "ssl"),
        *("subprocess", "tempfile", "threading", "time", "urllib", "websockets"),
    }
)
"""Modules that read or change what is outside of a message."""
CALLS = frozenset({"open", "input", "print", "exec", "eval", "compile", "__import__", "breakpoint"})
CLOCKS = frozenset({"now", "utcnow", "today"})
DATES = frozenset({"datetime", "date"})


def faults_of(name: str, text: str) -> Iterator[str]:
    """Yield what a module does that a pure translation must not, with file and line."""
    try:
        tree = ast.parse(text)
    except SyntaxError as error:
        yield f"{name}:{error.lineno}: it is no Python: {error.msg}"
        return
    for node in ast.walk(tree):
        for what in _faults(node):
            yield f"{name}:{getattr(node, 'lineno', 0)}: {what}"


def _faults(node: ast.AST) -> Iterator[str]:
    modules: list[str] = []
    if isinstance(node, ast.Import):
        modules = [alias.name for alias in node.names]
    elif isinstance(node, ast.ImportFrom):
        modules = [node.module or ""]
    for module in modules:
        if module.partition(".")[0] in WORLD:
            yield f"it imports {module}; a driver is handed all it needs: message, device, models"
    if isinstance(node, ast.Global):
        yield f"it changes the global {', '.join(node.names)}; keep what is learnt nowhere"
    if isinstance(node, ast.Call):
        yield from _called(node.func)


def _called(function: ast.expr) -> Iterator[str]:
    if isinstance(function, ast.Name) and function.id in CALLS:
        yield f"it calls {function.id}(); a driver reads nothing but its message"
    if isinstance(function, ast.Attribute) and function.attr in CLOCKS:
        owner = function.value
        word = owner.attr if isinstance(owner, ast.Attribute) else getattr(owner, "id", "")
        if word in DATES:
            yield f"it asks the clock ({word}.{function.attr}); take `envelope.received`"
