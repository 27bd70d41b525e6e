"""Laws of rights: nothing without a key, and a refusal that says what to do."""

from __future__ import annotations

from hub.feeds.conformance.bench import OK, UNAUTHORIZED, Bench
from hub.feeds.conformance.law import FEED, Law, demand
from hub.feeds.conformance.probe import PROBLEM, Told

GRID = "docs/grid.md#when-it-does-not-work"
NOWHERE = "incidents/NO-20000101-0000"
READS: tuple[tuple[str, dict[str, str]], ...] = (
    ("feed", {}),
    ("incidents", {}),
    (NOWHERE, {}),
    ("reconciliation", {"day": "2026-01-01"}),
    ("subscriptions", {}),
)
FALSE_KEY = "ld_this_key_was_never_given_to_anybody"
UNKNOWN = (404, 409, 422)


async def needs_a_key(bench: Bench) -> str:
    """Ask for everything without a key, and with one that was never given."""
    for key, name in (("", "no key"), (FALSE_KEY, "a false key")):
        for path, query in READS:
            told = await bench.probe.get(path, key=key, **query)
            demand(told.status == UNAUTHORIZED, f"{path} with {name}: {told}")
        told = await bench.probe.post(f"{NOWHERE}/actions", {}, key=key)
        demand(told.status == UNAUTHORIZED, f"an action with {name}: {told}")
    return f"401 for {len(READS) + 1} calls"


async def explains_refusals(bench: Bench) -> str:
    """Look whether refusals are problem details (RFC 9457) that name status and reason."""
    refusals = [
        await bench.probe.get("feed", key=""),
        await bench.probe.get("feed", limit=0),
        await bench.probe.get(NOWHERE),
        await bench.probe.get("incidents", updated_since="yesterday"),
    ]
    for told in refusals:
        demand(told.type == PROBLEM, f"no problem details ({told.type}): {told}")
        demand(told.data.get("status") == told.status, f"`status` is another: {told}")
        demand(told.data.get("title") and told.data.get("detail"), f"no title and detail: {told}")
    return f"{len(refusals)} refusals with title and detail"


async def hides_secrets(bench: Bench) -> str:
    """Look whether the list of subscriptions keeps its secrets."""
    told = await bench.probe.get("subscriptions")
    demand(told.status == OK, f"subscriptions: {told}")
    demand("whsec_" not in told.text, "the list of subscriptions shows a secret")
    return f"{len(told.data['items'])} subscriptions, no secret"


async def refuses_what_is_no_action(bench: Bench) -> str:
    """Take a step that there is not, of an incident that there is not: nothing can come of it."""
    body = {"do": "explode", "at": "2026-01-01T00:00:00+08:00"}
    told: Told = await bench.probe.post(f"{NOWHERE}/actions", body)
    demand(told.status in UNKNOWN and told.type == PROBLEM, f"no refusal: {told}")
    return str(told.status)


LAWS: tuple[Law[Bench], ...] = (
    Law(
        id="right-key",
        zh="没有密钥或密钥不对，一律 401",
        en="Without a key, or with a false one, everything is 401.",
        page=GRID,
        check=needs_a_key,
    ),
    Law(
        id="right-problem",
        zh="拒绝须说明原因（RFC 9457）",
        en="Refusals are problem details that say what is wrong.",
        page=GRID,
        check=explains_refusals,
    ),
    Law(
        id="right-secret",
        zh="订阅列表不泄露密钥",
        en="Subscriptions are listed without their secrets.",
        page=f"{FEED}#pushed-instead-of-pulled",
        check=hides_secrets,
    ),
    Law(
        id="right-action",
        zh="不存在的动作与案件须拒绝",
        en="A step of an incident that is not there is refused.",
        page=f"{FEED}#what-you-make-of-them",
        check=refuses_what_is_no_action,
    ),
)
