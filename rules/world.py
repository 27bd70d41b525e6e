"""Builds the devices' states and binds each to its rules, its peers and its upstream."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from hub.model.catalogue import DeviceModel
from hub.model.device import Device, Kind
from hub.model.place import Place
from rules.gauge import add_gauges, set_watches
from rules.override import Variant, adapt, variant_of
from rules.plan import Plan
from rules.program import FieldError, build_program, route_program
from rules.rule import Rule
from rules.state import DeviceState, Watch
from rules.vocabulary import Vocabulary

World = dict[str, DeviceState]
Key = tuple[Kind, str, Variant]
"""Kind, model, and the parameters that are other ones: what devices share a plan by."""


def build_world(
    rules: Sequence[Rule],
    devices: Iterable[Device],
    places: Mapping[str, Place],
    models: Mapping[str, DeviceModel],
) -> World:
    """Return the states by uid, all blank; raises FieldError for a rule that does not compile."""
    listed = list(devices)
    own = [rule for rule in rules if rule.overrides]
    keys = {d.uid: (d.kind, d.model, variant_of(own, d)) for d in listed}
    plans = compile_plans(rules, keys.values(), models)
    weave(list(plans.values()))
    world: World = {}
    for device in listed:
        plan = plans[keys[device.uid]]
        state = world[device.uid] = DeviceState(device, plan, _ancestors(device.place, places))
        set_watches(state, (Watch(state, program) for program in plan.programs))
    bind(world)
    return world


def bind(world: World) -> None:
    """Let each device know those that its rules ask, and those whose rules ask it."""
    for state in world.values():
        state.dependents = None
    _bind_relations(world)
    _bind_groups(world)


def compile_plans(
    rules: Sequence[Rule], keys: Iterable[Key], models: Mapping[str, DeviceModel]
) -> dict[Key, Plan]:
    """Return the plan of each key; see `weave`."""
    vocabulary = Vocabulary(models, [rule.id for rule in rules if rule.expectation])
    plans: dict[Key, Plan] = {}
    for key in keys:
        if key not in plans:
            kind, name, _ = key
            model = models.get(name)
            fits = model if model and model.kind is kind else None
            plans[key] = Plan(kind, vocabulary, fits)
    for (_, _, variant), plan in plans.items():
        for rule in rules:
            if plan.kind in rule.kinds:
                _add_rule(adapt(rule, variant), plan)
    return plans


def weave(plans: Sequence[Plan], beside: Sequence[Plan] = ()) -> None:
    """Complete plans by what the rules of others ask; those `beside` them go on as they are."""
    every = [*plans, *beside]
    _make_foreign_slots(every)
    _put_questions(every)
    for plan in plans:
        plan.close()
        add_gauges(plan)


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
        for index in state.plan.ties:
            watch = state.watches[index]
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
        for index in state.plan.ties:
            watch = state.watches[index]
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
