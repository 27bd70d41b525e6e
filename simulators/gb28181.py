"""A camera or recorder that registers by GB/T 28181, over UDP or TCP, and answers what it is asked.

Messages are made and read here apart from the hub's own codecs.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Callable, Mapping
from hashlib import md5
from typing import NamedTuple

TRIES, AGAIN_SECONDS = 20, 0.5
"""How often a request is sent until somebody answers, as SIP has it (T1)."""


class Platform(NamedTuple):
    """Where it registers, and as what the platform is known."""

    host: str
    port: int
    id: str
    domain: str


class GbDevice:
    """One device; `channels` maps the ids behind it to their status in its catalogue.

    `asked` are the kinds of questions it has got, `heard` all answers: status and the rest.
    """

    def __init__(
        self, device: str, platform: Platform, password: str, *, transport: str = "UDP"
    ) -> None:
        self.id = device
        self.channels: dict[str, str] = {}
        self.record = "ON"
        self.asked: list[str] = []
        self.per_message = 2
        self.encoding = "gb2312"
        self._platform = platform
        self._password = password
        self._transport = transport
        self._number = 0
        self._answers: dict[int, asyncio.Future[str]] = {}
        self._send: Callable[[bytes], None] = _drop

    @contextlib.asynccontextmanager
    async def connected(self) -> AsyncIterator[None]:
        """Hold a socket while the block runs."""
        host, port = self._platform.host, self._platform.port
        if self._transport == "UDP":
            loop = asyncio.get_running_loop()
            udp, _ = await loop.create_datagram_endpoint(
                lambda: _Ear(self), remote_addr=(host, port)
            )
            self._send = udp.sendto
            try:
                yield
            finally:
                udp.close()
            return
        reader, writer = await asyncio.open_connection(host, port)
        self._send = writer.write
        listening = asyncio.create_task(self._listen(reader), name="gb device listens")
        try:
            yield
        finally:
            listening.cancel()
            writer.close()
            await asyncio.gather(listening, return_exceptions=True)

    async def register(self, expires: int = 3600, password: str = "") -> tuple[int, str]:
        """Register as cameras do, refused first; return the last status and message."""
        status, answer = await self.request("REGISTER", {"Expires": str(expires)})
        if status != 401:
            return status, answer
        nonce = re.findall(r'nonce="([^"]+)"', answer)[0]
        domain, server = self._platform.domain, self._platform.id
        uri = f"sip:{server}@{domain}"
        secret = _md5(f"{self.id}:{domain}:{password or self._password}")
        proof = _md5(f"{secret}:{nonce}:{_md5(f'REGISTER:{uri}')}")
        header = (
            f'Digest username="{self.id}", realm="{domain}", nonce="{nonce}", uri="{uri}", '
            f'response="{proof}", algorithm=MD5'
        )
        return await self.request("REGISTER", {"Expires": str(expires), "Authorization": header})

    async def keep_alive(self) -> int:
        """Say that all is well; return the status of the answer."""
        return (await self.tell("Keepalive", "<Status>OK</Status>"))[0]

    async def alarm(self, method: int, kind: int, channel: str = "") -> int:
        """Tell of an alarm of a channel, or of the device itself."""
        inner = f"<AlarmPriority>1</AlarmPriority><AlarmMethod>{method}</AlarmMethod>"
        info = f"<Info><AlarmType>{kind}</AlarmType></Info>"
        return (await self.tell("Alarm", inner + info, device=channel or self.id))[0]

    async def tell(self, kind: str, inner: str, *, device: str = "") -> tuple[int, str]:
        """Send a Notify."""
        return await self.request("MESSAGE", {}, self._xml("Notify", kind, inner, device))

    async def request(
        self, method: str, fields: Mapping[str, str], body: bytes = b"", branch: str = ""
    ) -> tuple[int, str]:
        """Send a request and return status and text of its answer."""
        self._number += 1
        waited = self._answers[self._number] = asyncio.get_running_loop().create_future()
        raw = self._message(method, fields, body, branch or f"z9hG4bK{self._number}")
        for _ in range(TRIES):
            self._send(raw)
            with contextlib.suppress(TimeoutError):
                answer = await asyncio.wait_for(asyncio.shield(waited), AGAIN_SECONDS)
                return int(answer.split()[1]), answer
        raise TimeoutError(f"{self.id}: nobody answers {method}")

    def hear(self, text: str) -> None:
        """Take a message of the platform: an answer, or a question."""
        if text.startswith("SIP/2.0"):
            waited = self._answers.pop(int(re.findall(r"CSeq: (\d+)", text)[0]), None)
            if waited is not None:
                waited.set_result(text)
            return
        kind, number = re.findall(r"<CmdType>(\w+)</CmdType>\s*<SN>(\d+)</SN>", text)[0]
        self.asked.append(kind)
        vias = re.findall(r"^(?:Via|From|To|Call-ID|CSeq): .*$", text, re.MULTILINE)
        lines = "\r\n".join(line.strip() for line in vias)
        self._send(f"SIP/2.0 200 OK\r\n{lines}\r\nContent-Length: 0\r\n\r\n".encode())
        for inner in self._say(kind):
            self._number += 1
            body = self._xml("Response", kind, f"<SN>{number}</SN>{inner}", "")
            self._send(self._message("MESSAGE", {}, body, f"z9hG4bK{self._number}"))

    def _say(self, kind: str) -> list[str]:
        if kind == "DeviceStatus":
            state = "<Result>OK</Result><Online>ONLINE</Online><Status>OK</Status>"
            return [f"{state}<Encode>ON</Encode><Record>{self.record}</Record>"]
        name = "<Name>大堂 & 门</Name>"
        items = [
            f"<Item><DeviceID>{channel}</DeviceID>{name}<Status>{status}</Status></Item>"
            for channel, status in self.channels.items()
        ]
        parts = [items[i : i + self.per_message] for i in range(0, len(items), self.per_message)]
        head = f"<SumNum>{len(items)}</SumNum>"
        return [f'{head}<DeviceList Num="{len(p)}">{"".join(p)}</DeviceList>' for p in parts]

    def _xml(self, root: str, kind: str, inner: str, device: str) -> bytes:
        head = f"<CmdType>{kind}</CmdType><DeviceID>{device or self.id}</DeviceID>"
        text = f'<?xml version="1.0" encoding="GB2312"?>\r\n<{root}>{head}{inner}</{root}>'
        return text.encode(self.encoding)

    def _message(self, method: str, fields: Mapping[str, str], body: bytes, branch: str) -> bytes:
        own, domain = self.id, self._platform.domain
        server = self._platform.id
        to = own if method == "REGISTER" else server
        lines = [
            f"{method} sip:{server}@{domain} SIP/2.0",
            f"Via: SIP/2.0/{self._transport} 192.168.1.64:5060;rport;branch={branch}",
            f"From: <sip:{own}@{domain}>;tag=2043466181",
            f"To: <sip:{to}@{domain}>",
            "Call-ID: 1011047669",
            f"CSeq: {self._number} {method}",
            f"Contact: <sip:{own}@192.168.1.64:5060>",
            "Max-Forwards: 70",
            *(f"{name}: {value}" for name, value in fields.items()),
            *(["Content-Type: Application/MANSCDP+xml"] if body else []),
            f"Content-Length: {len(body)}",
        ]
        return ("\r\n".join(lines) + "\r\n\r\n").encode() + body

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            length = int(re.findall(r"Content-Length: (\d+)", head)[0])
            self.hear(head + (await reader.readexactly(length)).decode())


class _Ear(asyncio.DatagramProtocol):
    def __init__(self, device: GbDevice) -> None:
        self._device = device

    def datagram_received(self, data: bytes, _addr: object) -> None:
        self._device.hear(data.decode())


def _drop(_raw: bytes) -> None:
    """Send nowhere: it is not connected."""


def _md5(text: str) -> str:
    return md5(text.encode(), usedforsecurity=False).hexdigest()
