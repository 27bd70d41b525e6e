"""The exact request that a profile makes: method, address, headers, body, and what was signed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import urlencode

import msgspec

from hub.courier.answer import Request
from hub.feeds.profiles.filling import write_instant
from hub.feeds.profiles.signing import canonical_text, make_sign
from hub.feeds.profiles.wire import headers_of, plain, write_body
from hub.model.profile import Profile, Times


class Credentials(msgspec.Struct, frozen=True, kw_only=True):
    """What a site was given by its platform; the secret is a token with other schemes."""

    app_key: str = ""
    secret: str = ""


class Moment(NamedTuple):
    """What makes a request one of a kind: when, and a number drawn by chance."""

    now: float
    nonce: str


class Composed(NamedTuple):
    """A request that is ready to go, and the text under its sign; empty without a sign."""

    request: Request
    canonical: str = ""


class Draft(NamedTuple):
    """What is asked: method, address without query, and their fields by name."""

    method: str
    url: str
    fields: Mapping[str, Any]


def compose(profile: Profile, draft: Draft, keys: Credentials, moment: Moment) -> Composed:
    """Write a request and sign it; with GET the fields stand in the query."""
    auth, in_query = profile.auth, draft.method == "GET"
    query = {name: plain(value) for name, value in draft.fields.items()} if in_query else {}
    fields, headers = {} if in_query else dict(draft.fields), _bearer(profile, keys)
    canonical = ""
    if auth.scheme == "sign":
        marks = _marks(profile, keys, moment)
        signed = marks | query
        if auth.body == "fields":
            signed |= {name: plain(value) for name, value in fields.items()}
        body = b"" if in_query else write_body(profile.transport, fields)
        canonical = canonical_text(auth, signed, keys.secret, body)
        marks[auth.sign] = make_sign(auth, canonical, keys.secret)
        place = _place(profile, in_query=in_query)
        {"query": query, "header": headers, "body": fields}[place].update(marks)
    url = f"{draft.url}?{urlencode(query)}" if query else draft.url
    body = b"" if in_query else write_body(profile.transport, fields)
    kinds = {} if in_query else headers_of(profile.transport)
    request = Request(url=url, body=body, headers={**kinds, **headers}, method=draft.method)
    return Composed(request, canonical)


def _place(profile: Profile, *, in_query: bool) -> str:
    place = profile.auth.where
    return "query" if in_query and place == "body" else place


def _bearer(profile: Profile, keys: Credentials) -> dict[str, str]:
    match profile.auth.scheme:
        case "bearer":
            return {profile.auth.header: f"Bearer {keys.secret}"}
        case "token":
            return {profile.auth.header: keys.secret}
        case _:
            return {}


def _marks(profile: Profile, keys: Credentials, moment: Moment) -> dict[str, str]:
    auth = profile.auth
    stamp = write_instant(Times(format=auth.time), moment.now)
    marks = {auth.timestamp: str(stamp), auth.nonce: moment.nonce}
    return {auth.app_key: keys.app_key, **marks} if auth.app_key else marks
