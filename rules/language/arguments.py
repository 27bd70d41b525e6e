"""Checks the arguments of a call."""

from __future__ import annotations

import ast

from rules.language.compiler import Compiler
from rules.language.syntax import nearest


def check_arguments(
    compiler: Compiler, call: ast.Call, count: int, *named: str
) -> dict[str, ast.expr]:
    """Return the named arguments; refuse a wrong number of others, and names that do not belong."""
    if len(call.args) != count:
        name = call.func.id if isinstance(call.func, ast.Name) else "this"
        raise compiler.fail(
            call, f"{name} takes {count} plain arguments", f"{name} 需要 {count} 个参数"
        )
    for each in call.keywords:
        if each.arg not in named:
            raise compiler.fail(
                each,
                f"there is no option {each.arg!r}",
                f"没有选项 {each.arg!r}",
                nearest(each.arg or "", named),
            )
    return {each.arg: each.value for each in call.keywords if each.arg}
