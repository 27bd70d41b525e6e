"""systemd is asked for patience as long as a start takes, and no longer."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.assembly import notify
from tests.support.patience import PATIENCE

pytestmark = pytest.mark.integration


@pytest.fixture
def systemd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """Stand in for systemd's end of the socket."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as end:
        end.bind(str(tmp_path / "notify"))
        end.setblocking(False)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        yield end


async def test_a_long_start_asks_again_and_again_and_a_finished_one_no_more(
    systemd: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notify, "BEAT_SECONDS", 0.01)
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(PATIENCE):
        async with notify.more_time():
            for _ in range(3):
                assert await loop.sock_recv(systemd, 100) == b"EXTEND_TIMEOUT_USEC=60000000"
        notify.notify_systemd("READY=1")
        said = b""
        while said != b"READY=1":
            said = await loop.sock_recv(systemd, 100)
    with pytest.raises(BlockingIOError):
        systemd.recv(100)


def test_a_hub_that_starts_anew_is_reloading_for_systemd_and_not_stopping(
    systemd: socket.socket, tmp_path: Path
) -> None:
    notify.withdraw(tmp_path, again=True)
    assert systemd.recv(100).startswith(b"RELOADING=1\nMONOTONIC_USEC=")
    notify.withdraw(tmp_path)
    assert systemd.recv(100) == b"STOPPING=1"
