"""Calls a hub by what its OpenAPI document says, and holds each answer against it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,
]
PROBLEM = "application/problem+json"
OPEN311 = "/open311/"
"""Below it failures are lists, and a missing key is 403, as its standard wants it."""
EVERYBODY = ["everybody"]
LONGEST_WAIT = 0.02
"""Seconds that a call may ask to be held back; else the test would only wait."""
PATIENCE = 30.0
ENDLESS = ("followStream",)
"""Calls whose answer does not end."""
BOUNDLESS = ("takeReceipts", "fetchByProfile", "askByProfile", "actByProfile")
"""Calls that take any word and any JSON, so that nothing is wrong by its shape."""

Known = Mapping[str, Sequence[Any]]
"""Name of a parameter or field → values that mean something to this hub."""


class Inquirer:
    """Asks every call of the document, as every role, with what fits and with what does not."""

    def __init__(self, url: str, keys: Mapping[str, str], known: Known) -> None:
        self._url = url
        self._keys = keys
        self._known = known
        self._session = requests.Session()
        self._session.trust_env = False
        self.counts: Counter[int] = Counter()
        self.called: dict[str, Counter[int]] = {}
        """Operation → status → how often."""
        self.callers: dict[str, set[str]] = {}
        """Operation → who has called it, "" for a stranger."""

    def ask_all(self, *, examples: int, chance: int) -> list[str]:
        """Ask each call `examples` times with good and as often with bad input, by whomever.

        And once with the same good input by everybody. Returns what broke the contract, the first
        of each call and way.
        """
        broken = []
        path = "/api/v1/openapi.json"
        document = self._session.get(self._url + path, headers=self._headers("administrator"))
        schema = schemathesis.openapi.from_dict(document.json())
        for found in schema.get_all_operations():
            operation = found.ok()
            ways = [(mode, examples, False) for mode in _modes(operation.definition.raw)]
            if ways:
                ways.append((GenerationMode.POSITIVE, 1, True))
            for mode, count, by_all in ways:
                try:
                    self._ask(operation, mode, examples=count, chance=chance, by_all=by_all)
                except (AssertionError, FailureGroup, requests.RequestException) as error:
                    broken.append(f"{operation.label}, {mode.value}: {error}")
        return broken

    def _ask(
        self,
        operation: APIOperation,
        mode: GenerationMode,
        *,
        examples: int,
        chance: int,
        by_all: bool,
    ) -> None:
        raw = operation.definition.raw
        allowed = list(self._keys) if raw["x-roles"] == EVERYBODY else raw["x-roles"]

        @seed(chance)
        @settings(
            max_examples=examples,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(
            case=operation.as_strategy(generation_mode=mode),
            role=st.sampled_from([*allowed, *allowed, *self._keys, ""]),
            data=st.data(),
        )
        def ask(case: Case, role: str, data: st.DataObject) -> None:
            if mode is GenerationMode.POSITIVE:
                self._make_known(case, data)
            _hurry(case)
            for caller in (*self._keys, "") if by_all else (role,):
                self._hold(case, raw, caller, is_allowed=caller in allowed)

        ask()

    def _hold(self, case: Case, raw: dict[str, Any], role: str, *, is_allowed: bool) -> None:
        """Make one call, and hold its answer against the document."""
        answer = case.call(
            base_url=self._url,
            session=self._session,
            headers=self._headers(role),
            timeout=PATIENCE,
        )
        self.called.setdefault(raw["operationId"], Counter())[answer.status_code] += 1
        self.callers.setdefault(raw["operationId"], set()).add(role)
        case.validate_response(answer, checks=CHECKS)
        other = case.operation.path.startswith(OPEN311)
        if answer.status_code >= 400 and not other:
            assert answer.headers["content-type"] == [PROBLEM]
            assert answer.json()["status"] == answer.status_code
        if raw["x-roles"] != EVERYBODY and not is_allowed:
            refused = 403 if role or other else 401
            assert answer.status_code == refused, (role, answer.status_code)

    def _headers(self, role: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._keys[role]}"} if role else {}

    def _make_known(self, case: Case, data: st.DataObject) -> None:
        """Put what the hub knows in the place of some of what was made up."""
        for part in (case.path_parameters, case.query, case.body):
            if not isinstance(part, dict):
                continue
            for name in sorted(part.keys() & self._known.keys()):
                if data.draw(st.booleans()):
                    part[name] = data.draw(st.sampled_from(self._known[name]))


def _modes(raw: dict[str, Any]) -> list[GenerationMode]:
    """Return which input there is: what takes none cannot be given a wrong one."""
    if raw["operationId"] in ENDLESS:
        return []
    if raw["operationId"] in BOUNDLESS:
        return [GenerationMode.POSITIVE]
    if raw.get("parameters") or raw.get("requestBody"):
        return list(GenerationMode)
    return [GenerationMode.POSITIVE]


def _hurry(case: Case) -> None:
    wait = (case.query or {}).get("wait")
    if isinstance(wait, float | int) and not isinstance(wait, bool):
        case.query["wait"] = min(wait, LONGEST_WAIT)
