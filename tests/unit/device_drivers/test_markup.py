"""XML of devices: by its bytes, not by what it declares, and no attack gets through."""

from __future__ import annotations

import time

import pytest

from device_drivers.codecs.markup import DEEPEST, LONGEST, MOST, read_markup, tables, texts
from hub.errors import ProtocolError

BOMB = '<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><a>&b;</a>'
FETCH = '<!DOCTYPE a SYSTEM "http://127.0.0.1/x"><a>1</a>'


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "gb2312"])
@pytest.mark.parametrize("declared", ["UTF-8", "GB2312", "KOI-7", ""])
def test_the_bytes_decide_about_the_encoding(encoding: str, declared: str) -> None:
    head = f'<?xml version="1.0" encoding="{declared}"?>' if declared else ""
    raw = (head + "<Item><Name>1号楼 & 大堂</Name></Item>").encode(encoding)
    assert read_markup(raw) == ("Item", {"Name": "1号楼 & 大堂"})


def test_elements_of_one_name_are_a_list_and_namespaces_are_left_out() -> None:
    raw = b'<x:L xmlns:x="u"><I><N>1</N></I><I><N>2</N></I><E/><I>3</I></x:L>'
    root, fields = read_markup(raw)
    assert (root, fields["E"]) == ("L", "")
    assert [texts(each)["N"] for each in tables(fields, "I")] == ["1", "2"]
    assert (tables(fields, "E"), tables("", "E"), texts("")) == ([], [], {})


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (BOMB, "brings a DOCTYPE"),
        (FETCH, "brings a DOCTYPE"),
        ("<a>" * (DEEPEST + 1), "nests deeper"),
        ("<a>" + "<b/>" * MOST + "</a>", "nests deeper"),
        ("<a>" + "x" * LONGEST + "</a>", "more than 65536"),
        ("<a>&nope;</b>", "no XML"),
        ("<a>\x00</a>", "no XML"),
        ("", "no XML"),
    ],
)
def test_what_attacks_a_parser_is_refused_at_once(text: str, why: str) -> None:
    began = time.perf_counter()
    with pytest.raises(ProtocolError, match=why):
        read_markup(text.encode())
    assert time.perf_counter() - began < 1
