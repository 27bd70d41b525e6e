"""What only the whole profile shows: names that lead nowhere, personal data, a create twice."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from hub.config.toml_reader import TomlReader
from hub.feeds.incident import SAYS
from hub.feeds.profiles.facts import PERSONAL, SOURCES
from hub.feeds.profiles.signing import has_algorithm
from hub.model.case import CaseAction, CaseState
from hub.model.profile import POLL, PULL, Auth, Field, Profile
from hub.model.spelling import suggest
from hub.model.ticket import TicketState

WORDS = frozenset((*SAYS.values(), "updated"))
"""What the feed says has happened."""
REASONS = frozenset(
    ("sign", "expired", "replayed", "address", "invalid", "unknown", "conflict", "gone", "failed")
)
"""Why we refuse what they ask, as `[envelope.errors]` names it."""

Fault = tuple[tuple[str | int, ...], str, str]
"""Where it stands, what is wrong, and what to do."""


def check_profile(reader: TomlReader, profile: Profile) -> None:
    """Note what is wrong with a profile as a whole."""
    for check in (_head, _directions, _auth, _fields, _tables, _steps, _create):
        for place, message, hint in check(profile):
            reader.add(message, *place, hint=hint)


def _head(profile: Profile) -> Iterator[Fault]:
    if not {"zh", "en"} <= profile.head.name.keys():
        yield ("profile", "name"), "it needs zh and en", '{ zh = "…", en = "…" }'


def _directions(profile: Profile) -> Iterator[Fault]:
    if profile.pull is None and profile.create is None and profile.poll is None:
        hint = "[pull] they fetch, [create] we push, [poll] we fetch"
        yield ("profile",), "it speaks in no direction", hint
    if profile.create is None and (profile.update or profile.query):
        yield ("profile",), "[update] and [query] do nothing without [create]", "write [create]"
    if profile.transport.format == "soap" and not profile.transport.operation:
        yield ("transport",), "SOAP needs the key 'operation'", "its WSDL names it"
    asks = profile.create or profile.poll
    if asks and not (profile.envelope.code and profile.envelope.ok):
        yield (
            ("envelope",),
            "HTTP 200 alone would count as success, whatever the answer says",
            "name the key of their code, and the codes that are 'ok'",
        )


def _auth(profile: Profile) -> Iterator[Fault]:
    auth = profile.auth
    if auth.scheme == "none" and not auth.addresses and profile.pull:
        yield ("auth",), "everybody could fetch", "choose a scheme, or addresses = true"
    if auth.scheme == "sign":
        yield from _sign(auth)


def _sign(auth: Auth) -> Iterator[Fault]:
    if not has_algorithm(auth.algorithm):
        yield (
            ("auth", "algorithm"),
            f"this machine's OpenSSL has no {auth.algorithm.rpartition('-')[2].upper()}",
            "OpenSSL 1.1.1 or newer, built with it, has SM3",
        )
    if not auth.algorithm.startswith("hmac-") and "{secret}" not in auth.canonical:
        yield ("auth", "canonical"), "the secret is not in it: everybody could sign", "{secret}"
    if "{params}" not in auth.canonical:
        yield ("auth", "canonical"), "what is asked is not signed", "write {params} into it"
    for name in (auth.timestamp, auth.nonce) if auth.order else ():
        if name not in auth.order:
            yield ("auth", "order"), f"{name!r} is not in it", "a sign could be used again"


def _fields(profile: Profile) -> Iterator[Fault]:
    for place, field in enumerate(profile.fields):
        if (field.source != "") is (field.value is not None):
            yield ("field", place), f"{field.name} needs either 'from' or 'value'", "keep one"
        if field.map and field.map not in {"states", *profile.maps}:
            message = f"there is no [maps.{field.map}]"
            yield ("field", place, "map"), message, suggest(field.map, ["states", *profile.maps])
        if field.source:
            yield from _source(profile, place, field)
    for name in profile.personal.fields:
        if name not in PERSONAL:
            hint = suggest(name, PERSONAL)
            yield ("personal", "fields"), f"there is no personal fact {name!r}", hint


def _source(profile: Profile, place: int, field: Field) -> Iterator[Fault]:
    where, known = ("field", place, "from"), SOURCES | PERSONAL
    if field.source not in known:
        yield where, f"there is no fact {field.source!r}", suggest(field.source, known, listed=12)
    if field.source in PERSONAL and field.source not in profile.personal.fields:
        hint = f'list it if it may leave: [personal] fields = ["{field.source}"]'
        yield where, f"{field.source} concerns people", hint
    if field.source.startswith("code.") and not profile.codes.rows:
        yield where, "there is no code table", "[profile] codes = FILE"
    if POLL in field.use:
        yield where, "a poll is about no incident", "give it a fixed 'value'"


def _tables(profile: Profile) -> Iterator[Fault]:
    actions, states, errors = profile.actions, profile.states, profile.envelope.errors
    yield from _words(("actions", "out"), {key: key for key in actions.out}, WORDS)
    yield from _words(("actions", "in"), actions.in_, tuple(CaseAction))
    yield from _words(("states", "in"), states.in_, tuple(CaseState))
    out = {key: key for key in states.out if key != "*"}
    yield from _words(("states", "out"), out, tuple(TicketState))
    yield from _words(("envelope", "errors"), {key: key for key in errors}, REASONS)
    if profile.update and not profile.actions.out:
        yield ("update",), "no change would ever be sent", 'say which: [actions.out] closed = "…"'


def _words(
    place: tuple[str, ...], words: Mapping[str, str], known: Collection[str]
) -> Iterator[Fault]:
    """Yield each word of ours that there is not, at its key."""
    for key, word in words.items():
        if word not in known:
            yield (*place, key), f"there is no {word!r}", suggest(word, known, listed=20)


def _steps(profile: Profile) -> Iterator[Fault]:
    steps = profile.steps
    if steps is None:
        if profile.poll:
            yield ("poll",), "what is fetched cannot be read", "write [steps]"
        return
    if not (steps.incident or steps.number):
        yield ("steps",), "nothing says which incident it is about", "'incident' or 'number'"
    if not (steps.action or steps.state):
        yield ("steps",), "nothing says what they did", "'action' or 'state'"
    if steps.action and not profile.actions.in_:
        yield ("steps", "action"), "no code of theirs is known", '[actions.in] code = "file"'
    if steps.state and not steps.action and not profile.states.in_:
        yield ("steps", "state"), "no code of theirs is known", '[states.in] code = "filed"'
    if steps.hand_down and not steps.number:
        yield ("steps", "hand_down"), "work that is handed down needs their number", "'number'"


def _create(profile: Profile) -> Iterator[Fault]:
    create = profile.create
    if create is None:
        return
    if not (profile.query or create.duplicate):
        yield (
            ("create",),
            "one that is repeated after a time-out makes a second case there",
            "write [query], or the codes of 'duplicate' that their answer has then",
        )
    elif not any(field.source == "number" for field in profile.fields_of("create")):
        hint = 'from = "number"'
        yield ("create",), "our number does not go along: theirs cannot be found by it", hint


def speaks(profile: Profile) -> tuple[str, ...]:
    """Return the directions that a profile speaks, in our words."""
    found = {PULL: profile.pull, "push": profile.create, POLL: profile.poll}
    return tuple(name for name, section in found.items() if section is not None)
