"""The console: pages for people."""

from hub.console.frame.error_page import error_page
from hub.console.router import build_console, make_allowance, static_app

__all__ = ["build_console", "error_page", "make_allowance", "static_app"]
