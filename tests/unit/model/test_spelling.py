"""The nearest good word."""

from __future__ import annotations

from hub.model.spelling import nearest, suggest


def test_the_nearest_word_is_found_or_none() -> None:
    assert nearest("hihg", ["high", "low"]) == "high"
    assert nearest("xyz", ["high", "low"]) == ""


def test_a_hint_names_the_nearest_or_lists_what_there_is() -> None:
    assert suggest("hihg", ["high", "low"]) == "did you mean 'high'?"
    assert suggest("xyz", ["low", "high"]) == "one of: high, low"
    assert suggest("xyz", list("fedcba"), listed=2) == "one of: a, b, ..."
    assert suggest("xyz", []) == ""
