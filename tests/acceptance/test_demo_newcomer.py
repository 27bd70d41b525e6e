"""Somebody clones the project and types one command: what they see, and that it all goes away."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.acceptance.demo_process import (
    LINGDANG,
    Demo,
    is_alive,
    running_demo,
    until,
)
from tests.support.patience import PATIENCE

pytestmark = pytest.mark.integration

PEOPLE = ["administrator", "crew", "department", "grid_worker", "guard", "manager"]
LOOPBACK_4, LOOPBACK_6 = "0100007F", "0" * 24 + "01000000"
NOBODY = {"00000000", "0" * 32}


def test_one_command_gives_a_community_whose_first_ticket_opens_by_itself(tmp_path: Path) -> None:
    with running_demo(tmp_path, "--devices", "60") as demo:
        tickets = until(demo.tickets)
        assert tickets[0]["fault"] == "gate.boom_broken"
        until(lambda: [item["subject"] for item in demo.feed()] == [tickets[0]["number"]])
        assert addresses_outside(demo) == []
        has_the_shape_of_the_issue(demo)
        prints_address_and_logins(demo)
        every_login_opens_a_page(demo)
        every_key_opens_what_it_is_for(demo)
        assert demo.stop() == 0
    left_nothing_behind(demo)


def test_what_was_known_survives_a_killed_hub_a_stop_and_a_new_start(tmp_path: Path) -> None:
    with running_demo(tmp_path, "--devices", "30", "--faults", "none") as demo:
        before = demo.ready
        gate = demo.devices("barrier_gate")[0]["id"]
        shell(demo, "boom-broken", gate)
        number = demo.ticket_of(gate)["number"]
        os.kill(before["pids"]["hub"], signal.SIGKILL)
        again = until(lambda: differs(demo.read_ready(), before))
        assert demo.call("GET", "/readyz", "").status_code == 200
        assert {**again, "pids": {}} == {**before, "pids": {}}
        assert again["pids"]["broker"] == before["pids"]["broker"]
        assert again["pids"]["simulator"] == before["pids"]["simulator"]
        assert [ticket["number"] for ticket in demo.tickets()] == [number]
        shell(demo, "boom-broken", gate, "--clear")
        until(lambda: demo.tickets()[0]["flags"] == ["recovered"])
        journal = demo.journal()
        assert demo.stop(signal.SIGTERM) == 0
        left_nothing_behind(demo, again)
        demo.start()
        assert demo.ready["keys"] == before["keys"]
        assert demo.ready["logins"] == before["logins"]
        assert demo.ready["mqtt"] == before["mqtt"]
        assert demo.journal()[: len(journal)] == journal
        assert [ticket["number"] for ticket in demo.tickets()] == [number]


def test_the_same_seed_draws_the_same_community_and_speed_moves_hub_and_simulator_together(
    tmp_path: Path,
) -> None:
    fast = ("--seed", "7", "--speed", "10", "--faults", "none")
    with contextlib.ExitStack() as stack:
        one, two, other = (
            stack.enter_context(demo_in(tmp_path / name, *options))
            for name, options in (
                ("one", fast),
                ("two", ("--seed", "7", "--faults", "none")),
                ("other", ("--seed", "8", "--speed", "60", "--faults", "random")),
            )
        )
        assert drawn(one) == drawn(two)
        assert drawn(one) != drawn(other)
        until(lambda: other.control("GET", "/faults"))
        assert one.control("GET", "/faults") == []
        begun, first, asked = time.monotonic(), instants(one), time.monotonic()
        until(lambda: time.monotonic() - asked > 1.5)
        again, second, answered = time.monotonic(), instants(one), time.monotonic()
        for before, after in zip(first, second, strict=True):
            # An instant lies somewhere within its question, which may take long.
            assert 9 * (again - asked) < after - before < 11 * (answered - begun)
        # Both were asked for within one question, in which the fast clock went on.
        assert -0.1 < second[1] - second[0] < 10 * (answered - again) + 0.1


def demo_in(folder: Path, *options: str) -> contextlib.AbstractContextManager[Demo]:
    folder.mkdir()
    return running_demo(folder, "--devices", "30", *options)


def shell(demo: Demo, *words: str) -> None:
    """Type `lingdang demo fault …`."""
    subprocess.run(
        [LINGDANG, "demo", "fault", *words, "--data", str(demo.data)], check=True, timeout=PATIENCE
    )


def differs(ready: dict[str, Any], before: dict[str, Any]) -> dict[str, Any] | None:
    return ready if ready["pids"]["hub"] != before["pids"]["hub"] else None


def drawn(demo: Demo) -> list[tuple[str, ...]]:
    names = ("id", "address", "kind", "model", "place", "lane", "upstream", "power")
    return [tuple(device[name] for name in names) for device in demo.devices()]


def instants(demo: Demo) -> tuple[float, float]:
    """Return what the simulator's clock says, and the hub's, by an order that changes nothing."""
    fault = demo.cause("boom-broken")
    number = demo.ticket_of(fault["device"])["number"]
    demo.clear(fault)
    answer = demo.act(number, "comment", "guard", text="noted")
    assert answer.status_code == 200, answer.text
    comment = [entry for entry in demo.journal(number) if entry["type"] == "ticket.commented"][-1]
    return float(fault["since"]), seconds(comment["at"])


def seconds(instant: str) -> float:
    from hub.model.instant import from_rfc3339

    return from_rfc3339(instant)


def has_the_shape_of_the_issue(demo: Demo) -> None:
    ready = demo.ready
    assert list(ready) == ["url", "mqtt", "data", "control", "pids", "logins", "keys"]
    assert set(ready["mqtt"]) == {"host", "port", "username", "password"}
    assert set(ready["pids"]) == {"hub", "broker", "simulator"}
    assert sorted(ready["logins"]) == PEOPLE
    assert all(set(login) == {"name", "password"} for login in ready["logins"].values())
    assert sorted(ready["keys"]) == sorted([*PEOPLE, "grid"])
    assert Path(ready["data"]) == demo.data
    assert all(is_alive(pid) for pid in ready["pids"].values())
    assert demo.ready_file.stat().st_mode & 0o077 == 0
    assert not list(demo.folder.glob("*.part"))


def prints_address_and_logins(demo: Demo) -> None:
    printed = demo.output
    assert demo.ready["url"] in printed
    for role, login in demo.ready["logins"].items():
        line = next(line for line in printed.splitlines() if line.startswith(role + " "))
        assert line.split() == [role, login["name"], login["password"]]


def every_login_opens_a_page(demo: Demo) -> None:
    for role, login in demo.ready["logins"].items():
        with httpx2.Client(base_url=demo.ready["url"], trust_env=False) as browser:
            assert browser.get("/", headers={"accept": "text/html"}).status_code == 303
            answer = browser.post("/sign-in", data=login)
            assert answer.status_code == 303, (role, answer.status_code)
            home = browser.get("/", headers={"accept": "text/html"}, follow_redirects=True)
            assert home.status_code == 200, role
            assert "sign-in" not in str(home.url), role


def every_key_opens_what_it_is_for(demo: Demo) -> None:
    for role in PEOPLE:
        assert demo.call("GET", "/api/v1/tickets", role).status_code == 200, role
    assert demo.call("GET", "/grid/v1/feed", "grid").status_code == 200
    assert demo.call("GET", "/api/v1/tickets", "grid").status_code == 403


def left_nothing_behind(demo: Demo, ready: dict[str, Any] | None = None) -> None:
    ready = ready or demo.ready
    assert [name for name, pid in ready["pids"].items() if is_alive(pid)] == []
    for port in (httpx2.URL(ready["url"]).port, ready["mqtt"]["port"]):
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port)).close()
    ours = str(demo.data)
    running = [path for path in Path("/proc").glob("[0-9]*/cmdline") if ours in words_of(path)]
    assert running == []


def words_of(path: Path) -> str:
    with contextlib.suppress(OSError):
        return path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
    return ""


def addresses_outside(demo: Demo) -> list[str]:
    """Return the sockets of the demo's processes that listen or talk beyond this machine."""
    return [
        f"{name}: {line}"
        for name, pid in demo.ready["pids"].items()
        for line in sockets_of(pid)
        if not is_at_home(line.split())
    ]


def sockets_of(pid: int) -> Iterator[str]:
    """Yield the lines of the kernel's tables (TCP and UDP) that belong to a process."""
    ours = {link.readlink().name for link in Path(f"/proc/{pid}/fd").iterdir() if link.is_symlink()}
    found = 0
    for table in ("tcp", "tcp6", "udp", "udp6"):
        for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
            if f"socket:[{line.split()[9]}]" in ours:
                found += 1
                yield line
    assert found, f"process {pid} has no socket: the test looks in the wrong place"


def is_at_home(fields: list[str]) -> bool:
    local, peer = (field.partition(":")[0] for field in fields[1:3])
    homes = {LOOPBACK_4, LOOPBACK_6, mapped(LOOPBACK_4)}
    return local in homes and peer in homes | NOBODY


def mapped(address: str) -> str:
    """Write an IPv4 address as IPv6 tables do."""
    return "0" * 16 + "FFFF0000" + address
