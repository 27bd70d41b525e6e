"""Static files: the vendored ones are what they say, our own are short, nothing is inline."""

from __future__ import annotations

import hashlib
import re
import tomllib
from pathlib import Path

CONSOLE = Path(__file__).parents[3] / "hub" / "console"
STATIC = CONSOLE / "static"
VENDOR = STATIC / "vendor"
LIST = tomllib.loads((VENDOR / "VENDOR.toml").read_text("utf-8"))["asset"]
SCRIPT_LINES = 100


def test_each_vendored_file_is_listed_with_its_licence_and_hash() -> None:
    listed = {asset["file"] for asset in LIST}
    licences = {asset["licence_file"] for asset in LIST}
    assert {path.name for path in VENDOR.iterdir()} == listed | licences | {"VENDOR.toml"}
    for asset in LIST:
        digest = hashlib.sha256((VENDOR / asset["file"]).read_bytes()).hexdigest()
        assert digest == asset["sha256"], asset["file"]
        assert asset["version"]
        assert asset["licence"]
        assert (VENDOR / asset["licence_file"]).stat().st_size > 100


def test_our_own_scripts_stay_short() -> None:
    scripts = list(STATIC.glob("*.js"))
    assert {path.name for path in scripts} == {
        *("hold.js", "live.js", "speak.js"),
        *("pocket.js", "errand.js", "keep.js", "tray.js", "crew.js", "worker.js"),
    }
    for path in scripts:
        assert len(path.read_text("utf-8").splitlines()) < SCRIPT_LINES, path.name


def test_no_page_has_inline_script_or_style() -> None:
    for path in (CONSOLE / "templates").glob("*.html"):
        text = path.read_text("utf-8")
        assert not re.search(r"<script(?![^>]*\bsrc=)", text), path.name
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:|hx-on", text), path.name


def test_htmx_finds_the_page_still_loading_so_that_it_waits_for_its_extension() -> None:
    base = (CONSOLE / "templates" / "base.html").read_text("utf-8")
    assert re.findall(r"<script ([^>]*vendor[^>]*)>", base) == [
        'src="/static/vendor/htmx.min.js"',
        'src="/static/vendor/hx-sse.min.js"',
    ]
    assert base.rstrip().endswith("</script>\n</body>\n</html>")


def test_nothing_is_fetched_from_elsewhere() -> None:
    own = [*STATIC.glob("*.css"), *STATIC.glob("*.js"), *(CONSOLE / "templates").glob("*.html")]
    for path in own:
        assert not re.search(r"(?:https?:)?//[a-z0-9-]+\.", path.read_text("utf-8")), path.name


def test_text_can_be_read_on_its_ground() -> None:
    for theme in ("console.css", "dark.css"):
        css = (STATIC / theme).read_text("utf-8")
        block = re.search(r":root \{(.*?)\}", css, re.DOTALL)
        assert block is not None
        colours = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", block.group(1)))
        for ink in ("ink", "soft", "urgent", "fault", "notice", "silent", "maintenance"):
            for ground in ("ground", "paper"):
                assert contrast(colours[ink], colours[ground]) >= 4.5, (theme, ink, ground)


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of WCAG 2 of two colours written as #rrggbb."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
