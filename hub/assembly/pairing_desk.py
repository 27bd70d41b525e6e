"""Opens and closes pairing windows, and says whether one lets a newcomer in."""

from __future__ import annotations

from secrets import token_hex

import msgspec

from hub.assembly.site_ledger import Ledger
from hub.errors import ConflictError, InvalidRequestError, NotFoundError
from hub.model.access import Identity
from hub.model.pairing import PAIRINGS, Pairing
from hub.model.spelling import suggest
from hub.ports import Document
from hub.ports.site import Adoption, PairingWish
from hub.services.sheets.fault import Faults
from hub.services.sheets.row import read_rows

MINUTE = 60.0
SHORTEST, LONGEST = 1, 8 * 60
"""Minutes."""
KEPT = 50
"""Windows that are kept, the newest."""


async def list_pairings(ledger: Ledger) -> list[Pairing]:
    """Return the windows that are kept, newest first."""
    bodies = (await ledger.books.documents(PAIRINGS)).values()
    found = [msgspec.json.decode(body, type=Pairing) for body in bodies]
    return sorted(found, key=lambda each: (-each.start, each.id))


async def open_pairing(ledger: Ledger, wish: PairingWish, who: Identity) -> Pairing:
    """Open one from now on; InvalidRequestError for a place, model or time that cannot be."""
    places = [
        row.cells["path"] for row in read_rows((await ledger.sheets()).places, (), Faults(""))
    ]
    problems = {}
    if wish.place not in places:
        problems["place"] = suggest(wish.place, places) or "the books have none"
    if wish.model and wish.model not in ledger.models:
        problems["model"] = suggest(wish.model, ledger.models)
    if not SHORTEST <= wish.minutes <= LONGEST:
        problems["minutes"] = f"from {SHORTEST} to {LONGEST}"
    if problems:
        raise InvalidRequestError(
            "a pairing window needs a place of the books, a model of the hub or none, and"
            f" {SHORTEST} to {LONGEST} minutes",
            problems=problems,
            zh="入网窗口要写台账里的位置、系统里的型号（可以不写），"
            f"时间 {SHORTEST} 到 {LONGEST} 分钟。",
        )
    now = ledger.clock.now()
    pairing = Pairing(
        id=f"p-{token_hex(5)}",
        place=wish.place,
        model=wish.model,
        start=now,
        end=now + wish.minutes * MINUTE,
        actor=who.name,
        why=wish.why.strip(),
    )
    told = {"place": pairing.place, "model": pairing.model, "minutes": wish.minutes}
    old = (await list_pairings(ledger))[KEPT - 1 :]
    gone = [Document(collection=PAIRINGS, key=each.id, body=None, at=now) for each in old]
    entry = ("pairing.opened", pairing.id, who.name, told | {"why": pairing.why})
    await ledger.write([_document(pairing, now), *gone], [entry])
    return pairing


async def close_pairing(ledger: Ledger, pairing_id: str, who: Identity) -> Pairing:
    """Close one now; NotFoundError where none is open by that id."""
    now = ledger.clock.now()
    for pairing in await list_pairings(ledger):
        if pairing.id == pairing_id and pairing.is_open(now):
            closed = msgspec.structs.replace(pairing, closed_at=now, closed_by=who.name)
            entry = ("pairing.closed", closed.id, who.name, {"place": closed.place})
            await ledger.write([_document(closed, now)], [entry])
            return closed
    raise NotFoundError(
        f"no pairing window {pairing_id!r} is open", zh=f"没有打开的入网窗口 {pairing_id}。"
    )


async def check_paired(ledger: Ledger, adoption: Adoption) -> None:
    """Raise ConflictError where no open window lets this newcomer in."""
    now = ledger.clock.now()
    for pairing in await list_pairings(ledger):
        if pairing.is_open(now) and pairing.covers(adoption.place, adoption.model):
            return
    raise ConflictError(
        f"no pairing window is open for {adoption.model or 'this device'} at"
        f" {adoption.place or 'that place'}; open one, for some minutes, then adopt it",
        zh="没有为这个位置和型号打开的入网窗口；请先打开，再登记。",
    )


def _document(pairing: Pairing, now: float) -> Document:
    body = msgspec.json.encode(pairing)
    return Document(collection=PAIRINGS, key=pairing.id, body=body, at=now)
