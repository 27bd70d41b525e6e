"""What Dahua hosts say over their event manager, and what they answer when asked what lasts."""

from __future__ import annotations

import json

PATH = "/cgi-bin/eventManager.cgi?action=attach&codes=[All]&heartbeat=5"
BOUNDARY = "myboundary"
KIND = "text/plain"
HEARTBEAT = "Heartbeat"


def question(code: str) -> str:
    """Return the path that asks at which channels something lasts."""
    return f"/cgi-bin/eventManager.cgi?action=getEventIndexes&code={code}"


def standing(*indices: int) -> str:
    """Return the answer: the indices, or that there is nothing."""
    lines = [f"channels[{place}]={index}" for place, index in enumerate(indices)]
    return "\r\n".join(lines) or "Error: No Events"


def event(code: str, action: str, index: int, **data: object) -> str:
    """Return one event, with its data as the device prints it: over several lines."""
    tail = f";data={json.dumps(data, indent=3, ensure_ascii=False)}" if data else ""
    return f"Code={code};action={action};index={index}{tail}\r\n"
