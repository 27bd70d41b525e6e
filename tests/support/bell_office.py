"""An office of bells without a network: it remembers what was asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hub.errors import NotFoundError
from hub.model.access import Identity, Role
from hub.ports import BellCard, BellProof, ChannelNews, ContactCard, RingCard

NOW = 1_764_000_000.0


class FakeBells:
    """Three bells: one unused, one that works, one that fails; and one ring to each of two."""

    def __init__(self) -> None:
        self.tested: list[tuple[str, str]] = []
        self.addresses: dict[str, dict[str, str]] = {}
        self.pushed: list[object] = []
        self.looked: list[tuple[str, str]] = []
        self.verdict, self.why = "delivered", ""

    def bells(self) -> Sequence[BellCard]:
        return [
            BellCard(id="console", kind="console", outside=False, state="unused"),
            BellCard(
                id="crew-wecom",
                kind="wecom_robot",
                outside=True,
                state="works",
                since=NOW - 3600,
                sent_at=NOW - 60,
                sent=12,
                waiting=3,
                held=2,
            ),
            BellCard(
                id="sms",
                kind="aliyun_sms",
                outside=True,
                state="fails",
                since=NOW - 600,
                why="isv.AMOUNT_NOT_ENOUGH: the account has no money left",
            ),
        ]

    def rings(self, who: Identity) -> Sequence[RingCard]:
        leads = who.role in {Role.MANAGER, Role.ADMINISTRATOR}
        return [
            RingCard(
                ticket="GS-20251124-0001",
                person=person,
                concern="responsible",
                severity="major",
                title={"zh": "落杆失败", "en": "does not close"},
                place="gs/a/g",
                at=NOW - 120,
                channel="crew-wecom",
                reached=("console",),
                given_up=person == "nobody",
                news=(
                    ChannelNews(channel="console", outcome="sent"),
                    ChannelNews(channel="sms", outcome="delivered", at=NOW - 60),
                    ChannelNews(channel="call", outcome="missed", at=NOW - 30, why="no answer"),
                ),
            )
            for person in ("wang", "nobody")
            if leads or who.name == person
        ]

    async def test(self, bell: str, person: str, who: Identity) -> BellProof:
        if bell not in {card.id for card in self.bells()}:
            raise NotFoundError(f"there is no bell {bell!r}", zh=f"没有名为 {bell} 的铃。")
        self.tested.append((bell, person))
        return BellProof(
            bell=bell,
            person=person or who.name,
            text="【演练】铃铛测试",
            verdict=self.verdict,
            why=self.why,
        )

    async def receive(self, bell: str, word: str, pushed: object) -> Mapping[str, object]:
        if (bell, word) != ("sms", "a-word-that-is-a-secret-x"):
            raise NotFoundError("there is no such address", zh="没有这个地址。")
        self.pushed.append(pushed)
        return {"code": 0, "msg": "OK"}

    async def contact(self, person: str, who: Identity) -> ContactCard:
        self.looked.append((who.name, person))
        return ContactCard(person=person, addresses=self.addresses.get(person, {}))

    async def change_contact(
        self, person: str, addresses: Mapping[str, str], who: Identity
    ) -> ContactCard:
        kept = {**self.addresses.get(person, {}), **addresses}
        self.addresses[person] = {kind: text for kind, text in kept.items() if text}
        return ContactCard(person=person, addresses=self.addresses[person])
