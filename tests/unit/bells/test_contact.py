"""Where people are reached: kept apart, and told to nobody."""

from __future__ import annotations

import msgspec
import pytest

from hub.access.record import PEOPLE, Person
from hub.bells.channel import Address
from hub.bells.contact import Contacts
from hub.clock import ManualClock
from hub.errors import InvalidRequestError, NotFoundError
from hub.intake.pulse import CommitPulse
from hub.model.access import Identity, Role
from hub.model.bell import KINDS
from hub.ports import Document
from hub.store.memory import MemoryStore
from tests.support.belfry import SlowDesk

BOSS = Identity(name="li", role=Role.ADMINISTRATOR)


class Office:
    def __init__(self) -> None:
        clock = ManualClock()
        self.store = MemoryStore(clock)
        self.desk = SlowDesk(self.store, clock, CommitPulse(0))
        self.contacts = Contacts(self.store.books, self.desk, clock)  # type: ignore[arg-type]

    async def add(self, name: str, phone: str = "", *, disabled: bool = False) -> None:
        person = Person(name=name, role=Role.CREW, phone=phone, disabled=disabled)
        body = msgspec.json.encode(person)
        await self.desk.write([Document(collection=PEOPLE, key=name, body=body)])


@pytest.fixture
async def office() -> Office:
    made = Office()
    await made.add("wang", "139 0000-0000")
    return made


async def test_a_phone_stands_with_the_person_and_a_contact_can_have_another(
    office: Office,
) -> None:
    sms = KINDS["aliyun_sms"]
    assert await office.contacts.find("wang", sms) == Address(to="13900000000")
    await office.contacts.change("wang", {"phone": "13911111111"}, BOSS)
    assert await office.contacts.find("wang", sms) == Address(to="13911111111")
    await office.contacts.change("wang", {"phone": ""}, BOSS)
    assert await office.contacts.find("wang", sms) == Address(to="13900000000")


async def test_who_has_no_address_is_named_with_the_next_step(office: Office) -> None:
    found = await office.contacts.find("wang", KINDS["smtp"])
    assert found == "wang has no email; lingdang bells contact"


async def test_who_was_shut_out_is_not_rung_any_more(office: Office) -> None:
    await office.add("zhao", "13900000000", disabled=True)
    assert await office.contacts.find("zhao", KINDS["aliyun_sms"]) == "zhao is disabled"


async def test_a_group_has_addresses_and_everybody_is_reached_where_none_is_needed(
    office: Office,
) -> None:
    await office.contacts.change("group:crew", {"email": "crew@example.cn"}, BOSS)
    assert await office.contacts.find("group:crew", KINDS["smtp"]) == Address(to="crew@example.cn")
    assert await office.contacts.find("group:crew", KINDS["wecom_robot"]) == Address()


async def test_a_robot_calls_out_whom_it_knows(office: Office) -> None:
    await office.contacts.change("wang", {"wecom": "WangWei"}, BOSS)
    assert await office.contacts.find("wang", KINDS["wecom_robot"]) == Address(mention="WangWei")


async def test_the_journal_learns_of_whom_and_not_of_what(office: Office) -> None:
    await office.contacts.change("wang", {"email": "w@example.cn", "phone": "13911111111"}, BOSS)
    [entry] = await office.store.books.journal(after=0, limit=10)
    assert (entry.type, entry.subject, entry.actor) == ("contact.changed", "wang", "li")
    assert entry.data == {"kinds": ["email", "phone"]}


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("email", "a@b\r\nBcc: everybody@example.cn"),
        ("email", "no address"),
        ("email", "a@b,c@d"),
        ("phone", "abc"),
        ("wecom", "a|b"),
        ("wecom", "@all|"),
        ("feishu", '"></at>'),
        ("telex", "1"),
        ("language", "fr"),
    ],
)
async def test_what_is_no_address_is_refused(office: Office, kind: str, text: str) -> None:
    with pytest.raises(InvalidRequestError):
        await office.contacts.change("wang", {kind: text}, BOSS)
    assert await office.contacts.of("wang") == {}


@pytest.mark.parametrize("person", ["nobody", "group:", "group:a b"])
async def test_a_stranger_has_no_contact(office: Office, person: str) -> None:
    with pytest.raises(NotFoundError):
        await office.contacts.change(person, {"email": "a@example.cn"}, BOSS)


async def test_who_looks_at_addresses_stands_in_the_journal_before(office: Office) -> None:
    await office.contacts.change("wang", {"email": "w@example.cn"}, BOSS)
    found = await office.contacts.look("wang", BOSS)
    assert found == {"email": "w@example.cn"}
    told = await office.store.books.journal(after=0, limit=9)
    assert (told[-1].type, told[-1].subject, told[-1].actor) == ("contact.read", "wang", "li")
    assert "example" not in str(told)
