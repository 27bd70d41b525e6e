"""The script that shows pages of tickets where there is no network, with the files it needs."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from zlib import crc32

import msgspec
from fastapi import Request, Response

from hub.access.policy import EVERYBODY, Call
from hub.console.frame.template import ENVIRONMENT

STAMPED = (
    *("bell.svg", "console.css", "dark.css", "people.css"),
    *("live.js", "speak.js", "pocket.js", "errand.js", "keep.js", "tray.js", "crew.js"),
)
VENDORED = ("vendor/htmx.min.js", "vendor/hx-sse.min.js")


async def give_worker(_request: Request) -> Response:
    """Give the service worker; with any other file of ours it is another one, and starts anew."""
    headers = {"cache-control": "no-cache", "service-worker-allowed": "/tickets"}
    return Response(worker_script(), media_type="text/javascript", headers=headers)


@cache
def worker_script() -> str:
    """Return the script, below the list of the files that pages of tickets are made of."""
    folder, stamp = files("hub.console") / "static", str(ENVIRONMENT.globals["stamp"])
    named = [f"/static/{name}?{stamp}" for name in STAMPED]
    named += [f"/static/{name}" for name in VENDORED]
    bodies = b"".join((folder / name).read_bytes() for name in (*STAMPED, *VENDORED))
    mark = f"{stamp}-{crc32(bodies):08x}"
    head = f'const FILES = {msgspec.json.encode(named).decode()};\nconst STAMP = "{mark}";\n'
    return head + (folder / "worker.js").read_text("utf-8")


CALLS = (
    Call(
        method="GET",
        path="/worker.js",
        answer=give_worker,
        roles=EVERYBODY,
        operation="giveWorker",
        about="The script that shows pages of tickets without a network",
        media="text/javascript",
    ),
)
