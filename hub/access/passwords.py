"""Passwords: argon2id with 46 MiB and one pass, in a thread, one at a time."""

from __future__ import annotations

import asyncio
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

AT_ONCE = 1
"""Hashes computed together: each takes 46 MiB, and a crowd at the door must not fill the memory."""

# As strong as two passes over 19 MiB, but beyond what the allocator keeps when it is freed: those
# 19 MiB stayed with each thread that had ever checked a password.
_hasher = PasswordHasher(time_cost=1, memory_cost=46 * 1024, parallelism=1)


class PasswordDesk:
    """Hashes and checks passwords off the event loop."""

    def __init__(self, at_once: int = AT_ONCE) -> None:
        self._turn = asyncio.Semaphore(at_once)

    async def hash(self, password: str) -> str:
        """Return argon2's encoded hash with a fresh salt."""
        async with self._turn:
            return await asyncio.to_thread(_hasher.hash, password)

    async def verify(self, password_hash: str | None, password: str) -> bool:
        """Tell whether the password fits; None (nobody of that name) takes just as long."""
        async with self._turn:
            fits = await asyncio.to_thread(_fits, password_hash, password)
        return fits and password_hash is not None


def _fits(password_hash: str | None, password: str) -> bool:
    decoy = _decoy()  # before anything else, so that the first one to knock learns nothing
    try:
        return _hasher.verify(password_hash or decoy, password)
    except (VerificationError, InvalidHashError):
        return False


@cache
def _decoy() -> str:
    return _hasher.hash("nobody has this password")
