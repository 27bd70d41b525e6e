"""Walks the console as a browser without script does: links, and every form with a canary."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlsplit

import httpx2
import msgspec

TAG = "canary-bird"
CANARY = f"""=1+1"'><{TAG} onx=1>{{{{7*7}}}}\r\nx"""
"""Markup, an attribute's end, a template, a formula, and the beginning of a log line."""
TYPED = {"date": "2025-12-20", "datetime-local": "", "number": "1", "time": "08:00"}
"""What else a field is given; the tests' clock stands in November 2025."""
FITS = {"hours": "1", "minutes": "5", "planned": "", "phone": "13900000000", "at": "08:00"}
"""By name: what is refused for another reason otherwise."""
TEXTS = {"text", "search", "tel", "email", "password", "url", "textarea"}
ALIKE = 4
"""Pages of one kind that are looked at."""
EACH_FORM = 2
LAST = re.compile(r"/(end|withdraw|disable|revoke|erase|remove|reset)$")
ENDS = {"void", "merge"}
NEVER = ("/sign-out", "/sign-in", "/account", "/preferences")


class Form(msgspec.Struct, kw_only=True):
    """One form: where it goes, and what is sent with it."""

    action: str
    method: str
    fields: dict[str, str]
    buttons: list[tuple[str, str]]
    is_multipart: bool = False

    @property
    def kind(self) -> tuple[str, ...]:
        """What makes it another form than the ones before."""
        return re.sub(r"\d+", "#", self.action), *sorted(self.fields), *map(str, self.buttons[:1])


def _as_browsers_do(address: str) -> str:
    """Take line breaks out of an address, and the part behind #."""
    return re.sub(r"[\r\n\t]", "", address).partition("#")[0]


class Sheet(HTMLParser):
    """A page taken apart: its links and forms, and canaries that have come to life."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.links: list[str] = []
        self.forms: list[Form] = []
        self.alive: list[str] = []
        self.shows_canary = TAG in text
        self._form: Form | None = None
        self._by_id: dict[str, Form] = {}
        self._select = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what is of use, and what should not be there."""
        has = {name: value or "" for name, value in attrs}
        if tag == TAG or any(name.startswith("on") or name == TAG for name in has):
            self.alive.append(f"<{tag} {has}>")
        if tag == "a" and (href := has.get("href", "")).startswith("/"):
            self.links.append(_as_browsers_do(href))
        if tag == "form":
            self._begin(has)
        elif form := self._by_id.get(has.get("form", "")) or self._form:
            self._add(tag, has, form)

    def handle_endtag(self, tag: str) -> None:
        """Leave a form or a choice."""
        if tag == "form":
            self._form = None
        if tag == "select":
            self._select = ""

    def _begin(self, has: dict[str, str]) -> None:
        form = Form(
            action=_as_browsers_do(has.get("action", "")),
            method=has.get("method", "get").lower(),
            fields={},
            buttons=[],
            is_multipart="multipart" in has.get("enctype", ""),
        )
        self._form = form
        self.forms.append(form)
        if "id" in has:
            self._by_id[has["id"]] = form

    def _add(self, tag: str, has: dict[str, str], form: Form) -> None:
        name, kind = has.get("name", ""), has.get("type", "text")
        if tag == "button" and name:
            form.buttons.append((name, has.get("value", "")))
        elif tag == "textarea":
            form.fields[name] = CANARY
        elif tag == "select":
            self._select = name
        elif tag == "option" and self._select and has.get("value"):
            form.fields.setdefault(self._select, has["value"])
        elif tag == "input" and name and kind != "file":
            usual = CANARY if kind in TEXTS else TYPED.get(kind, has.get("value", ""))
            value = FITS.get(name, usual)
            if kind not in {"radio", "checkbox"} or name not in form.fields:
                form.fields[name] = value


class Walk:
    """One person's walk; `faults` are pages on which a canary has come to life."""

    def __init__(self, client: httpx2.AsyncClient, name: str) -> None:
        self._client = client
        self._name = name
        self._kinds: Counter[str] = Counter()
        self.seen: dict[str, Sheet] = {}
        self.faults: list[str] = []
        self.sent: Counter[str] = Counter()
        self.showing = 0

    async def look(self, starts: Iterable[str]) -> None:
        """Follow links from these pages on."""
        waiting = list(dict.fromkeys(starts))
        while waiting:
            path = waiting.pop(0)
            if path in self.seen or path.startswith("/static"):
                continue
            sheet = await self._get(path)
            self.seen[path] = sheet
            for link in sheet.links:
                kind = re.sub(r"=[^&]*", "=", re.sub(r"(?<=/)[^/?]*[\d%-][^/?]*", "#", link))
                if link not in self.seen and self._kinds[kind] < ALIKE:
                    self._kinds[kind] += 1
                    waiting.append(link)

    async def fill_in(self, done: Counter[tuple[str, ...]]) -> None:
        """Send every form with the canary in all its texts; what ends something last."""
        forms = [form for sheet in self.seen.values() for form in sheet.forms]
        for form in sorted(forms, key=lambda each: bool(LAST.search(each.action))):
            if form.method != "post" or form.action.startswith(NEVER):
                continue
            for button in form.buttons or [("", "")]:
                if button[1] in ENDS:
                    continue
                kind = (*form.kind, *button)
                done[kind] += 1
                if done[kind] <= EACH_FORM:
                    await self._send(form, button)

    async def _send(self, form: Form, button: tuple[str, str]) -> None:
        data = form.fields | ({button[0]: button[1]} if button[0] else {})
        files: Any = (
            {"photo": ("a.jpg", b"no picture", "image/jpeg")} if form.is_multipart else None
        )
        answer = await self._client.post(form.action, data=data, files=files)
        self.sent[re.sub(r"(?<=/)[^/]*[\d%-][^/]*", "#", form.action)] += answer.is_redirect
        self._judge(f"POST {form.action}", answer)

    async def _get(self, path: str) -> Sheet:
        return self._judge(path, await self._client.get(path))

    def _judge(self, what: str, answer: httpx2.Response) -> Sheet:
        if answer.status_code >= 500 and answer.status_code != 503:
            self.faults.append(f"{self._name}: {what}: {answer.status_code} {answer.text[:300]}")
        place = urlsplit(answer.headers.get("location", ""))
        if place.netloc:
            self.faults.append(f"{self._name}: {what} leads to {place.netloc}")
        if "text/html" not in answer.headers.get("content-type", ""):
            return Sheet("")
        sheet = Sheet(answer.text)
        self.showing += sheet.shows_canary
        self.faults += [f"{self._name}: {what}: {each}" for each in sheet.alive]
        return sheet
