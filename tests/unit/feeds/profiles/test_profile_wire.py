"""Bodies in each transport: written, read again, and refused where they are none."""

from typing import Any

import pytest

from hub.feeds.profiles.wire import find, find_list, headers_of, plain, read_body, write_body
from hub.model.profile import Transport

FIELDS = {"case.no": "C-1", "case.title": "道闸 <断杆> & more", "n": 3}


@pytest.mark.parametrize("form", ["json", "xml", "soap"])
def test_nested_fields_come_back(form: Any) -> None:  # noqa: ANN401 - a literal
    transport = Transport(format=form, operation="add", namespace="urn:case")
    found = read_body(transport, write_body(transport, FIELDS))
    assert find(found, "case.no") == "C-1"
    assert find(found, "case.title") == "道闸 <断杆> & more"
    assert plain(find(found, "n")) == "3"


def test_a_form_is_flat() -> None:
    transport = Transport(format="form")
    assert read_body(transport, write_body(transport, {"a": "1 &", "b": True})) == {
        "a": "1 &",
        "b": "true",
    }
    assert read_body(transport, b'{"code":0}') == {"code": 0}, "forms are answered in JSON"


def test_soap_can_carry_json_in_one_argument_and_answer_in_one_element() -> None:
    transport = Transport(
        format="soap", operation="ns.add", argument="in0", result="return", action="urn:add"
    )
    body = write_body(transport, {"a": "<1>"})
    assert b'<in0>{"a":"&lt;1&gt;"}</in0>' in body
    assert headers_of(transport)["soapaction"] == '"urn:add"'
    answer = b"""<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>
        <n:addResponse xmlns:n="urn:x"><return>{"code":"0"}</return></n:addResponse>
        </s:Body></s:Envelope>"""
    assert read_body(transport, answer) == {"code": "0"}
    with pytest.raises(ValueError, match="no element 'return'"):
        read_body(transport, b"<a/>")


def test_what_repeats_is_a_list_and_what_does_not_is_one_too() -> None:
    transport = Transport(format="xml")
    many = read_body(transport, b"<r><rows><row>1</row><row>2</row></rows></r>")
    one = read_body(transport, b"<r><rows><row>1</row></rows></r>")
    none = read_body(transport, b"<r><rows/></r>")
    assert find_list(many, "rows.row") == ["1", "2"]
    assert find_list(one, "rows.row") == ["1"]
    assert find_list(none, "rows.row") == find_list(none, "rows") == []


@pytest.mark.parametrize(
    "body",
    [
        b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
        b'<?xml version="1.0"?><!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>',
        b"<a><b></a>",
        b"\xff\xfe<\x00a\x00/\x00>\x00",
        b"<a>" * 50 + b"</a>" * 50,
        b"",
    ],
)
def test_hostile_xml_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"entities|no XML|deeply"):
        read_body(Transport(format="xml"), body)


@pytest.mark.parametrize("body", [b"[]", b"", b"<html>", b"\xff", b"[" * 100_000])
def test_what_is_no_object_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError, match="no JSON object"):
        read_body(Transport(), body)
