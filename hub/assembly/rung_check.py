"""What must hold of a rung in the file of duty, beside the types of its keys."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from hub.assembly.duty_table import RungTable
from hub.config.toml_reader import TomlReader
from hub.model.access import Role
from hub.model.bell import CONSOLE
from hub.model.rung import FIRE, LIFE_SAFETY, Dispatch, is_life_safety
from hub.model.spelling import suggest
from hub.services.duty.muster import KINDS

Spot = tuple[str | int, ...]
GROUP = "group:"
NAMED = ("person:", "roster:")


def check_rung(
    reader: TomlReader, table: RungTable, spot: Spot, rosters: Collection[str], *, outside: bool
) -> None:
    """Add a problem for each thing that does not fit; `outside`: one below is to be confirmed."""
    check_both(reader, table.name, (*spot, "name"))
    _check_words(reader, table, spot, rosters)
    if outside and not table.confirm:
        hint = "add confirm = true, or move it below"
        reader.add("a rung below it has to be confirmed, and it has not", *spot, hint=hint)
    _check_yes(reader, table, spot)
    if table.dispatch is Dispatch.ROTA:
        _check_rota(reader, table, spot)


def check_discreet(reader: TomlReader, table: RungTable, spot: Spot) -> None:
    """Add a problem where what is discreet would be rung to others than named people alone."""
    for field in ("responsible", "informed"):
        for word in getattr(table, field):
            if not word.startswith(NAMED):
                hint = "name people: person:LOGIN, or roster:NAME of people who may know"
                reader.add(f"'{word}' is nobody by name", *spot, field, hint=hint)
    if CONSOLE in table.channels:
        hint = "name a [[bell]] that reaches one person: an SMS, a call, an e-mail, wecom_app"
        reader.add("the hub's pages may stand on a wall", *spot, "channels", hint=hint)
    for field in ("confirm", "dispatch"):
        if getattr(table, field) not in {False, Dispatch.LEADER}:
            reader.add("a plan for what is discreet only rings", *spot, field, hint="take it out")


def check_taken(reader: TomlReader, name: str, known: Collection[str], spot: Spot) -> None:
    """Add a problem where a name is in use."""
    if name in known:
        reader.add(f"'{name}' is taken", *spot, hint="give each a name of its own")


def check_both(reader: TomlReader, words: Mapping[str, str], spot: Spot) -> None:
    """Add a problem where words are not in both languages."""
    if not {"zh", "en"} <= set(words):
        reader.add("it needs zh and en", *spot, hint='{ zh = "…", en = "…" }')


def _check_yes(reader: TomlReader, table: RungTable, spot: Spot) -> None:
    """Nothing but danger to life is called beyond the community without a person's yes."""
    for field in ("automatic_for", "silence_for"):
        for fault in getattr(table, field):
            if not is_life_safety(fault):
                listed = ", ".join([*sorted(LIFE_SAFETY), f"{FIRE}…"])
                hint = f"take it out; only faults of life safety can stand here: {listed}"
                reader.add(f"'{fault}' needs a person's yes", *spot, field, hint=hint)
    if not table.confirm and (table.silence or table.silence_for):
        field = "silence" if table.silence else "silence_for"
        hint = "add confirm = true, or take it out"
        reader.add("nobody is asked about this rung", *spot, field, hint=hint)
    elif table.silence and not table.silence_for:
        hint = 'name the faults of life safety: silence_for = ["lift.trapped"], or take it out'
        reader.add("silence is no yes for every fault", *spot, "silence", hint=hint)
    elif table.silence_for and not table.silence:
        hint = "say after how many askings: silence = 5"
        reader.add("it has no count", *spot, "silence_for", hint=hint)


def _check_rota(reader: TomlReader, table: RungTable, spot: Spot) -> None:
    if table.confirm:
        hint = 'take it out: beyond the community a person decides (dispatch = "leader")'
        reader.add(
            "what has to be confirmed is dispatched by no rota", *spot, "dispatch", hint=hint
        )
    if all(word.startswith(GROUP) for word in table.responsible):
        hint = "name people in `responsible`: person:LOGIN, roster:NAME or role:ROLE"
        reader.add("a group cannot hold a ticket", *spot, "dispatch", hint=hint)


def _check_words(
    reader: TomlReader, table: RungTable, spot: Spot, rosters: Collection[str]
) -> None:
    known: dict[str, Collection[str]] = {
        "roster": rosters,
        "role": list(Role),
        "nearest": list(Role),
    }
    for field in ("responsible", "informed"):
        for word in getattr(table, field):
            kind, _, name = word.partition(":")
            if kind not in KINDS or not name:
                hint = f"write one of {', '.join(f'{each}:NAME' for each in KINDS)}"
                reader.add(f"'{word}' says nobody", *spot, field, hint=hint)
            elif kind in known and name not in known[kind]:
                said = f"there is no {kind} '{name}'"
                reader.add(said, *spot, field, hint=suggest(name, known[kind]))
