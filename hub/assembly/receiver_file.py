"""Reads profiles, shipped ones and the site's own, and joins them with the `[[receiver]]`s."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import partial
from importlib.resources import files
from pathlib import Path

from hub.config.receiver_settings import ReceiverSettings, variable
from hub.errors import ConfigError, Problem
from hub.feeds.profiles.composing import Credentials
from hub.feeds.profiles.reading import read_profile
from hub.feeds.profiles.receiver import Receiver
from hub.model.profile import Profile
from hub.model.spelling import suggest

SETTINGS = "lingdang.toml"


def shipped_profiles() -> dict[str, str]:
    """Return the text of each profile of the package, by its path."""
    folder = files("hub.feeds.profiles") / "shipped"
    return {
        str(entry): entry.read_text(encoding="utf-8")
        for entry in sorted(folder.iterdir(), key=lambda entry: entry.name)
        if entry.name.endswith(".toml")
    }


def read_beside(file: str, name: str) -> str:
    """Return the text of a file that lies beside `file`, or below there.

    ConfigError where it cannot be read, or lies elsewhere.
    """
    folder = Path(file).absolute().parent
    path = (folder / name).resolve()
    if not path.is_relative_to(folder.resolve()):
        raise ConfigError(Problem(file=name, message="it has to lie beside the profile"))
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is not UTF-8"
        raise ConfigError(Problem(file=name, message=f"it cannot be read: {why}")) from error


def read_profile_text(text: str, file: str) -> tuple[Profile | None, tuple[Problem, ...]]:
    """Read a profile with its code table, and what is wrong with either."""
    return read_profile(text, file, partial(read_beside, file))


def read_profiles(texts: Mapping[str, str], faults: list[Problem]) -> dict[str, Profile]:
    """Read profiles by their ids, later ones instead of earlier; broken ones are left out."""
    found: dict[str, Profile] = {}
    for file, text in texts.items():
        profile, problems = read_profile_text(text, file)
        faults.extend(problems)
        if profile is not None and not problems:
            found[profile.head.id] = profile
    return found


def load_receivers(
    wanted: Iterable[ReceiverSettings],
    own: Mapping[str, str],
    places: Collection[str],
    faults: list[Problem],
) -> tuple[Receiver, ...]:
    """Join receivers with their profiles; one with a fault is left out, and named."""
    wanted = tuple(wanted)
    profiles = read_profiles({**(shipped_profiles() if wanted else {}), **own}, faults)
    receivers = []
    for each in wanted:
        problems = list(_faults(each, profiles, places))
        faults.extend(problems)
        if not problems:
            receivers.append(_join(each, profiles[each.profile]))
    return tuple(receivers)


def _join(each: ReceiverSettings, profile: Profile) -> Receiver:
    return Receiver(
        name=each.name,
        profile=profile,
        url=each.url,
        keys=Credentials(app_key=each.app_key, secret=each.secret),
        place=each.place,
        addresses=each.addresses,
    )


def _faults(
    each: ReceiverSettings, profiles: Mapping[str, Profile], places: Collection[str]
) -> Iterator[Problem]:
    profile = profiles.get(each.profile)
    if profile is None:
        message = f"there is no profile '{each.profile}' without faults"
        yield _problem(each, message, suggest(each.profile, profiles))
        return
    auth = profile.auth
    if (profile.create or profile.poll) and not each.url:
        yield _problem(each, "the key 'url' is missing", "the address before the profile's paths")
    if auth.scheme != "none" and not each.secret and not _is_by_key(profile):
        hint = f"secret_file, or {variable(each.name)} in the environment"
        yield _problem(each, "it has no secret", hint)
    if auth.scheme == "sign" and auth.app_key and not each.app_key:
        yield _problem(each, "the key 'app_key' is missing", "the platform has given one")
    if auth.addresses and not each.addresses:
        yield _problem(each, "the key 'addresses' is missing", 'addresses = ["10.1.2.0/24"]')
    if each.place and each.place not in places:
        yield _problem(each, f"there is no place '{each.place}'", suggest(each.place, places))


def _is_by_key(profile: Profile) -> bool:
    """Tell whether they come with a key of the hub's own, and nothing has to be set up."""
    return profile.pull is not None and profile.pull.style == "cursor" and not profile.create


def _problem(each: ReceiverSettings, message: str, hint: str) -> Problem:
    return Problem(file=SETTINGS, message=f"[[receiver]] {each.name}: {message}", hint=hint)
