"""A plate camera of the Vzenith family that posts to a server: cars, heartbeats, what it had kept.

It lifts its barrier where the answer says so, sends again what was not answered, keeps what was
given up, and tells that later, one record after another, as long as it is told to go on.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
from collections import deque
from typing import Any

REPEATS = 4
MOST_KEPT = 9000
PICTURE = base64.b64encode(b"\xff\xd8" + b"picture" * 3000).decode()


class PlateCamera:
    """One camera by its serial number; `lifted` counts what its barrier did on an answer."""

    def __init__(self, serial: str, host: str, port: int, path: str) -> None:
        self.serial = serial
        self.lifted = 0
        self.kept: deque[dict[str, Any]] = deque(maxlen=MOST_KEPT)
        self._where = host, port, path
        self._plate_id = 1000

    async def see(self, plate: str, at: float, **said: object) -> dict[str, Any]:
        """Read a plate (`_无_` for none) and tell it; what nobody answers is kept.

        Returns what the answer said, empty where there was none.
        """
        self._plate_id += 1
        result = {
            "license": plate,
            "plateid": self._plate_id,
            "confidence": 97,
            "isoffline": 0,
            "triggerType": 1,
            "timeStamp": {"Timeval": {"sec": int(at), "usec": 0}},
            "imageFile": PICTURE,
            **said,
        }
        for _ in range(REPEATS):
            answer = await self._tell(result)
            if answer.get("content") == "retransfer_stop":
                return answer
        self.kept.append(result)
        return {}

    async def tell_kept(self) -> int:
        """Tell what was kept for as long as the server wants more; return how much that was."""
        told = 0
        while self.kept:
            answer = await self._tell({**self.kept[0], "isoffline": 1})
            goes_on = answer.get("ContinuePushOffline", {})
            if goes_on.get("plateid") != self.kept[0]["plateid"]:
                break
            self.kept.popleft()
            told += 1
            if goes_on.get("continue") != 1:
                break
        return told

    async def beat(self) -> bool:
        """Send a heartbeat, as a form with the camera's own password; tell whether it came in."""
        fields = {"device_name": "IVS", "user_name": "admin", "pass_wd": "admin"}
        mark = "------------------------caa771fe4a61f3d9"
        form = "".join(
            f'--{mark}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
            for name, value in {**fields, "serialno": self.serial}.items()
        )
        body = f"{form}--{mark}--\r\n".encode()
        status, _ = await self.post(body, f"multipart/form-data; boundary={mark}")
        return status == 200

    async def _tell(self, result: dict[str, Any]) -> dict[str, Any]:
        record = {"serialno": self.serial, "deviceName": "IVS", "result": {"PlateResult": result}}
        body = json.dumps({"AlarmInfoPlate": record}, ensure_ascii=False).encode()
        status, raw = await self.post(body)
        answer: dict[str, Any] = {}
        if status == 200:
            answer = json.loads(raw)["Response_AlarmInfoPlate"]
        self.lifted += answer.get("info") == "ok"
        return answer

    async def post(self, body: bytes, kind: str = "application/json") -> tuple[int, bytes]:
        """Post as curl does, which asks before it sends much; status 0 where nobody answers."""
        host, port, path = self._where
        asks = len(body) > 1024
        head = (
            f"POST {path} HTTP/1.1\r\nHost: {host}:{port}\r\nContent-Type: {kind}\r\n"
            f"Content-Length: {len(body)}\r\n{'Expect: 100-continue' if asks else 'Accept: */*'}"
            "\r\nConnection: close\r\n\r\n"
        ).encode()
        try:
            reader, writer = await asyncio.open_connection(host, port)
        except OSError:
            return 0, b""
        with contextlib.closing(writer):
            try:
                writer.write(head)
                if asks:
                    await reader.readuntil(b"\r\n\r\n")
                writer.write(body)
                answer = await reader.read()
            except (OSError, EOFError):
                return 0, b""
        status, _, rest = answer.partition(b"\r\n")
        return int(status.split()[1]) if status else 0, rest.partition(b"\r\n\r\n")[2]
