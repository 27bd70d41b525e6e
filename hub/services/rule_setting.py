"""What is set of a rule's parameters on this site: read as it is typed, added to, and taken out.

The office takes all that is set here at once; people change one place after the other. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isfinite

import msgspec

from hub.errors import InvalidRequestError
from hub.model.report import Value
from hub.ports import ParameterCard, Setting

SITE = "site"
"""The source of what was set here, on a page, by a command or by a program."""
TRUTH: Mapping[str, bool] = {"true": True, "false": False}


def own_settings(card: ParameterCard) -> list[Setting]:
    """Return what was set here, in its order: writing takes the place of all of it."""
    return [each for each in card.settings if each.source == SITE]


def read_values(typed: Mapping[str, str], params: Mapping[str, Value]) -> dict[str, Value]:
    """Read typed values, each like the rule's own; InvalidRequestError names what is not."""
    values: dict[str, Value] = {}
    for name, text in typed.items():
        if name not in params:
            raise InvalidRequestError(
                f"the rule has no parameter {name!r}; it has {', '.join(params) or 'none'}",
                problems={name: "no parameter of the rule"},
                zh=f"规则没有参数 {name}。",
            )
        try:
            values[name] = _read(text, params[name])
        except ValueError as error:
            raise InvalidRequestError(
                f"{name} is like {params[name]!r}, not {text!r}",
                problems={name: f"like {params[name]!r}"},
                zh=f"{name} 应像 {params[name]} 这样写，不能是 {text}。",
            ) from error
    return values


def set_also(own: Sequence[Setting], new: Setting) -> list[Setting]:
    """Return what is set with a new setting; for a place that has one its values are added."""
    same = [each for each in own if _scope(each) == _scope(new)]
    values = {name: value for each in [*same, new] for name, value in each.values.items()}
    others = [each for each in own if _scope(each) != _scope(new)]
    return [*others, msgspec.structs.replace(new, values=values)]


def set_no_more(own: Sequence[Setting], gone: Setting) -> list[Setting]:
    """Return what is set without that for one place; InvalidRequestError where none is."""
    kept = [each for each in own if _scope(each) != _scope(gone)]
    if len(kept) == len(own):
        raise InvalidRequestError(
            "nothing is set there; look at what is",
            problems={"settings": "nothing is set there"},
            zh="那里没有另外设过，请刷新页面看看。",
        )
    return kept


def _read(text: str, known: Value) -> Value:
    if isinstance(known, bool):
        if text not in TRUTH:
            raise ValueError(text)
        return TRUTH[text]
    if isinstance(known, str):
        return text
    number = float(text)
    if not isfinite(number):
        raise ValueError(text)
    return int(number) if number.is_integer() else number


def _scope(each: Setting) -> tuple[str, str, str]:
    return each.device, each.place, each.model
