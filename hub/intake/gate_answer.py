"""The gates' answers as people read them: "why is there (no) alarm?"."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from hub.model.alarm import Action, Alarm, Decision, Severity
from hub.model.device import Device
from hub.model.instant import to_rfc3339
from rules.gates import Answer, Verdict

GATE_NAMES: Mapping[str, Mapping[str, str]] = {
    "in_service": {"zh": "是否在用", "en": "In service?"},
    "maintenance": {"zh": "检修", "en": "Maintenance?"},
    "notice": {"zh": "公告", "en": "Notice?"},
    "fire": {"zh": "消防联动", "en": "Fire?"},
    "explained": {"zh": "上级故障", "en": "Explained upstream?"},
    "topology": {"zh": "上级故障", "en": "Explained upstream?"},
    "flapping": {"zh": "反复告警", "en": "Flapping?"},
    "duplicate": {"zh": "重复", "en": "Duplicate?"},
}
ANY = Decision(
    action=Action.RAISE,
    subject="",
    rule="",
    fault="",
    name={},
    severity=Severity.WARNING,
    at=0.0,
    reason={},
    inhibit=("maintenance", "notice", "fire"),
)
"""Stands for any alarm when a device is asked about, and none has come."""


def why(
    gate: str, rule: str, answer: str, reason: Mapping[str, str], *, since: float | None = None
) -> dict[str, Any]:
    """Write one answer to "why is there (no) alarm?".

    `gate` is empty for a rule, `rule` for a gate's answer to all. Gates answer open, closed or
    held; rules raised, holding, quiet or unknown. `since` (epoch seconds) becomes RFC 3339.
    """
    return {
        "gate": gate,
        "rule": rule,
        "name": GATE_NAMES.get(gate),
        "answer": answer,
        "since": to_rfc3339(since),
        "reason": dict(reason),
    }


def explained_by(root: Alarm, device: Device | None) -> dict[str, str]:
    """Say which open alarm has taken another one in; `device` is its subject, or None."""
    label = device.name or device.id if device else root.subject
    return {
        "zh": f"由“{label}”的“{root.name.get('zh', root.rule)}”引起，并入该告警",
        "en": f"Explained by {label}: {root.name.get('en', root.rule)}",
    }


def write_answers(
    general: Verdict, of_rules: Iterable[tuple[str, Verdict]]
) -> list[dict[str, Any]]:
    """Write what each gate answers to any alarm, and which were closed to those of rules."""
    return [
        *(_write(each, "") for each in general.reasons),
        *(
            _write(each, rule)
            for rule, verdict in of_rules
            for each in verdict.reasons
            if not each.open
        ),
    ]


def _write(answer: Answer, rule: str) -> dict[str, Any]:
    return why(answer.gate, rule, "open" if answer.open else "closed", answer.reason)
