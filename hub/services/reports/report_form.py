"""What people type into a form of a report: tidied up, and checked field by field."""

from __future__ import annotations

import re
import unicodedata

import msgspec

from hub.errors import InvalidRequestError
from hub.model.trouble import OTHER, troubles_of
from hub.model.whistle import Hotline, Reporter, Source
from hub.ports.whistle import Said

LONGEST_TEXT = 500
LONGEST_OF_PLATFORMS = 5000
"""Signs of what a platform hands down: Open311 allows 4,000, beside the address in words."""
LONGEST_NAME = 40
_PHONE = re.compile(r"\+?[0-9][0-9 -]{4,18}[0-9]")
_CASE = re.compile(r"[0-9A-Za-z-]{1,40}")
_KEPT = frozenset("\n\u200d")
"""Signs without a shape that stay: a new line, and what joins the parts of a picture sign."""

SAID = {
    "category": ("请选择怎么了", "choose what is wrong"),
    "text": (f"说明最多 {LONGEST_TEXT} 个字", f"at most {LONGEST_TEXT} characters"),
    "caller": (f"姓名最多 {LONGEST_NAME} 个字", f"at most {LONGEST_NAME} characters"),
    "phone": ("电话只写数字，6 到 20 位", "digits only, 6 to 20"),
    "hotline": ("12345 编号只有字母、数字和短横", "letters, digits and strokes only, 40 at most"),
}


def check(said: Said) -> Said:
    """Return what was said without what has no shape on a screen.

    Raises InvalidRequestError that names every field that does not fit.
    """
    reporter, hotline = _tidy_reporter(said.reporter), _tidy_case(said.hotline)
    is_choice = said.category in {each.id for each in troubles_of(said.target.kind)}
    longest = LONGEST_OF_PLATFORMS if said.source is Source.GRID else LONGEST_TEXT
    fits = {
        "category": is_choice or bool(said.join),
        "text": len(reporter.text) <= longest,
        "caller": len(reporter.caller) <= LONGEST_NAME,
        "phone": not reporter.phone or bool(_PHONE.fullmatch(reporter.phone)),
        "hotline": hotline is None or bool(_CASE.fullmatch(hotline.number)),
    }
    wrong = [field for field, is_good in fits.items() if not is_good]
    if wrong:
        raise InvalidRequestError(
            "; ".join(f"{field}: {SAID[field][1]}" for field in wrong) + ".",
            problems={field: SAID[field][1] for field in wrong},
            zh="；".join(SAID[field][0] for field in wrong) + "。",
        )
    return msgspec.structs.replace(
        said, category=said.category if is_choice else OTHER, reporter=reporter, hotline=hotline
    )


def tidy(text: str) -> str:
    """Return text without control signs and signs that turn its direction; NFC, no blank ends."""
    shaped = (
        each if each in _KEPT or unicodedata.category(each)[0] != "C" else " "
        for each in unicodedata.normalize("NFC", text.replace("\r\n", "\n"))
    )
    return "".join(shaped).strip()


def _tidy_reporter(reporter: Reporter) -> Reporter:
    phone = unicodedata.normalize("NFKC", tidy(reporter.phone))
    return Reporter(caller=tidy(reporter.caller), phone=phone, text=tidy(reporter.text))


def _tidy_case(hotline: Hotline | None) -> Hotline | None:
    if hotline is None or not hotline.number.strip():
        return None
    return msgspec.structs.replace(hotline, number=hotline.number.strip())
