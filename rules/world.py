"""Builds the devices' states and binds each to its rules, its peers and its upstream."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from hub.model.catalogue import DeviceModel
from hub.model.device import Device
from hub.model.place import Place
from rules.plan import Plan
from rules.program import FieldError, build_program, route_program
from rules.rule import Rule
from rules.state import DeviceState, Watch
from rules.vocabulary import Vocabulary

World = dict[str, DeviceState]


def build_world(
    rules: Sequence[Rule],
    devices: Iterable[Device],
    places: Mapping[str, Place],
    models: Mapping[str, DeviceModel],
) -> World:
    """Return the states by uid, all blank; raises FieldError for a rule that does not compile."""
    listed = list(devices)
    plans = _build_plans(rules, listed, models)
    world: World = {}
    for device in listed:
        plan = plans[device.kind, device.model]
        state = world[device.uid] = DeviceState(device, plan, _ancestors(device.place, places))
        state.watches = [Watch(state, program) for program in plan.programs]
    _bind_relations(world)
    _bind_groups(world)
    return world


def _build_plans(
    rules: Sequence[Rule], devices: Iterable[Device], models: Mapping[str, DeviceModel]
) -> dict[tuple[str, str], Plan]:
    vocabulary = Vocabulary(models, [rule.id for rule in rules if rule.expectation])
    plans: dict[tuple[str, str], Plan] = {}
    for device in devices:
        key = device.kind, device.model
        if key not in plans:
            model = models.get(device.model)
            fits = model if model and model.kind is device.kind else None
            plans[key] = Plan(device.kind, vocabulary, fits)
    for plan in plans.values():
        for rule in rules:
            if plan.kind in rule.kinds:
                _add_rule(rule, plan)
    _make_foreign_slots(list(plans.values()))
    _put_questions(list(plans.values()))
    for plan in plans.values():
        plan.close()
    return plans


def _add_rule(rule: Rule, plan: Plan) -> None:
    """Compile the rule for a model; one that types a point otherwise does not have the rule."""
    try:
        route_program(build_program(rule, plan), plan)
    except FieldError:
        if plan.model is None:
            raise


def _make_foreign_slots(plans: Sequence[Plan]) -> None:
    wanted = {pair for plan in plans for program in plan.programs for pair in program.foreign}
    for relation, name in wanted:
        for plan in plans:
            if relation in {"upstream", plan.kind}:
                plan.slot_of(name)


def _put_questions(plans: Sequence[Plan]) -> None:
    groups = {
        group.key: group for plan in plans for program in plan.programs for group in program.groups
    }
    for plan in plans:
        for key, group in groups.items():
            compiled = group.compile_for(plan)
            if compiled is not None:
                plan.conditions[key] = compiled


def _ancestors(path: str, places: Mapping[str, Place]) -> tuple[Place, ...]:
    found = []
    while path:
        if path in places:
            found.append(places[path])
        path = path.rpartition("/")[0]
    return tuple(found)


def _bind_relations(world: World) -> None:
    by_id = {state.device.id: state for state in world.values()}
    lanes: dict[str, list[DeviceState]] = {}
    for state in world.values():
        if state.device.lane:
            lanes.setdefault(state.device.lane, []).append(state)
    for state in world.values():
        state.upstream = by_id.get(state.device.upstream)
        for other in reversed(lanes.get(state.device.lane, [])):
            if other is not state:
                state.peers = {**state.peers, other.device.kind: other}
        for watch in state.watches:
            for relation, name in watch.program.foreign:
                _subscribe(watch, relation, name)


def _subscribe(watch: Watch, relation: str, name: str) -> None:
    d = watch.device
    other = d.upstream if relation == "upstream" else d.peers.get(relation)
    slot = other.plan.slot_by_point.get(name) if other else None
    if other is None or slot is None:
        return
    other.dependents = other.dependents or {}
    other.dependents.setdefault(slot, []).append(watch)


def _bind_groups(world: World) -> None:
    siblings: dict[tuple[str, str], list[DeviceState]] = {}
    children: dict[str, list[DeviceState]] = {}
    for state in world.values():
        device = state.device
        siblings.setdefault((device.upstream or device.place, device.kind), []).append(state)
        if device.upstream:
            children.setdefault(device.upstream, []).append(state)
    for state in world.values():
        device = state.device
        members = {
            "siblings": siblings[device.upstream or device.place, device.kind],
            "children": children.get(device.id, []),
        }
        for watch in state.watches:
            for group in watch.program.groups:
                state.groups = {**state.groups, group.relation: members[group.relation]}
                _follow(watch, members[group.relation], group.key)


def _follow(watch: Watch, members: Iterable[DeviceState], key: str) -> None:
    for other in members:
        compiled = other.plan.conditions.get(key)
        if compiled is None or other is watch.device:
            continue
        other.dependents = other.dependents or {}
        for slot in compiled[1]:
            other.dependents.setdefault(slot, []).append(watch)
