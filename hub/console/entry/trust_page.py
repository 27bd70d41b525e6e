"""The page by which a telephone comes to trust this hub, and the certificate itself."""

from __future__ import annotations

import asyncio
from pathlib import Path

from fastapi import Request, Response
from fastapi.responses import HTMLResponse

from hub.access.certificate import read_certificate
from hub.access.http import ports_of
from hub.access.policy import EVERYBODY, Call
from hub.console.frame.language import words_of
from hub.console.frame.page import chosen_language, is_big
from hub.console.frame.template import paint
from hub.errors import NotFoundError
from hub.model.instant import to_local_text

MEDIA_TYPE = "application/x-x509-ca-cert"
SYSTEMS = ("android", "harmony", "ios")


async def show_trust(request: Request) -> Response:
    """Say how each kind of telephone installs it, and by which fingerprint it is known."""
    path = _authority(request)
    card = await asyncio.to_thread(read_certificate, path)
    html = paint(
        "trust.html",
        words_of(chosen_language(request)),
        community=ports_of(request).community.name,
        big=is_big(request),
        systems=SYSTEMS,
        fingerprint=card.fingerprint.split(":"),
        until=to_local_text(card.ends_at)[:10],
    )
    return HTMLResponse(html)


async def give_authority(request: Request) -> Response:
    """Give the certificate of the site's authority; its key is nobody's to have."""
    body = await asyncio.to_thread(_authority(request).read_bytes)
    return Response(body, media_type=MEDIA_TYPE)


def _authority(request: Request) -> Path:
    path = ports_of(request).authority_file
    if path is None or not path.is_file():
        raise NotFoundError("这里没有自己的根证书。 This hub has no authority of its own.")
    return path


CALLS = (
    Call(
        method="GET",
        path="/trust",
        answer=show_trust,
        roles=EVERYBODY,
        operation="showTrust",
        about="How a telephone comes to trust this hub",
    ),
    Call(
        method="GET",
        path="/ca.crt",
        answer=give_authority,
        roles=EVERYBODY,
        operation="giveAuthority",
        about="The certificate of the site's own authority",
        media=MEDIA_TYPE,
    ),
)
