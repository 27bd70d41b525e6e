"""The page of the cases names each test of them, and no other."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[3]
CASES = {str(number) for number in range(1, 31)} | set("ABCDEFGH")


def rows() -> list[tuple[str, str, set[str]]]:
    """Return (case, what comes of it, tests) of each row."""
    page = (ROOT / "docs" / "cases.md").read_text("utf-8")
    found = re.findall(r"^\| ([0-9A-H]+) [^|]+ \| ([^|]+) \| ([^|]+) \|$", page, re.MULTILINE)
    return [(case, told, set(re.findall(r"`(test_\w+)`", tests))) for case, told, tests in found]


def test_each_case_has_its_outcome_and_a_test_of_its_number() -> None:
    assert {case for case, _, _ in rows()} == CASES
    for case, told, tests in rows():
        assert told.strip()
        assert tests
        number = f"{int(case):02}" if case.isdigit() else case.lower()
        assert {name.split("_")[1] for name in tests} == {number}


def test_the_page_and_the_folder_have_the_same_tests() -> None:
    files = (ROOT / "tests" / "acceptance" / "cases").glob("test_*.py")
    there = {
        name
        for file in files
        for name in re.findall(r"^async def (test_\w+)", file.read_text("utf-8"), re.MULTILINE)
    }
    assert there == set().union(*(tests for _, _, tests in rows()))
