"""Parameters that a site sets otherwise: for all, for a model, below a place, or for one device.

`[[params]]` in any rule file names a `rule` and what to `set`; with several that fit, the one that
is meant for fewer devices counts, and of equals the later.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from hub.errors import Problem
from hub.model.catalogue import DeviceModel
from hub.model.device import Device
from hub.model.place import contains
from hub.model.report import Value
from rules.duration import parse_duration
from rules.language.syntax import nearest
from rules.reader import Reader
from rules.rule import Override, Rule
from rules.source import Block

TABLE = "params"
_KEYS = ("rule", "device", "place", "model", "set")

Variant = tuple[tuple[str, tuple[tuple[str, Value], ...]], ...]
"""(rule id, its changed parameters) for the rules that have some: who shares a program."""


def read_overrides(
    name: str,
    tables: Any,  # noqa: ANN401 - whatever TOML has there
    blocks: Iterable[Block],
    problems: list[Problem],
) -> list[Override]:
    """Read the `[[params]]` of a file; what they name is checked by `attach`."""
    if not isinstance(tables, list) or not all(isinstance(each, dict) for each in tables):
        message = "parameters are written [[params]] / 参数请写 [[params]]"
        problems.append(Problem(file=name, line=1, message=message))
        return []
    own = [block for block in blocks if block.header == TABLE]
    found = []
    for i, table in enumerate(tables):
        reader = Reader(name, table, own[i] if i < len(own) else Block(TABLE, 1, {}), {})
        reader.check_keys(_KEYS)
        values = reader.values("set")
        if not values:
            reader.fault("set", "write set = { name = value } / 请写 set = { 参数 = 值 }")
        found.append(
            Override(
                rule=reader.text("rule"),
                values=values,
                device=reader.text("device"),
                place=reader.text("place"),
                model=reader.text("model"),
                file=name,
                line=reader.block.line,
            )
        )
        problems += reader.problems
    return found


def attach(
    rules: Sequence[Rule],
    overrides: Sequence[Override],
    models: Mapping[str, DeviceModel],
    problems: list[Problem],
) -> list[Rule]:
    """Give each rule its overrides; what names nothing, or another type of value, is a fault."""
    by_id = {rule.id: rule for rule in rules}
    good = [each for each in overrides if _is_sound(each, by_id, models, problems)]
    return [
        msgspec.structs.replace(
            rule, overrides=tuple(each for each in good if each.rule == rule.id)
        )
        for rule in rules
    ]


def variant_of(rules: Iterable[Rule], device: Device) -> Variant:
    """Return which parameters are other ones for this device."""
    found = ((rule.id, _values(rule, device)) for rule in rules if rule.overrides)
    return tuple((name, tuple(sorted(values.items()))) for name, values in found if values)


def trace(rule: Rule, device: Device) -> dict[str, tuple[Value, Override | None]]:
    """Return each parameter with its value on a device, and what says so; None is the rule."""
    found: dict[str, tuple[Value, Override | None]] = {
        name: (value, None) for name, value in rule.params.items()
    }
    for override in _fitting(rule, device):
        found |= {name: (value, override) for name, value in override.values.items()}
    return found


def follow_names(rules: Iterable[Rule], old_names: Mapping[str, str]) -> tuple[Rule, ...]:
    """Have parameters of a device go on to count under another id: old id → id of now."""
    return tuple(_follow(rule, old_names) for rule in rules)


def _follow(rule: Rule, old_names: Mapping[str, str]) -> Rule:
    if not any(each.device in old_names for each in rule.overrides):
        return rule
    followed = tuple(
        msgspec.structs.replace(each, device=old_names.get(each.device, each.device))
        for each in rule.overrides
    )
    return msgspec.structs.replace(rule, overrides=followed)


def write_overrides(rule: str, settings: Sequence[Mapping[str, Any]]) -> str:
    """Write the tables of a rule; each setting has a `set`, and at will device, place and model."""
    return "\n".join(_write(rule, each) for each in settings)


def _write(rule: str, setting: Mapping[str, Any]) -> str:
    scope = ((key, setting.get(key)) for key in ("device", "place", "model"))
    lines = [f"{key} = {_spell(name)}\n" for key, name in (("rule", rule), *scope) if name]
    values = ", ".join(f"{_spell(name)} = {_spell(said)}" for name, said in setting["set"].items())
    return f"[[{TABLE}]]\n{''.join(lines)}set = {{ {values} }}\n"


def _spell(value: Value) -> str:
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def adapt(rule: Rule, variant: Variant) -> Rule:
    """Return the rule with the parameters of a variant, times that are parameters included."""
    values = dict(dict(variant).get(rule.id, ()))
    if not values:
        return rule
    changed = ((field, values[name]) for field, name in rule.timed.items() if name in values)
    times = {field: parse_duration(str(value)) for field, value in changed}
    stages = tuple(
        msgspec.structs.replace(stage, hold=times.pop(f"stage.{i}", stage.hold))
        for i, stage in enumerate(rule.stages)
    )
    expectation = rule.expectation
    if expectation is not None:
        within = times.pop("within", expectation.within)
        expectation = msgspec.structs.replace(expectation, within=within)
    return msgspec.structs.replace(
        rule, params={**rule.params, **values}, stages=stages, expectation=expectation, **times
    )


def _values(rule: Rule, device: Device) -> dict[str, Value]:
    values: dict[str, Value] = {}
    for override in _fitting(rule, device):
        values |= override.values
    return {name: value for name, value in values.items() if value != rule.params[name]}


def _fitting(rule: Rule, device: Device) -> list[Override]:
    """Return what is said of a device, the one that counts most last."""
    fitting = (each for each in rule.overrides if device.kind in rule.kinds and _fits(each, device))
    return sorted(fitting, key=_rank)


def _fits(override: Override, device: Device) -> bool:
    return (
        override.device in {"", device.id}
        and override.model in {"", device.model}
        and (not override.place or contains(override.place, device.place))
    )


def _rank(override: Override) -> tuple[bool, int, bool]:
    depth = len(override.place.split("/")) if override.place else 0
    return bool(override.device), depth, bool(override.model)


def _is_sound(
    override: Override,
    rules: Mapping[str, Rule],
    models: Mapping[str, DeviceModel],
    problems: list[Problem],
) -> bool:
    faults = list(_faults(override, rules, models))
    for message, hint in faults:
        said = Problem(file=override.file, line=override.line, message=message, hint=hint)
        problems.append(said)
    return not faults


def _faults(
    override: Override, rules: Mapping[str, Rule], models: Mapping[str, DeviceModel]
) -> Iterable[tuple[str, str]]:
    rule = rules.get(override.rule)
    if rule is None:
        yield f"there is no rule {override.rule!r} / 没有规则", nearest(override.rule, rules)
        return
    if override.model and override.model not in models:
        yield f"there is no model {override.model!r} / 没有型号", nearest(override.model, models)
    for name, value in override.values.items():
        if name not in rule.params:
            yield (
                f"rule {rule.id} has no parameter {name!r} / 规则没有参数 {name!r}",
                nearest(name, rule.params),
            )
        elif not _is_alike(value, rule.params[name]):
            like = f"{rule.params[name]!r}, not {value!r}"
            yield f"{name} of rule {rule.id} is like {like} / 参数值类型不符", ""


def _is_alike(value: Value, known: Value) -> bool:
    if isinstance(known, bool) or isinstance(value, bool):
        return isinstance(known, bool) and isinstance(value, bool)
    if isinstance(known, str):
        return isinstance(value, str) and (_is_time(value) or not _is_time(known))
    return isinstance(value, int | float)


def _is_time(value: Value) -> bool:
    try:
        parse_duration(str(value))
    except ValueError:
        return False
    return True
