"""Log lines are sentences with the device's name: JSON for machines, plain on a terminal."""

from __future__ import annotations

import logging
import sys
from unicodedata import category

import structlog
from structlog.typing import EventDict

UNSEEN = {"Cc", "Cf", "Zl", "Zp", "Cs"}
"""Kinds of letters that end a line, turn it round, steer a terminal or show nothing."""


def keep_to_one_line(_logger: object, _name: str, event: EventDict) -> EventDict:
    """Write what a device or stranger has put into a text so that it is seen, and stays a text.

    A line break in a name would begin a log line of its own, an escape sequence repaint a terminal.
    The trace of our own failures keeps its lines.
    """
    return {
        key: _visible(value) if isinstance(value, str) and key != "exception" else value
        for key, value in event.items()
    }


def _visible(text: str) -> str:
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        letter.encode("unicode_escape").decode() if category(letter) in UNSEEN else letter
        for letter in text
    )


def configure_logging() -> None:
    """Write to standard error; the level is INFO, libraries speak from WARNING on."""
    terminal = sys.stderr.isatty()
    render = (
        structlog.dev.ConsoleRenderer()
        if terminal
        else structlog.processors.JSONRenderer(ensure_ascii=False)
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            keep_to_one_line,
            render,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
    # It reports every silent slave at ERROR with its bytes; the link says it once, by name.
    logging.getLogger("pymodbus").setLevel(logging.CRITICAL)
