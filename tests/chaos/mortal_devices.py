"""The devices of a plan as a program that can be killed: what has no PUBACK is said again.

`python mortal_devices.py PORT NOTEBOOK SEED SECONDS RATE START` ends once all is said and taken.
"""

from __future__ import annotations

import asyncio
import sys
import time
from itertools import islice
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.chaos.notebook import Notebook
from tests.chaos.plan import Plan
from tests.support.publisher import Publisher, publishing

LOOK = 0.02
"""Seconds between two looks at what was taken."""
PATIENCE = 60.0
"""Seconds within which a broker takes what was said last."""


async def connect(port: int, book: Notebook, plan: Plan, start: float) -> None:
    """Wait for a broker, and say the plan."""
    while True:
        try:
            async with publishing(port, "mortal-devices") as publisher:
                await say(publisher, book, plan, start)
                return
        except (ConnectionError, TimeoutError):
            await asyncio.sleep(0.1)


async def say(publisher: Publisher, book: Notebook, plan: Plan, start: float) -> None:
    """Say what is owed and then the plan's lines from where it was, each when it is due."""
    publisher.resume(book.sent, book.bodies, book.told)
    noting = asyncio.create_task(note_taken(publisher, book), name="notes")
    for line in islice(plan.lines(), len(book.sent), None):
        await asyncio.sleep(max(0.0, start + line.at - time.time()))
        at = start + line.at
        key = publisher.next_key(line.device, line.topic, line.body)
        book.note_sent(key, at, line.body)
        publisher.say(line.device, line.topic, line.body, at=at)
    async with asyncio.timeout(PATIENCE):
        while len(book.told) < len(book.sent):  # noqa: ASYNC110 - another thread
            await asyncio.sleep(LOOK)
    noting.cancel()


async def note_taken(publisher: Publisher, book: Notebook) -> None:
    """Write down what was taken, as it comes."""
    while True:
        for key in publisher.acknowledged - book.told.keys():
            book.note_told(key, publisher.told[key])
        await asyncio.sleep(LOOK)


async def main(port: int, path: Path, plan: Plan, start: float) -> None:
    """Say a plan from where the notebook ends."""
    book = Notebook(path)
    await connect(port, book, plan, start)
    book.close()


if __name__ == "__main__":
    port, path, seed, seconds, rate, start = sys.argv[1:]
    plan = Plan(int(seed), float(seconds), rate=int(rate))
    asyncio.run(main(int(port), Path(path), plan, float(start)))
