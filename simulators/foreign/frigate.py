"""A Frigate with cameras at a broker: figures every minute, objects as they are seen, a will."""

from __future__ import annotations

from collections.abc import Mapping

from simulators.foreign.plug import Plug

WILL = ("frigate/available", "offline")


class Frigate:
    """One program; `frames` are the frames a second that each camera brings."""

    def __init__(self, plug: Plug, frames: Mapping[str, float]) -> None:
        self._plug = plug
        self.frames = dict(frames)

    async def start(self) -> None:
        """Say that it runs."""
        await self._plug.say("frigate/available", "online", retain=True)

    async def tell(self, *, uptime: float = 86_400.0, used: float = 610_000.0) -> None:
        """Publish the figures of now; `uptime` in seconds, `used` in MB of 938,000."""
        cameras = {
            name: {
                "camera_fps": fps,
                "process_fps": fps,
                "skipped_fps": 0.0,
                "detection_fps": fps / 4,
                "pid": 531,
            }
            for name, fps in self.frames.items()
        }
        disk = {"total": 938_000.0, "used": used, "free": 938_000.0 - used, "mount_type": "ext4"}
        service = {"uptime": uptime, "storage": {"/media/frigate/recordings": disk}}
        await self._plug.say("frigate/stats", {"cameras": cameras, "service": service})

    async def see(self, camera: str, label: str, at: float) -> None:
        """Have an object appear and go on, with a name, a plate and a picture that nobody needs."""
        thing = {
            "id": f"{at:.6f}-abc",
            "camera": camera,
            "label": label,
            "sub_label": ["Wang Wu", 0.93],
            "recognized_license_plate": "京A12345",
            "start_time": at,
            "entered_zones": ["gate"],
            "thumbnail": "/9j/4AAQSkZJRgABAQ",
        }
        for kind in ("new", "update", "end"):
            said = {"type": kind, "before": thing, "after": thing}
            await self._plug.say("frigate/events", said)
