"""Reads which version of a thing a request is about."""

from __future__ import annotations

import re

from fastapi import Request

from hub.errors import InvalidRequestError

ANY_VERSION = -1
_VERSION = re.compile(r"[0-9]{1,9}")


def read_edited_version(request: Request) -> int:
    """Return the version that `If-Match` names, ANY_VERSION without one.

    Raises InvalidRequestError for what is no ETag of ours.
    """
    tag = request.headers.get("if-match", "").strip().strip('"')
    if not tag or tag == "*":
        return ANY_VERSION
    if not _VERSION.fullmatch(tag):
        raise InvalidRequestError("If-Match: send the ETag that came with what you edit.")
    return int(tag)
