"""HTTP to the outside: each request goes to an address that was looked at, and to no other.

A name is resolved once, every answer is judged, and the connection goes to the address judged: a
name that answers otherwise a moment later changes nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import threading
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import httpx2

from hub.errors import OutboundRefusedError

PORTS = frozenset({443, 8443})
"""What may be reached of public addresses; networks that are allowed may be reached on any."""
_PUBLIC_BY_MISTAKE = tuple(
    map(
        ip_network,
        (
            "64:ff9b::/96",
            "64:ff9b:1::/48",
            "2001::/32",
            "2002::/16",
            "fec0::/10",
            "::/96",
            "192.0.0.0/24",
        ),
    )
)
"""Translated, tunnelled and site-local addresses that Python 3.11 takes for global."""

Address = IPv4Address | IPv6Address


class GuardedTransport(httpx2.AsyncHTTPTransport):
    """Refuses, before anything is sent, what is neither public nor in `allow` (CIDR).

    `trust` says whose certificates count, if not the machine's usual ones.
    """

    def __init__(self, allow: Sequence[str], trust: ssl.SSLContext | None = None) -> None:
        # No connection is kept: one to an address would serve another name there, unproven.
        super().__init__(
            verify=trust or True,
            trust_env=False,
            limits=httpx2.Limits(max_keepalive_connections=0, max_connections=20),
        )
        self._allow = tuple(map(ip_network, allow))

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send a request to an address of its host that may be reached.

        Raises OutboundRefusedError where there is none.
        """
        host = request.url.host
        port = request.url.port or {"https": 443}.get(request.url.scheme, 80)
        found = await _resolve(host, port)
        for address in found:
            self._judge(host, address, port)
        request.url = request.url.copy_with(host=str(found[0]))
        request.extensions = {**request.extensions, "sni_hostname": host}
        return await super().handle_async_request(request)

    def _judge(self, host: str, address: Address, port: int) -> None:
        if any(address in network for network in self._allow):
            return
        why = "" if is_public(address) else f"{address} is not public"
        if not why and port not in PORTS:
            why = f"port {port} of the internet is none of {sorted(PORTS)}"
        if why:
            raise OutboundRefusedError(
                f"{host} may not be reached: {why}; if it is yours, add its network to [outbound]"
                " allow",
                zh=f"不允许访问 {host}；如属自有网络，请列入 [outbound] allow。",
            )


def is_public(address: Address) -> bool:
    """Tell whether an address is one of the public internet."""
    strange = any(address in network for network in _PUBLIC_BY_MISTAKE)
    return address.is_global and not address.is_multicast and not strange


async def _resolve(host: str, port: int) -> list[Address]:
    """Look a name up in a thread that nobody waits for: a stop must not wait for a dead DNS."""
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[list[Address]] = loop.create_future()

    def put(found: list[Address] | None, error: Exception | None) -> None:
        if answer.done():
            return
        if error or not found:
            answer.set_exception(httpx2.ConnectError(f"{host} is not found: {error}"))
        else:
            answer.set_result(found)

    def look_up() -> None:
        found: list[Address] | None = None
        failed: Exception | None = None
        try:
            found = [_plain(row[4][0]) for row in socket.getaddrinfo(host, port, type=1)]
        except (OSError, ValueError) as error:
            failed = error
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(put, found, failed)

    threading.Thread(target=look_up, name="name-lookup", daemon=True).start()
    return await answer


def _plain(text: str | int) -> Address:
    """Read an address; an IPv4 one that is written as IPv6 is judged as what it is."""
    address = ip_address(text)
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address
