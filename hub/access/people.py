"""The people who can sign in: added, let in anew, shut out; each picks the password alone."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import msgspec

from hub.access import code, word
from hub.access.enlisting import (
    JournalLine,
    Listed,
    Plan,
    plan_dismissal,
    plan_enlisting,
)
from hub.access.passwords import PasswordDesk
from hub.access.record import PEOPLE, Person
from hub.clock import Clock
from hub.errors import (
    AuthenticationError,
    ConflictError,
    InvalidRequestError,
    NotFoundError,
)
from hub.model.access import Identity, Role
from hub.model.site_load import Enlisted
from hub.ports import Books, Desk, Document

WRONG = (
    "姓名或密码不对。 Name or password is wrong; after five failures the door stays shut a while."
)


class NewPerson(msgspec.Struct, frozen=True, kw_only=True):
    """Who is to be added; `place` is the path below which the person sees, empty for all."""

    name: str
    role: Role
    place: str = ""
    phone: str = ""


Write = Callable[[Sequence[Document], Sequence[JournalLine], Sequence[Enlisted]], Awaitable[None]]
Codes = Mapping[str, str]


class PersonChange(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be different about somebody; None leaves it as it is."""

    role: Role | None = None
    place: str | None = None
    phone: str | None = None


class People:
    """Changes people one at a time, so that no change is lost to another.

    `changed` is called after each with the name, so that nobody is believed who was known before.
    """

    def __init__(
        self,
        books: Books,
        desk: Desk,
        clock: Clock,
        passwords: PasswordDesk,
        changed: Callable[[str], None],
    ) -> None:
        self._books = books
        self._desk = desk
        self._clock = clock
        self._passwords = passwords
        self._changed = changed
        self._turn = asyncio.Lock()

    async def all(self) -> list[Person]:
        """Return everybody, by name."""
        bodies = (await self._books.documents(PEOPLE)).values()
        return [msgspec.json.decode(body, type=Person) for body in bodies]

    async def find(self, name: str) -> Person | None:
        """Return one person by login name, disabled or not."""
        body = await self._books.document(PEOPLE, name)
        return msgspec.json.decode(body, type=Person) if body else None

    async def add(self, new: NewPerson, who: Identity) -> tuple[Person, str]:
        """Add somebody; return the person and the one-time code, which is kept nowhere.

        Raises InvalidRequestError for a bad field and ConflictError for a name that is taken.
        """
        name, phone = word.read_name(new.name), word.read_phone(new.phone)
        _check_role(new.role, new.place)
        made = Person(
            name=name, role=new.role, scope=new.place, phone=phone, added_at=self._clock.now()
        )
        async with self._turn:
            if await self.find(name):
                raise ConflictError(
                    f"there is already a {name!r}; lingdang user reset lets one in anew",
                    zh=f"已有 {name}。",
                )
            return await self._hand_code(made, "person.added", who, role=new.role, scope=new.place)

    async def reset(self, name: str, who: Identity) -> tuple[Person, str]:
        """End password, second factor and sessions; return the person with a new one-time code.

        Somebody who was disabled is let in again.
        """
        async with self._turn:
            return await self._hand_code(await self._known(name), "person.reset", who)

    async def change(self, name: str, change: PersonChange, who: Identity) -> Person:
        """Give somebody another role, place or phone; sessions end, the password stays."""
        told = {"role": change.role, "scope": change.place}
        data = {key: value for key, value in told.items() if value is not None}
        async with self._turn:
            known = await self._known(name)
            place = known.scope if change.place is None else change.place
            _check_role(change.role or known.role, place)
            phone = known.phone if change.phone is None else word.read_phone(change.phone)
            changed = msgspec.structs.replace(
                known,
                role=change.role or known.role,
                scope=place,
                phone=phone,
            )
            return await self._keep(changed, "person.changed", who.name, data)

    async def disable(self, name: str, who: Identity) -> Person:
        """Shut somebody out; all sessions end, and neither password nor code works any more."""
        async with self._turn:
            known = await self._known(name)
            shut = msgspec.structs.replace(
                known, disabled=True, password_hash="", code_ends_at=None, totp=""
            )
            return await self._keep(shut, "person.disabled", who.name)

    async def enlist(self, wanted: Sequence[Listed], who: Identity, write: Write) -> Codes:
        """Add and change people as a list says, in the one commit that `write` makes of it.

        `write` takes the documents, their journal entries and what was before. Returns the one-time
        code of each who is new or was shut out, by name. People on no list stay as they are.
        """
        async with self._turn:
            known = {person.name: person for person in await self.all()}
            plan = await plan_enlisting(wanted, known, who, self._passwords, self._clock.now())
            await write(plan.documents, plan.entries, plan.enlisted)
        self._tell(plan)
        return plan.codes

    async def dismiss(self, enlisted: Sequence[Enlisted], who: Identity, write: Write) -> None:
        """Take an enlisting back, in the one commit that `write` makes of it.

        Who was added by it is shut out; who was changed by it has what was before, unless that was
        changed again.
        """
        async with self._turn:
            known = {person.name: person for person in await self.all()}
            plan = plan_dismissal(enlisted, known, who, self._clock.now())
            await write(plan.documents, plan.entries, ())
        self._tell(plan)

    def _tell(self, plan: Plan) -> None:
        for document in plan.documents:
            self._changed(document.key)

    async def choose_password(self, known: Person, password: str) -> Person:
        """Replace the one-time code of somebody, as read when it was proven, by a password.

        Raises InvalidRequestError for a bad password and AuthenticationError when the person was
        changed meanwhile.
        """
        if fault := word.password_fault(password, known.name):
            raise InvalidRequestError(
                f"the password does not do ({fault}); at least {word.SHORTEST_PASSWORD} letters,"
                " not the name, not one of the commonest",
                problems={"password": fault},
                zh=f"密码至少 {word.SHORTEST_PASSWORD} 位，不能是姓名或常见密码。",
            )
        password_hash = await self._passwords.hash(password)
        async with self._turn:
            if await self.find(known.name) != known:
                raise AuthenticationError(WRONG)
            chosen = msgspec.structs.replace(known, password_hash=password_hash, code_ends_at=None)
            return await self._keep(chosen, "person.password_chosen", known.name)

    async def set_second_factor(self, known: Person, secret: str) -> Person:
        """Have somebody, as read when the code was proven, use a second factor, or none.

        Raises AuthenticationError when the person was changed meanwhile.
        """
        async with self._turn:
            if await self.find(known.name) != known:
                raise AuthenticationError(WRONG)
            entry = "person.second_factor_set" if secret else "person.second_factor_ended"
            return await self._keep(msgspec.structs.replace(known, totp=secret), entry, known.name)

    async def _known(self, name: str) -> Person:
        person = await self.find(name)
        if person is None:
            raise NotFoundError(
                f"there is nobody called {name!r}; see lingdang user list", zh=f"没有 {name}。"
            )
        return person

    async def _hand_code(
        self, person: Person, entry: str, who: Identity, **data: str
    ) -> tuple[Person, str]:
        given = code.new_code()
        changed = msgspec.structs.replace(
            person,
            password_hash=await self._passwords.hash(given),
            code_ends_at=self._clock.now() + code.GOOD_FOR,
            disabled=False,
            totp="",
        )
        return await self._keep(changed, entry, who.name, data), given

    async def _keep(
        self, person: Person, entry: str, actor: str, data: dict[str, Any] | None = None
    ) -> Person:
        now = self._clock.now()
        kept = msgspec.structs.replace(person, generation=person.generation + 1)
        paper = Document(collection=PEOPLE, key=kept.name, body=msgspec.json.encode(kept), at=now)
        await self._desk.write([paper], [(entry, kept.name, actor, data or {})])
        self._changed(kept.name)
        return kept


def _check_role(role: Role, place: str) -> None:
    if role is Role.GRID:
        raise InvalidRequestError(
            "the role grid is a platform's; give it a key: lingdang key new --role grid",
            problems={"role": "only for keys"},
            zh="网格平台用密钥，不用账号。",
        )
    if role is Role.BUILDING_HEAD and not place:
        raise InvalidRequestError(
            "a building head reads one building alone; name its place: --place guanshan/a/b12",
            problems={"place": "needed for a building head"},
            zh="楼长只看自己的楼，请写明位置（--place guanshan/a/b12）。",
        )
