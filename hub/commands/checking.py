"""What the command line looks at: files, examples of rules, history, and a running hub."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import httpx2
import msgspec

from device_drivers.catalogue import load_models
from hub.access.demo import parse_access
from hub.access.record import PEOPLE, Person
from hub.assembly.dialects import model_texts
from hub.assembly.duty_check import read_people
from hub.assembly.loading import (
    load_world,
    read_access,
    read_settings,
    read_text,
    shipped_rules,
)
from hub.assembly.notify import READY_FILE
from hub.assembly.site_books import stored_books
from hub.assembly.unheard import find_unheard
from hub.commands.kept import look_at_holdings, say_holding
from hub.commands.model_check import find_problems, read_model
from hub.errors import ConfigError, HubError, Problem, StoreError
from hub.settings import Settings
from hub.store.peek import read_collection
from rules.rule import Rule
from rules.ruleset import load_rules
from rules.story import run_examples

Echo = Callable[[str], None]


def _unsaid(_note: str) -> None:
    """Say nothing."""


def check_files(config: Path, echo: Echo = _unsaid) -> tuple[Problem, ...]:
    """Read everything that `config` names and prove every rule; return every fault.

    What is no fault and should be known is said. Raises ConfigError when there is no `config` to
    read.
    """
    settings, problems = read_settings(config)
    problems += _access_problems(settings)
    known, states = stored_books(settings.store.path)
    try:
        world = load_world(
            settings,
            known,
            problems=problems,
            states=states,
            people=_stored_people(settings),
            prove=True,
        )
    except ConfigError as error:
        return (*problems, *error.problems)
    for each in find_unheard(world):
        echo(f"note: {each}")
    return (*world.problems, *_model_problems(settings, world.problems))


def _model_problems(settings: Settings, known: Sequence[Problem]) -> Iterator[Problem]:
    """Yield what would make the site's own models tell nonsense, though they can be read."""
    broken = {problem.file for problem in known}
    for file in (file for folder in settings.models.dirs for file in sorted(folder.glob("*.toml"))):
        if str(file) not in broken:
            text = read_text(file)
            yield from find_problems(str(file), text, read_model(str(file), text))


def _stored_people(settings: Settings) -> Mapping[str, Person] | None:
    """Return the people of the store; None where there is none yet, or none that can be read."""
    try:
        return read_people(read_collection(settings.store.path, PEOPLE))
    except StoreError:
        return None


def _access_problems(settings: Settings) -> tuple[Problem, ...]:
    file = settings.demo.access
    if file is None:
        return ()
    try:
        parse_access(read_access(file), str(file))
    except ConfigError as error:
        return error.problems
    return ()


def test_rules(paths: Sequence[Path], echo: Echo) -> int:
    """Run the examples of every rule in `paths` (shipped ones when empty); 0 when all pass."""
    models = load_models(model_texts())
    texts = {str(path): read_text(path) for path in paths} or shipped_rules()
    rules = load_rules({**shipped_rules(), **texts}, models, prove=False)
    asked = [rule for rule in rules if rule.file in texts]
    passed = failed = 0
    for rule in asked:
        for result in run_examples(rule, models, _counted(rules, rule)):
            passed, failed = passed + result.passed, failed + (not result.passed)
            if not result.passed:
                echo(
                    f"{rule.file}:{result.line}: {rule.id}: {result.name!r} expects "
                    f"{', '.join(result.expected) or 'nothing'} "
                    f"but got {', '.join(result.got) or 'nothing'}"
                )
    echo(f"{len(asked)} rules, {passed} examples passed, {failed} failed")
    return 1 if failed else 0


def _counted(rules: Sequence[Rule], rule: Rule) -> list[Rule]:
    """Return the rules whose missed events this one may count."""
    return [each for each in rules if each.expectation and each.id != rule.id]


def show_status(config: Path, echo: Echo) -> int:
    """Ask the hub that `config` describes how it is; 0 when it is ready."""
    settings, _ = read_settings(config)
    try:
        ready = msgspec.json.decode((settings.store.path.parent / READY_FILE).read_bytes())
        answer = httpx2.get(f"{ready['url']}/readyz", timeout=5)
    except FileNotFoundError:
        echo(f"the hub of {config} does not run; start it: lingdang run {config}")
        return 1
    except (OSError, httpx2.HTTPError) as error:
        echo(f"the hub of {config} does not answer ({error}); look at its log, or start it again")
        return 1
    body = answer.json()
    echo(f"{ready.get('pages', ready['url'])} (process {ready['pid']}): {body['status']}")
    for part, state in body["parts"].items():
        echo(f"  {part}: {state}")
    if client := ready.get("mqtt"):
        echo(f"  started with the MQTT client {client}")
    with contextlib.suppress(HubError):
        for each in look_at_holdings(load_world(settings, {})):
            echo(f"  {say_holding(each)}")
    return 0 if body["status"] == "ready" else 1
