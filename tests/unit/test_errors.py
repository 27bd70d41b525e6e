"""The tree of failures: one sentence for each, in the languages that people read."""

from __future__ import annotations

import inspect

import pytest

from hub import errors
from hub.errors import ConflictError, HubError, InvalidRequestError

TREE = [
    kind
    for _, kind in inspect.getmembers(errors, inspect.isclass)
    if kind.__module__ == "hub.errors"
]


@pytest.mark.parametrize("kind", [each for each in TREE if each is not errors.Problem])
def test_every_failure_belongs_to_the_tree_and_says_what_it_is(kind: type) -> None:
    assert issubclass(kind, HubError)
    assert kind.__doc__
    assert kind.__name__ in str(errors.__doc__)


def test_a_sentence_in_two_languages_is_told_whole_and_can_be_taken_apart() -> None:
    for kind in (HubError, ConflictError, InvalidRequestError):
        error = kind("the gate is silent", zh="道闸离线。")
        assert str(error) == "道闸离线。 the gate is silent"
        assert error.texts == {"zh": "道闸离线。", "en": "the gate is silent"}
    assert HubError("no store").texts == {"en": "no store"}
    assert str(HubError("no store")) == "no store"
