"""What Open311 answers look like: JSON by `.json`, XML by `.xml`, and errors as a list in both.

Source: GeoReport v2 and Service Discovery, wiki.open311.org (frozen). Nothing here reads XML.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from xml.sax.saxutils import XMLGenerator
from xml.sax.xmlreader import AttributesImpl

import msgspec
from fastapi import Request, Response

PREFIX = "/open311/v2"
XML, JSON = "text/xml", "application/json"
ITEMS = {
    "services": "service",
    "attributes": "attribute",
    "service_requests": "request",
    "errors": "error",
    "endpoints": "endpoint",
    "formats": "format",
    "flags": "flag",
}
"""The element of a list → that of each of its items."""
AS_THEY_ARE = frozenset({403, 404, 405, 413, 429, 500, 503})
"""Statuses that go out; a missing key is 403, and everything else 400, as GeoReport wants it."""
NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Signs that no XML 1.0 document can hold, escaped or not."""


def answer(request: Request, root: str, thing: object) -> Response:
    """Write an answer in the form that its path asks for; `root` names XML's outermost element."""
    return _write(request, root, thing, 200)


def answer_error(
    request: Request, status: int, sentences: Sequence[str], headers: Mapping[str, str]
) -> Response:
    """Write a failure: a list of code and description, one for each thing that is wrong."""
    shown = 403 if status == 401 else status if status in AS_THEY_ARE else 400  # noqa: PLR2004
    code = shown if status in {401, 422} else status
    errors = [{"code": code, "description": each} for each in sentences]
    response = _write(request, "errors", errors, shown)
    response.headers.update(headers)
    return response


def to_xml(root: str, thing: object) -> bytes:
    """Write a document of structs, mappings, lists and plain values."""
    text = io.StringIO()
    writer = XMLGenerator(text, encoding="utf-8", short_empty_elements=False)
    writer.startDocument()
    _element(writer, root, msgspec.to_builtins(thing))
    writer.endDocument()
    return text.getvalue().encode()


def _write(request: Request, root: str, thing: object, status: int) -> Response:
    if request.url.path.endswith(".xml"):
        media = f"{XML}; charset=utf-8"
        return Response(to_xml(root, thing), status, headers={"content-type": media})
    media = f"{JSON}; charset=utf-8"
    return Response(msgspec.json.encode(thing), status, headers={"content-type": media})


def _element(writer: XMLGenerator, name: str, value: object) -> None:
    writer.startElement(name, AttributesImpl({}))
    match value:
        case dict():
            for key, inner in value.items():
                _element(writer, key, inner)
        case list():
            for inner in value:
                _element(writer, ITEMS[name], inner)
        case bool():
            writer.characters(str(value).lower())
        case None:
            pass
        case _:
            writer.characters(NO_XML.sub("", str(value)))
    writer.endElement(name)
