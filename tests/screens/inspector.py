"""Looks at a page as somebody who sees badly, presses by accident, and reads what is there."""

from __future__ import annotations

from functools import cache
from importlib import resources

import msgspec
from playwright.async_api import ConsoleMessage, Page, Request, Response

GRAVE = frozenset({"serious", "critical"})
AXE_PACKAGE = "axe_playwright_python"
"""Carries `axe.min.js` (docs/adr/0059); nothing else of it is used."""
RUN_AXE = """() => axe.run(document, {resultTypes: ['violations']}).then(found =>
  found.violations.map(each => [each.impact, each.id, each.nodes.map(node =>
    node.target.join(' ') + ' ' + (node.any[0]?.message || node.failureSummary || ''))]))"""
LOOK = """() => {
  const found = [], root = document.documentElement;
  if (root.scrollWidth > root.clientWidth) found.push(`${root.scrollWidth} px wide`);
  const clips = how => how === 'hidden' || how === 'clip';
  const name = each => each.outerHTML.slice(0, 90).replace(/\\s+/g, ' ');
  for (const each of document.body.querySelectorAll('*')) {
    if (each.closest('.hidden, svg') || !each.checkVisibility({ visibilityProperty: true }))
      continue;
    const style = getComputedStyle(each);
    const wide = each.scrollWidth > each.clientWidth + 1;
    const high = each.scrollHeight > each.clientHeight + parseFloat(style.fontSize) / 4;
    const crops = clips(style.overflowY) && high && !each.matches('.last');
    if ((clips(style.overflowX) && wide) || crops) found.push(`cut off: ${name(each)}`);
    if (each.matches('button, .button, a.primary') && each.clientWidth && wide)
      found.push(`wider than its button: ${name(each)}`);
    if (style.overflowX === 'auto' && wide && !each.matches('[tabindex]'))
      found.push(`no key scrolls: ${name(each)}`);
  }
  return found;
}"""
"""What is wider than the window or cut off. The wall's last line shows as many events as fit."""


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """Something wrong with a page; `impact` is axe's, or `broken` where it is none of axe."""

    where: str
    impact: str
    what: str

    @property
    def is_grave(self) -> bool:
        """Tell whether CI lets it pass."""
        return self.impact in GRAVE or self.impact == "broken"


@cache
def axe_script() -> str:
    """Return axe-core as one script."""
    return (resources.files(AXE_PACKAGE) / "axe.min.js").read_text("utf-8")


class Inspector:
    """Opens pages one after the other in one window, and notes what is wrong with them."""

    def __init__(self, page: Page) -> None:
        self.findings: list[Finding] = []
        self.page = page
        self._where = ""
        self._lost: str | None = None
        page.on("pageerror", lambda error: self._note("broken", str(error)))
        page.on("console", self._hear)
        page.on("response", self._answered)
        page.on("requestfailed", self._failed)

    async def open(self, url: str, where: str, status: int = 200) -> None:
        """Open a page, which answers so."""
        self._where, self._lost = where, url if status >= 400 else None
        await self.page.goto("about:blank")
        answer = await self.page.goto(url)
        assert answer is not None
        kind = answer.headers.get("content-type", "")
        if answer.status != status or not kind.startswith("text/html"):
            self._note("broken", f"answers {answer.status} {kind}")

    async def inspect(self) -> None:
        """Inspect the page that is open."""
        for said in await self.page.evaluate(LOOK):
            self._note("broken", said)
        await self.page.evaluate(axe_script())
        found: list[tuple[str, str, list[str]]] = await self.page.evaluate(RUN_AXE)
        for impact, rule, nodes in found:
            for node in nodes:
                self._note(impact, f"{rule}: {node}")

    def _note(self, impact: str, what: str) -> None:
        self.findings.append(Finding(where=self._where, impact=impact, what=what))

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and message.location["url"] != self._lost:
            self._note("broken", message.text)

    def _answered(self, response: Response) -> None:
        if response.status >= 400 and response.url != self._lost:
            self._note("broken", f"{response.url} answers {response.status}")

    def _failed(self, request: Request) -> None:
        if "/console/stream" not in request.url:
            self._note("broken", f"{request.url}: {request.failure}")
