"""A platform as vendors here build them: signs, numbers of its own, and success inside HTTP 200.

Written from the profile's words and not from the hub's code: it makes the sign for itself.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

from tests.support.vendor import Asked, Said

APP_KEY, SECRET = "app-7", "s3cret-of-the-platform"


def good(**data: Any) -> Said:  # noqa: ANN401 - JSON
    return Said(data={"code": 0, "msg": "成功", "data": data})


def bad(code: int | str, words: str = "失败", **data: Any) -> Said:  # noqa: ANN401 - JSON
    return Said(data={"code": code, "msg": words, "data": data})


class Platform:
    """Takes cases, knows each by our number once, and hands out `steps` page by page."""

    def __init__(self) -> None:
        self.cases: dict[str, str] = {}
        """Our number → its own."""
        self.bodies: list[dict[str, Any]] = []
        self.updates: list[dict[str, Any]] = []
        self.steps: list[dict[str, Any]] = []
        self.answers_duplicates_with_number = True
        self.finds = True
        self.before_answer: list[Said] = []
        """Answers that are given instead, after what was asked has been done: lost answers."""
        self._nonces: set[str] = set()

    def __call__(self, asked: Asked) -> Said:
        if wrong := self._refuse(asked):
            return wrong
        said = self._do(asked)
        if asked.path.endswith("/add") and self.before_answer:
            return self.before_answer.pop(0)
        return said

    def _refuse(self, asked: Asked) -> Said | None:
        headers = asked.headers
        marks = {name: headers.get(name.lower(), "") for name in ("appKey", "timestamp", "nonce")}
        body = json.loads(asked.raw) if asked.raw else {}
        params = marks | asked.query | {name: _plain(value) for name, value in body.items()}
        text = "&".join(f"{name}={params[name]}" for name in sorted(params) if params[name])
        due = hmac.new(SECRET.encode(), text.encode(), hashlib.sha256).hexdigest()
        if headers.get("sign") != due:
            return bad(1001, "签名错误")
        if marks["nonce"] in self._nonces:
            return bad(1003, "重放")
        self._nonces.add(marks["nonce"])
        return None

    def _do(self, asked: Asked) -> Said:
        word = asked.path.rpartition("/")[2]
        if word == "add":
            return self._add(asked.body)
        if word == "find":
            number = self.cases.get(asked.query["outerNo"], "") if self.finds else ""
            return good(caseNo=number) if number else bad(404, "查无此案")
        if word == "update":
            known = asked.body["caseNo"] in self.cases.values()
            self.updates.append(asked.body)
            return good() if known else bad(404, "查无此案")
        page, size = int(asked.query["pageNo"]), int(asked.query["pageSize"])
        rows = [
            row
            for row in self.steps
            if asked.query["startTime"] <= row["opTime"] <= asked.query["endTime"]
        ]
        return good(rows=rows[(page - 1) * size : page * size], total=len(rows))

    def _add(self, body: dict[str, Any]) -> Said:
        ours = body["outerNo"]
        if ours in self.cases:
            number = {"caseNo": self.cases[ours]} if self.answers_duplicates_with_number else {}
            return bad(2001, "已存在", **number)
        self.bodies.append(body)
        self.cases[ours] = f"WG{len(self.cases) + 1:05}"
        return good(caseNo=self.cases[ours])


def _plain(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
