"""The OpenAPI document: FastAPI's, with our bodies, keys and problems in their places."""

from __future__ import annotations

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI

from hub.access.policy import POLICY, SHOWN
from hub.access.session import COOKIE
from hub.api.problem import MEDIA_TYPE

PROBLEM_SCHEMA: dict[str, Any] = {
    "type": "object",
    "description": "RFC 9457, with `errors` by field, `possible` steps or the `oldest` cursor,"
    " with `restored` where a restore from a backup is why; `first` is `under_way` or `unknown` for"
    " what came before with the same Idempotency-Key, `texts` says the same by language",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "instance": {"type": "string"},
    },
}
PROBLEM = {
    "description": "What is wrong, and what to do next",
    "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
}
SECURITY = {
    "key": {"type": "http", "scheme": "bearer", "description": "`ld_…`"},
    "session": {"type": "apiKey", "in": "cookie", "name": COOKIE},
    "api_key": {"type": "apiKey", "in": "query", "name": "api_key"},
}
BY_PARAMETER: list[dict[str, list[str]]] = [{"key": []}, {"session": []}, {"api_key": []}]
"""What calls of other people's standards take beside a header."""


def openapi_document(app: FastAPI) -> dict[str, Any]:
    """Return the document of all that is mounted, but pages; made once per app."""
    document = app.openapi()  # the same object each time
    components = document.setdefault("components", {})
    if "securitySchemes" in components:
        return document
    components["securitySchemes"] = SECURITY
    components["schemas"] = schemas = {"Problem": PROBLEM_SCHEMA}
    document["security"] = [{"key": []}, {"session": []}]
    for path, method, call in _calls(document):
        call["responses"] = _responses(path, method, call)
        if call[POLICY] == ["everybody"]:
            call["security"] = []
        for content in _contents(call):
            schemas |= content["schema"].pop("$defs", {})
    return document


def _calls(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, calls in document["paths"].items():
        for method, call in calls.items():
            yield path, method, call


def _contents(call: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for part in (call.get("requestBody", {}), *call["responses"].values()):
        yield from part["content"].values() if part else ()


def _responses(path: str, method: str, call: dict[str, Any]) -> dict[str, Any]:
    """Write each status with what it comes with."""
    shown = call.pop(SHOWN)
    good = {
        str(status): {"description": HTTPStatus(status).phrase, "content": shown["content"]}
        for status in shown["statuses"]
    }
    if fails := shown.get("fails"):
        call["security"] = BY_PARAMETER
        wrong = {"description": "What is wrong", "content": fails}
        return good | {str(status): wrong for status in sorted(shown["problems"])}
    problems = {*shown["problems"], *_usual_problems(path, method, call)}
    return good | {str(status): PROBLEM for status in sorted(problems)}


def _usual_problems(path: str, method: str, call: dict[str, Any]) -> Iterator[int]:
    """Yield the statuses of failures that every call of this kind can have."""
    if call[POLICY] != ["everybody"]:
        yield from (401, 403, 503)
    if "{" in path:
        yield 404
    if method == "post":
        yield from (409, 413)
    if method == "post" or "parameters" in call:
        yield 422
