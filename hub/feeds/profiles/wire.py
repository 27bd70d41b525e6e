"""Bodies as a profile's transport writes and reads them: JSON, forms, XML, and SOAP around XML.

Fields come by name; a name with dots is a field within a field.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode

import msgspec

from hub.model.profile import Transport

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
TYPES = {
    "json": "application/json; charset=utf-8",
    "form": "application/x-www-form-urlencoded; charset=utf-8",
    "xml": "application/xml; charset=utf-8",
    "soap": "text/xml; charset=utf-8",
}
DEEPEST = 30
"""Levels of an XML document that are read."""


def write_body(transport: Transport, fields: Mapping[str, Any]) -> bytes:
    """Write the fields as the body of a request."""
    match transport.format:
        case "form":
            return urlencode({name: plain(value) for name, value in fields.items()}).encode()
        case "json":
            return msgspec.json.encode(nest(fields))
        case "xml":
            return _text(_element(transport.root, nest(fields)))
    return _write_soap(transport, fields)


def headers_of(transport: Transport) -> dict[str, str]:
    """Return the headers that go with such a body."""
    headers = {"content-type": TYPES[transport.format]}
    if transport.format == "soap":
        headers["soapaction"] = f'"{transport.action}"'
    return headers


def read_body(transport: Transport, body: bytes) -> dict[str, Any]:
    """Read a body as nested fields; raises ValueError for what is no such body."""
    match transport.format:
        case "form" if not body.lstrip().startswith(b"{"):
            return dict(parse_qsl(body.decode("utf-8"), keep_blank_values=True))
        case "form" | "json":
            return _read_json(body)
        case "xml":
            found = _tree(_parse(body))
            return found if isinstance(found, dict) else {}
    return _read_soap(transport, body)


def nest(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Put fields with dots in their names into each other."""
    nested: dict[str, Any] = {}
    for name, value in fields.items():
        *ways, last = name.split(".")
        place = nested
        for way in ways:
            inner = place.setdefault(way, {})
            if not isinstance(inner, dict):
                inner = place[way] = {}
            place = inner
        place[last] = value
    return nested


def find(data: object, path: str) -> Any:  # noqa: ANN401 - JSON
    """Return what stands at a path of keys with dots; None where there is nothing."""
    for key in path.split(".") if path else ():
        if not isinstance(data, dict) or key not in data:
            return None
        data = data[key]
    return data


def find_list(data: object, path: str) -> list[Any]:
    """Return the list at a path; XML cannot say that one thing, or none, is a list."""
    found = find(data, path)
    if found in {None, ""} if not isinstance(found, dict | list) else False:
        return []
    return found if isinstance(found, list) else [found]


def plain(value: object) -> str:
    """Write a value as text, as a form or a query has it, and as it is signed."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict | list):
        return msgspec.json.encode(value).decode()
    return str(value)


def _read_json(body: bytes) -> dict[str, Any]:
    try:
        found: dict[str, Any] = msgspec.json.decode(body, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(f"it is no JSON object: {error}") from error
    return found


def _write_soap(transport: Transport, fields: Mapping[str, Any]) -> bytes:
    envelope = ET.Element(f"{{{SOAP}}}Envelope")
    inner = ET.SubElement(envelope, f"{{{SOAP}}}Body")
    spaced = f"{{{transport.namespace}}}" if transport.namespace else ""
    operation = _element(spaced + transport.operation, {})
    if transport.argument:
        text = msgspec.json.encode(nest(fields)).decode()
        ET.SubElement(operation, transport.argument).text = text
    else:
        operation.extend(_element(transport.operation, nest(fields)))
    inner.append(operation)
    return _text(envelope)


def _read_soap(transport: Transport, body: bytes) -> dict[str, Any]:
    root = _parse(body)
    if transport.result:
        found = next((each for each in root.iter() if _local(each.tag) == transport.result), None)
        if found is None:
            raise ValueError(f"there is no element {transport.result!r} in it")
        return _read_json((found.text or "").encode())
    inner = next((each for each in root if _local(each.tag) == "Body"), None)
    answer = next(iter(inner), None) if inner is not None else None
    tree = _tree(answer) if answer is not None else None
    return tree if isinstance(tree, dict) else {}


def _parse(body: bytes) -> ET.Element:
    # Entities blow up or read files; no platform needs them.
    if b"<!" in body.replace(b"<![CDATA[", b"").replace(b"<!--", b"") or b"\x00" in body:
        raise ValueError("it declares entities, or is no UTF-8")
    try:
        return ET.fromstring(body)  # noqa: S314 - see above
    except ET.ParseError as error:
        raise ValueError(f"it is no XML: {error}") from error


def _tree(element: ET.Element, depth: int = 0) -> dict[str, Any] | str:
    """Return an element's children by their names without namespace; several of one are a list."""
    if depth > DEEPEST:
        raise ValueError("it is nested too deeply")
    found: dict[str, Any] = {}
    for child in element:
        name, value = _local(child.tag), _tree(child, depth + 1)
        if name not in found:
            found[name] = value
        elif isinstance(found[name], list):
            found[name].append(value)
        else:
            found[name] = [found[name], value]
    return found or (element.text or "").strip()


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


def _element(name: str, value: object) -> ET.Element:
    element = ET.Element(name)
    if isinstance(value, dict):
        for key, inner in value.items():
            for each in inner if isinstance(inner, list) else [inner]:
                element.append(_element(key, each))
    else:
        element.text = plain(value)
    return element


def _text(element: ET.Element) -> bytes:
    text: bytes = ET.tostring(element, encoding="utf-8", xml_declaration=True)
    return text
