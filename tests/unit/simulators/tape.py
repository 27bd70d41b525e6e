"""A wire without sockets."""

from typing import Any

from simulators.device import Message


class Tape:
    """A wire that remembers what went over it, and says wills itself."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.restored = 0

    def publish(self, message: Message) -> None:
        self.messages.append(message)

    def cut(self, last_will: Message) -> None:
        self.messages.append(last_will)

    def restore(self) -> None:
        self.restored += 1

    def bodies(self, topic: str, address: str = "") -> list[dict[str, Any]]:
        return [
            each.body
            for each in self.messages
            if each.topic == topic and address in ("", each.address)
        ]

    def states(self, point: str) -> list[Any]:
        """The values that a point was told to have, without repetitions."""
        told = [body["points"][point] for body in self.bodies("state")]
        return [value for i, value in enumerate(told) if not i or told[i - 1] != value]
