"""Compiles a rule for the devices of one model, and routes their facts to it."""

from __future__ import annotations

import msgspec

from rules.language import certainty, outlook
from rules.language.compiler import Compiler
from rules.language.functions import FUNCTIONS
from rules.language.node import Node, Type, constant, may_of
from rules.language.scope import Scope
from rules.language.syntax import ExpressionError, Source
from rules.plan import Plan, Program
from rules.rule import Rule

FIELDS = ("when", "clear", "after", "expect")


class FieldError(Exception):
    """An expression of a rule is wrong; `field` names it, with the stage's number from 0."""

    def __init__(self, field: str, error: ExpressionError) -> None:
        super().__init__(str(error))
        self.field = field
        self.error = error


class _Parts(msgspec.Struct):
    """The compiled expressions of one rule by field, and which of them are about an instant."""

    nodes: dict[str, Node] = {}
    instants: set[str] = set()


def expressions(rule: Rule) -> dict[str, str]:
    """Return the rule's expressions by field; stages are `stage.0`, `stage.1` and so on."""
    texts = {"when": rule.when, "clear": rule.clear}
    if rule.expectation:
        texts |= {"after": rule.expectation.after, "expect": rule.expectation.expect}
    texts |= {f"stage.{i}": stage.when for i, stage in enumerate(rule.stages)}
    return {field: text for field, text in texts.items() if text}


def compile_field(field: str, text: str, scope: Scope) -> tuple[Node, bool]:
    """Return (compiled condition, whether it is about an instant); raises FieldError."""
    scope.instant = False
    try:
        source = Source(text)
        node = Compiler(source, scope, FUNCTIONS).condition(source.tree)
    except ExpressionError as error:
        raise FieldError(field, error) from None
    return node, scope.instant


def build_program(rule: Rule, plan: Plan) -> Program:
    """Compile a rule for one model; raises FieldError at the first wrong word."""
    scope = Scope(plan, rule.params, rule.schedules)
    parts = _Parts()
    for field, text in expressions(rule).items():
        parts.nodes[field], instant = compile_field(field, text, scope)
        if instant:
            parts.instants.add(field)
    _check_instants(rule, parts)
    runs = {field: node.run for field, node in parts.nodes.items()}
    when = parts.nodes.get("when", constant(False))
    return Program(
        rule=rule,
        head=when.head,
        may=may_of(when),
        lives=outlook.find_lives(when),
        binds=_is_binding(rule, scope, when),
        rest=None if scope.always else certainty.find_rest([when, parts.nodes.get("after", when)]),
        when=when.run,
        clear=runs.get("clear"),
        stages=tuple(runs[f"stage.{i}"] for i in range(len(rule.stages))),
        after=runs.get("after"),
        expect=runs.get("expect"),
        always=tuple(scope.always),
        prepares=bool(scope.always or rule.expectation),
        gap=scope.gap if rule.gap is None else rule.gap,
        slots=tuple(scope.slots),
        sampled=tuple(scope.sampled),
        events=tuple(scope.events),
        foreign=tuple(scope.foreign),
        groups=tuple(scope.groups.values()),
        by_arrival=scope.silence,
        on_change=scope.on_change,
    )


def _is_binding(rule: Rule, scope: Scope, when: Node) -> bool:
    """Tell whether nothing about a device could make a change of the rule's points harmless."""
    if rule.expectation:
        return True
    return bool(scope.always or scope.foreign or scope.groups) and not when.fixed


def _check_instants(rule: Rule, parts: _Parts) -> None:
    if "when" not in parts.instants:
        return
    if rule.hold:
        raise FieldError(
            "hold",
            ExpressionError(
                "an instant cannot be held", "瞬时事件不能设置 hold", hint="leave hold out"
            ),
        )
    if not rule.clear and not rule.release:
        raise FieldError(
            "when",
            ExpressionError(
                "a rule about an instant must name clear, or quiet = '10m'",
                "瞬时事件的规则必须写 clear，或 quiet = '10m'",
            ),
        )


def route_program(program: Program, plan: Plan) -> None:
    """Add the program to its plan, and note which facts must run it."""
    index = len(plan.programs)
    plan.programs.append(program)
    routes = plan.routes
    for slot in program.slots:
        routes.on_change[slot].append(index)
    for slot in program.sampled:
        routes.on_sample[slot].append(index)
        routes.on_reading = True
    for event in program.events:
        routes.programs_by_event.setdefault(event, []).append(index)
    if program.on_change:
        routes.on_contact.append(index)
    if program.by_arrival:
        routes.on_silence.append(index)


__all__ = ["FieldError", "Type", "build_program", "compile_field", "expressions", "route_program"]
