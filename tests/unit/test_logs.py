"""A log line is one line, whatever a device has put into its name."""

from __future__ import annotations

import pytest
import structlog

from hub.assembly.logs import keep_to_one_line

FAKE = "gate\r\n2026-11-30 [info] all is well\x1b[2K\u2028x\u202egnp"


@pytest.mark.parametrize(
    "render",
    [
        structlog.processors.JSONRenderer(ensure_ascii=False),
        structlog.dev.ConsoleRenderer(colors=False),
    ],
)
def test_what_a_stranger_sends_begins_no_line_and_steers_no_terminal(
    render: structlog.typing.Processor,
) -> None:
    event = keep_to_one_line(None, "info", {"event": "a message was not understood", "why": FAKE})
    line = str(render(None, "info", event))
    assert len(line.splitlines()) == 1
    assert line.isprintable()
    assert "all is well" in line, "it is seen, and not swallowed"


def test_chinese_and_numbers_are_left_alone_and_a_trace_keeps_its_lines() -> None:
    event = {"event": "南门 “抬杆”", "count": 3, "exception": "Traceback\n  line 1"}
    assert keep_to_one_line(None, "info", dict(event)) == event
