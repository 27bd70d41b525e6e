"""Runs the laws in their order, and writes what came of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence

import httpx2
import msgspec

from hub.feeds.conformance import (
    cursor_laws,
    day_laws,
    door_laws,
    hook_laws,
    item_laws,
    list_laws,
    page_laws,
    right_laws,
    write_laws,
)
from hub.feeds.conformance.bench import Bench, Wish
from hub.feeds.conformance.door_laws import Doorstep
from hub.feeds.conformance.law import B, Finding, Law, Verdict, judge
from hub.feeds.conformance.probe import Probe

Tell = Callable[[Finding], None]
READ = (
    *right_laws.LAWS,
    *page_laws.LAWS,
    *cursor_laws.LAWS,
    *item_laws.LAWS,
    *list_laws.LAWS,
    *day_laws.LAWS,
)
NO_HOOK = "give an address of this machine that the other side can reach: --hook http://HOST:PORT/"
NO_WRITE = "allow one drill: --write"
_MARKS = {Verdict.HOLDS: "ok", Verdict.BROKEN: "BROKEN", Verdict.UNTRIED: "-"}


async def check_feed(client: httpx2.AsyncClient, key: str, wish: Wish, tell: Tell) -> list[Finding]:
    """Look at a feed; raises UnfitError where address or key are wrong."""
    bench = Bench(Probe(client, key), wish)
    await bench.open()
    found = await _judge_all(READ, bench, tell)
    if wish.hook:
        found += await _judge_all(hook_laws.LAWS, await hook_laws.listen(bench), tell)
    else:
        found += _leave(hook_laws.LAWS, NO_HOOK, tell)
    if wish.write:
        found += await _judge_all(write_laws.LAWS, write_laws.begin(bench), tell)
    else:
        found += _leave(write_laws.LAWS, NO_WRITE, tell)
    return found + await _judge_all(page_laws.LAST, bench, tell)


async def check_receiver(
    client: httpx2.AsyncClient, url: str, secret: str, tell: Tell
) -> list[Finding]:
    """Look at a receiver's door; raises UnfitError where nobody answers."""
    step = Doorstep(client, url, secret)
    await step.open()
    return await _judge_all(door_laws.LAWS, step, tell)


def write_line(finding: Finding) -> str:
    """Write a finding for people: what, whether it holds, why, and where it stands."""
    head = f"{_MARKS[finding.verdict]:7}{finding.id:16}{finding.zh} {finding.en}"
    if finding.verdict is not Verdict.BROKEN:
        return f"{head} [{finding.evidence}]"
    return f"{head}\n{'':23}{finding.evidence}\n{'':23}{finding.page}"


def write_end(findings: Sequence[Finding]) -> str:
    """Write the sum."""
    count = Counter(finding.verdict for finding in findings)
    return ", ".join(f"{count[verdict]} {verdict}" for verdict in Verdict)


def write_json(url: str, findings: Sequence[Finding]) -> str:
    """Write everything for programs."""
    count = Counter(finding.verdict for finding in findings)
    whole: dict[str, object] = {
        "url": url,
        **{name.value: count[name] for name in Verdict},
        "laws": findings,
    }
    return msgspec.json.format(msgspec.json.encode(whole)).decode()


async def _judge_all(laws: Iterable[Law[B]], bench: B, tell: Tell) -> list[Finding]:
    found = []
    for law in laws:
        finding = await judge(law, bench)
        tell(finding)
        found.append(finding)
    return found


def _leave(laws: Iterable[Law[B]], why: str, tell: Tell) -> list[Finding]:
    found = [
        Finding(
            id=law.id,
            verdict=Verdict.UNTRIED,
            zh=law.zh,
            en=law.en,
            evidence=why,
            page=law.page,
        )
        for law in laws
    ]
    for finding in found:
        tell(finding)
    return found
