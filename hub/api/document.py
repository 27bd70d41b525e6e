"""The OpenAPI document: FastAPI's, with our bodies, keys and problems in their places."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI

from hub.access.session import COOKIE
from hub.api.problem import MEDIA_TYPE

PROBLEM_SCHEMA: dict[str, Any] = {
    "type": "object",
    "description": "RFC 9457, with `errors` by field, `possible` steps or the `oldest` cursor",
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
}


def openapi_document(app: FastAPI) -> dict[str, Any]:
    """Return the document of all that is mounted; made once per app, by FastAPI."""
    document = app.openapi()
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    components["securitySchemes"] = SECURITY
    document["security"] = [{"key": []}, {"session": []}]
    for operation in _operations(document):
        operation["responses"].pop("422", None)
        operation["responses"]["default"] = PROBLEM
        for content in operation.get("requestBody", {}).get("content", {}).values():
            schemas |= content["schema"].pop("$defs", {})
    schemas.pop("HTTPValidationError", None)
    schemas.pop("ValidationError", None)
    schemas["Problem"] = PROBLEM_SCHEMA
    return document


def _operations(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for calls in document["paths"].values():
        yield from calls.values()
