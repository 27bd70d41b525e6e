"""A mosquitto of a test's own, a broker that misbehaves by script, and what a link is given."""

import asyncio
import contextlib
import subprocess
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path

from paho.mqtt import publish
from paho.mqtt.client import MQTTv5

from device_drivers.links.mqtt_settings import MqttSettings
from hub.errors import LinkError
from hub.ports import Envelope, Link
from simulators.demo_files import free_port
from tests.support.patience import PATIENCE

TURN = 0.05

CONNACK = bytes([0x20, 3, 0, 0, 0])
OLD_CONNACK = bytes([0x20, 2, 0, 0])
OLD_REFUSAL = bytes([0x20, 2, 0, 1])
NEW_REFUSAL = bytes([0x20, 3, 0, 0x84, 0])
PINGREQ = bytes([0xC0, 0])
DISCONNECT_TAKEN_OVER = bytes([0xE0, 2, 0x8E, 0])


class Broker:
    """A mosquitto with its own folder and port; killed by its handle."""

    def __init__(self, program: Path, folder: Path, *lines: str) -> None:
        self.port = free_port()
        self.plain_port = self.port
        """Where the test's own publisher goes; another than the link's when that speaks TLS."""
        self._program = program
        self._config = folder / "mosquitto.conf"
        self._config.write_text(
            f"listener {self.port} 127.0.0.1\nuser root\nallow_anonymous true\n"
            "max_queued_messages 100000\nmax_inflight_messages 1000\n" + "\n".join(lines) + "\n"
        )
        self.process: subprocess.Popen[bytes] | None = None

    async def start(self) -> None:
        self._spawn()
        try:
            async with asyncio.timeout(PATIENCE):
                while not await self._answers():  # noqa: ASYNC110 - another process: no event tells
                    await asyncio.sleep(0.02)
        except TimeoutError:
            self.kill()
            raise

    async def _answers(self) -> bool:
        with contextlib.suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", self.port)
            writer.close()
            await writer.wait_closed()
            return True
        return False

    def _spawn(self) -> None:
        self.process = subprocess.Popen(
            [self._program, "-c", self._config],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    async def publish(self, *messages: tuple[str, bytes], retain: bool = False) -> None:
        await asyncio.to_thread(
            publish.multiple,
            [{"topic": t, "payload": p, "qos": 1, "retain": retain} for t, p in messages],
            hostname="127.0.0.1",
            port=self.plain_port,
            protocol=MQTTv5,
        )

    def settings(self, **changes: object) -> MqttSettings:
        return MqttSettings(host="127.0.0.1", port=self.port, community="gs", **changes)


@contextlib.asynccontextmanager
async def scripted(
    *answers: Callable[[bytes], bytes],
    hangs_up: bool = False,
) -> AsyncIterator[tuple[MqttSettings, list[bytes]]]:
    """A broker that answers the n-th packet of a connection by the n-th function, then is mute.

    Or it `hangs_up` behind its last answer.
    """
    heard: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for answer in answers:
            packet = await _read_packet(reader)
            heard.append(packet)
            writer.write(answer(packet))
        with contextlib.suppress(OSError):
            while not hangs_up and (more := await reader.read(1000)):
                heard.append(more)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server:
        yield MqttSettings(host="127.0.0.1", port=port, community="gs", canary_limit=0.5), heard


async def _read_packet(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readexactly(2)
    length = head[1] & 0x7F
    if head[1] & 0x80:
        more = await reader.readexactly(1)
        length += more[0] * 128
        head += more
    return head + await reader.readexactly(length)


def message(
    number: int, payload: bytes, topic: bytes = b"ld/gs/gate-1/state", properties: bytes = b""
) -> bytes:
    """Write a PUBLISH with QoS 1 and the packet id `number`."""
    names = bytes([0, len(topic)]) + topic + bytes([0, number])
    body = names + bytes([len(properties)]) + properties + payload
    return bytes([0x32, len(body)]) + body


def suback(*codes: int) -> Callable[[bytes], bytes]:
    """Answer a SUBSCRIBE with these codes."""

    def answer(packet: bytes) -> bytes:
        return bytes([0x90, 3 + len(codes)]) + packet[2:4] + bytes([0, *codes])

    return answer


class Tray:
    """An Inbox that keeps everything, and lets a test wait for it."""

    def __init__(self, limit: int = 100_000) -> None:
        self.envelopes: list[Envelope] = []
        self.log: list[str] = []
        self.limit = limit
        self._changed = asyncio.Event()

    def offer(self, envelope: Envelope) -> None:
        self.envelopes.append(envelope)
        self.log.append(envelope.payload.decode())
        self._changed.set()

    def is_full(self) -> bool:
        return len(self.envelopes) >= self.limit

    async def has_room(self) -> None:
        await self.until(lambda: not self.is_full())

    def widen(self, limit: int) -> None:
        self.limit = limit
        self._changed.set()

    def note(self, word: str) -> None:
        self.log.append(word)
        self._changed.set()

    async def until(self, true: Callable[[], bool]) -> None:
        while not true():
            self._changed.clear()
            await self._changed.wait()

    async def take(self, count: int) -> list[Envelope]:
        """Wait for so many envelopes and remove them."""
        async with asyncio.timeout(PATIENCE):
            await self.until(lambda: len(self.envelopes) >= count)
        taken, self.envelopes = self.envelopes[:count], self.envelopes[count:]
        self._changed.set()
        return taken

    async def heard(self, word: str) -> None:
        """Wait until the link has said so."""
        async with asyncio.timeout(PATIENCE):
            await self.until(lambda: word in self.log)

    async def filled(self) -> None:
        """Wait until there is no more room."""
        async with asyncio.timeout(PATIENCE):
            await self.until(self.is_full)

    async def sees(self, true: Callable[[], bool]) -> None:
        """Wait until something is so that nobody tells the tray."""
        async with asyncio.timeout(PATIENCE):
            while not true():  # noqa: ASYNC110 - nobody tells
                await asyncio.sleep(TURN / 5)


class Watch:
    """A LinkWatch that writes into the tray's log, in order with the messages."""

    def __init__(self, tray: Tray) -> None:
        self._tray = tray

    def link_up(self, link: str, *, resumed: bool) -> None:
        self._tray.note("resumed" if resumed else "new session")

    def link_down(self, link: str, why: str) -> None:
        self._tray.note("down")

    def link_caught_up(self, link: str) -> None:
        self._tray.note("caught up")

    def link_heard(self, link: str, at: float) -> None:
        self._tray.note("heard")

    def slave_missed(self, uid: str) -> None:
        raise AssertionError

    def slave_silent(self, uid: str, why: str) -> None:
        raise AssertionError


@contextlib.asynccontextmanager
async def running(link: Link) -> AsyncIterator[asyncio.Task[None]]:
    """Run the link inside, and end it by cancelling, as a stop does."""
    task = asyncio.create_task(link.run(), name="link under test")
    try:
        yield task
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError, LinkError):
            await task


async def ends(task: asyncio.Task[None], turns: float = PATIENCE) -> None:
    """Wait for the end of a link, whose error is the test's to expect.

    `turns` are seconds in which this process ran: one that waits for a processor is not late.
    """
    for _ in range(round(turns / TURN)):
        if task.done():
            break
        await asyncio.wait({task}, timeout=TURN)
    assert task.done(), "the link goes on"
    task.result()


def payloads(envelopes: Sequence[Envelope]) -> list[bytes | object]:
    return [envelope.payload for envelope in envelopes]
