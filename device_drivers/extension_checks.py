"""What a driver of another package must be before the hub uses it (`device_drivers.extension`)."""

from __future__ import annotations

from itertools import zip_longest

from device_drivers.family import Topics
from hub.model.report import Topic

OWN_TOPICS = tuple(f"ld/community/address/{topic.value}" for topic in Topic)


class RefusedDriver(Exception):
    """The end of a sentence that begins with the driver; `step` is what to do about it."""

    def __init__(self, what: str, step: str = "") -> None:
        super().__init__(what)
        self.step = step


def check_maker(maker: object, name: str, api: int) -> None:
    """Raise RefusedDriver where an entry point names no driver of this contract."""
    written_for = getattr(maker, "api", None)
    if written_for != api:
        said = "no version" if written_for is None else f"version {written_for!r:.20}"
        raise RefusedDriver(
            f"is written for {said} of the contract, and this hub has version {api}",
            "install the release of it that is for this hub; its class must say `api = 1`"
            if written_for is None
            else "install the release of it that is for this hub",
        )
    own = getattr(maker, "name", None)
    if own != name:
        raise RefusedDriver(f"calls itself {own!r:.40}; entry point and `name` must be the same")
    missing = [each for each in ("device_address", "decode") if not hasattr(maker, each)]
    if missing or not callable(maker):
        raise RefusedDriver(f"is no driver: it has no {' and no '.join(missing) or 'constructor'}")


def check_topics(topics: object) -> None:
    """Raise RefusedDriver for filters that a broker would refuse, or that hear the hub's own."""
    if not isinstance(topics, Topics) or not topics.hears:
        raise RefusedDriver("has no `topics = Topics(hears=(...))`, so nothing would be heard")
    try:
        filters = topics.fill(topics.hears, None)
        topics.fill((*topics.says, *topics.reads), "a", "b")
    except (AttributeError, IndexError, KeyError, ValueError, TypeError) as error:
        raise RefusedDriver(f"has topics that cannot be written out ({error!r})") from error
    for each in filters:
        words = each.split("/")
        whole = all(word in {"+", "#"} or not {"+", "#"} & set(word) for word in words)
        if not each or not whole or "#" in words[:-1] or "\x00" in each:
            raise RefusedDriver(f"hears {each!r:.80}, which no broker takes for a filter")
        if any(matches(each, own) for own in OWN_TOPICS):
            raise RefusedDriver(f"hears {each!r:.80}, and with it the hub's own topics below ld/")


def matches(topic_filter: str, topic: str) -> bool:
    """Tell whether a filter of MQTT takes a topic."""
    for wanted, word in zip_longest(topic_filter.split("/"), topic.split("/")):
        if wanted == "#":
            return True
        if wanted is None or word is None or wanted not in {"+", word}:
            return False
    return True
