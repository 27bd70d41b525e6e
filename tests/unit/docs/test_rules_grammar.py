"""`docs/rules-grammar.md` tells the truth: its examples compile or fail as it says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from device_drivers.catalogue import load_models, shipped_models
from hub.model.device import Kind
from rules.language.functions import FUNCTIONS
from rules.language.logic import ARITHMETIC, COMPARISONS
from rules.language.scope import Scope
from rules.plan import Plan
from rules.program import FieldError, compile_field
from rules.rule import Span
from rules.vocabulary import Vocabulary

PAGE = (Path(__file__).parents[3] / "docs/rules-grammar.md").read_text("utf-8")
GRAMMAR = PAGE.split("```ebnf\n")[1].split("```")[0]
ROWS = re.findall(r"^\| (\w+) \| `([^`]+)` \| (.+) \|$", PAGE, re.MULTILINE)
VOCABULARY = Vocabulary(load_models(shipped_models()))
PARAMS = {"limit": "3m", "share": 0.5}
SCHEDULES = {"peak": (Span(days=frozenset(range(5)), start=25_200.0, end=32_400.0),)}
OF_THE_DESIGN = """
    avg min max sum median count rate delta changes least greatest previous age streak slots days
    duration silent event count_events distinct_events followed command sibling_share
    children_count children_sum time_between in_schedule
"""
SYMBOLS = {
    "Eq": "==", "NotEq": "!=", "Lt": "<", "LtE": "<=", "Gt": ">", "GtE": ">=",
    "Add": "+", "Sub": "-", "Mult": "*", "Div": "/", "FloorDiv": "//", "Mod": "%",
}  # fmt: skip
FEWEST = 10


def outcome(kind: str, text: str) -> str:
    scope = Scope(Plan(Kind(kind), VOCABULARY), PARAMS, SCHEDULES)
    try:
        compile_field("when", text, scope)
    except FieldError as found:
        message, hint = (words.partition(" / ")[0] for words in (str(found), found.error.hint))
        return f"{found.error.start + 1}: {message}" + (f"; {hint}" if hint else "")
    return "works"


@pytest.mark.parametrize(("kind", "text", "said"), ROWS, ids=[row[1] for row in ROWS])
def test_an_example_comes_out_as_the_page_says(kind: str, text: str, said: str) -> None:
    assert outcome(kind, text) == said


def test_there_are_examples_of_both_sorts_and_no_line_is_overlooked() -> None:
    fine = sum(said == "works" for _, _, said in ROWS)
    assert min(fine, len(ROWS) - fine) > FEWEST
    assert len(ROWS) == PAGE.partition("## Examples")[2].count("\n| ") - 1


def test_the_grammar_names_each_function_of_the_language_and_no_other() -> None:
    called = {name for name in re.findall(r'"([a-z_]+)\(?"', GRAMMAR) if name in FUNCTIONS}
    words = set(re.findall(r'"([a-z_]+)\("', GRAMMAR)) - {"peer"}
    assert called == set(FUNCTIONS)
    assert words <= set(FUNCTIONS)


def test_the_language_has_each_function_of_the_design() -> None:
    assert set(FUNCTIONS) == {*OF_THE_DESIGN.split(), "abs", "has"}


def test_the_grammar_has_each_operator() -> None:
    for name in (*COMPARISONS, *ARITHMETIC):
        assert f'"{SYMBOLS[name]}"' in GRAMMAR, name


def test_the_working_examples_use_each_function() -> None:
    working = " ".join(text for _, text, said in ROWS if said == "works")
    unused = {name for name in FUNCTIONS if f"{name}(" not in working}
    assert unused <= {"avg", "min", "max", "sum", "median", "count", "changes", "rate", "silent",
                      "distinct_events", "children_count"}  # fmt: skip
