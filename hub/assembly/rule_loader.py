"""Loads the rules of the files with those that were written on the site, and checks new texts."""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Iterable, Mapping, Sequence

from hub.assembly.loading import World, shipped_rules
from hub.assembly.rule_text import DRAFT, foreign_tables, id_of, ids_of, to_fault
from hub.errors import ConfigError, NotFoundError
from hub.model.rule_version import RuleMode
from hub.ports import RuleFault, RuleProof
from hub.services.rule_shelf import RuleShelf, file_of, texts_of
from rules.rule import Rule
from rules.ruleset import load_rules
from rules.source import cut_rules
from rules.vocabulary import Vocabulary

LONGEST_TEXT = 100_000
Table = Mapping[str, Sequence[str]]


class RuleLoader:
    """Knows the files of the site, and which versions did not load when the hub started."""

    def __init__(self, world: World, shelf: RuleShelf) -> None:
        self._world = world
        names = {problem.file for problem in world.problems}
        self._left_out = {v.rule for v in shelf.newest() if file_of(v) in names}

    def vocabulary(self, emitters: Iterable[str]) -> Vocabulary:
        """Return the words that rules may use; `emitters` have an event of their own."""
        return Vocabulary(self._world.models, emitters)

    def load(
        self, shelf: RuleShelf, *, new: Collection[str] = (), prove: bool = False
    ) -> dict[str, Rule]:
        """Return every rule by id, those that are off as well; `new` rules were left out no more.

        Raises ConfigError with every fault; `prove` runs the examples.
        """
        rules = self._load(self._texts(shelf, new), prove=prove)
        self._left_out.difference_update(new)
        return rules

    def check(self, text: str, shelf: RuleShelf) -> RuleProof:
        """Check a text as it would be checked before it counts."""
        if len(text) > LONGEST_TEXT:
            fault = RuleFault(line=0, column=0, message=f"longer than {LONGEST_TEXT} characters")
            return RuleProof(rules=(), faults=(fault,))
        names = ids_of(text)
        replaced = {file_of(version) for version in shelf.newest() if version.rule in names}
        others = {f: other for f, other in self._texts(shelf).items() if f not in replaced}
        try:
            self._load({**others, DRAFT: text}, prove=True)
        except ConfigError as error:
            return RuleProof(rules=names, faults=tuple(map(to_fault, error.problems)))
        return RuleProof(rules=names, faults=tuple(foreign_tables(text, names)))

    def text_of(self, rule: Rule, shelf: RuleShelf) -> str:
        """Return the text of a loaded rule."""
        texts = {**shipped_rules(), **self._texts(shelf)}
        return next(part for part in cut_rules(texts[rule.file]) if id_of(part) == rule.id)

    def schedules(self, shelf: RuleShelf | None = None) -> dict[str, tuple[str, Table]]:
        """Return the schedules that count by name, each with its file; without `shelf` the files'.

        A table has been checked when its file was loaded.
        """
        own = self._world.rule_files if shelf is None else self._texts(shelf)
        found: dict[str, tuple[str, Table]] = {}
        for file, text in {**shipped_rules(), **own}.items():
            tables = tomllib.loads(text).get("schedule", {})
            found |= {name: (file, table) for name, table in tables.items()}
        return found

    def mode_of_files(self, rule: str) -> RuleMode:
        """Return how the rule of the files counts, or raise NotFoundError where there is none."""
        found = self._load(self._world.rule_files, prove=False).get(rule)
        if found is None:
            raise NotFoundError(
                f"rule {rule} was written here; no file has it. Switch it off instead",
                zh=f"规则 {rule} 是在本站编写的，没有出厂版本；可改为停用。",
            )
        return RuleMode.TRIAL if found.trial else RuleMode.ACTIVE

    def _texts(self, shelf: RuleShelf, new: Collection[str] = ()) -> dict[str, str]:
        good = [v for v in shelf.newest() if v.rule not in self._left_out.difference(new)]
        return {**self._world.rule_files, **texts_of(good)}

    def _load(self, own: Mapping[str, str], *, prove: bool) -> dict[str, Rule]:
        texts = {**shipped_rules(), **own}
        rules = load_rules(texts, self._world.models, prove=prove, site=tuple(own))
        return {rule.id: rule for rule in rules}
