"""From text to a syntax tree whose places are known, and errors that point at the word."""

from __future__ import annotations

import ast
import difflib
import keyword
import re
import warnings
from collections.abc import Iterable

_LONGEST = 4_000
_DEEPEST = 40
_STAND_IN = "\u0250"
_AFTER_DOT = re.compile(r"(?<=[A-Za-z_\d]\.)[A-Za-z_]+\b|(?<=[A-Za-z_]\.)\d+(?=\.[A-Za-z_])")


class ExpressionError(Exception):
    """A word of an expression is wrong; `start` counts characters from 0."""

    def __init__(self, en: str, zh: str, *, start: int = 0, hint: str = "") -> None:
        super().__init__(f"{en} / {zh}")
        self.start = start
        self.hint = hint


class Source:
    """One expression: its text, its tree, and where in the text each part of the tree stands."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._lines = _disguise(text).split("\n")
        self.tree = self._parse()

    def start(self, node: ast.expr | ast.keyword) -> int:
        """Return where the node starts, in characters from 0."""
        return self._offset(node.lineno, node.col_offset)

    def attribute(self, node: ast.Attribute) -> str:
        """Return the attribute's name as written, also where it is a word of Python."""
        end = self._offset(node.end_lineno or 1, node.end_col_offset or 0)
        return self.text[end - len(node.attr) : end]

    def _offset(self, line: int, column: int) -> int:
        line = min(line, len(self._lines))
        before = sum(len(each) + 1 for each in self._lines[: line - 1])
        return before + len(self._lines[line - 1].encode()[:column].decode(errors="ignore"))

    def _parse(self) -> ast.expr:
        if not self.text.strip():
            raise ExpressionError("the expression is empty", "表达式为空")
        if len(self.text) > _LONGEST:
            raise ExpressionError("the expression is too long", "表达式太长")
        if self.text[0].isspace():
            raise ExpressionError("the expression starts with a blank", "表达式以空格开头")
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                tree = ast.parse("\n".join(self._lines), mode="eval").body
        except SyntaxError as error:
            start = self._offset(error.lineno or 1, 0) + max(0, (error.offset or 1) - 1)
            raise ExpressionError(
                f"this is no expression: {error.msg}", "表达式写法有误", start=start
            ) from None
        except (ValueError, MemoryError, RecursionError):
            raise ExpressionError("this is no expression", "表达式写法有误") from None
        _check_depth(tree)
        return tree


def _disguise(text: str) -> str:
    """Give words behind a dot that Python reserves, and numbers, a first letter that it takes."""

    def stand_in(match: re.Match[str]) -> str:
        word = match[0]
        taken = keyword.iskeyword(word) or word[0].isdigit()
        return _STAND_IN + word[1:] if taken else word

    return _AFTER_DOT.sub(stand_in, text.replace("\r", " "))


def _check_depth(tree: ast.expr) -> None:
    layer: list[ast.AST] = [tree]
    for _ in range(_DEEPEST):
        layer = [child for node in layer for child in ast.iter_child_nodes(node)]
        if not layer:
            return
    raise ExpressionError("the expression is nested too deeply", "表达式嵌套太深")


def nearest(word: str, known: Iterable[str]) -> str:
    """Return a sentence that offers the nearest known name, or nothing."""
    found = difflib.get_close_matches(word, sorted({str(each) for each in known}), n=1, cutoff=0.5)
    return f"did you mean {found[0]!r}? / 是否想写 {found[0]!r}？" if found else ""
