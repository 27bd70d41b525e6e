"""The office for parameters: what is refused, what counts where, and what a restart keeps."""

from __future__ import annotations

import pytest

from hub.assembly.parameter_office import SiteParameters
from hub.assembly.rule_office import SiteRules
from hub.clock import ManualClock
from hub.errors import ConfigError, ConflictError, InvalidRequestError, NotFoundError
from hub.model.access import Identity, Role
from hub.model.device import Device, DeviceUid, Kind
from hub.model.place import Place
from hub.model.rule_version import RuleMode
from hub.ports import InForce, Setting
from hub.services.registry import Site
from tests.support.rules import Force, make_office

NOW = 1_764_000_000.0
LI = Identity(name="李工", role=Role.ADMINISTRATOR)
RULE = "barrier-stuck-open"
FILES = {"site.toml": f'[[params]]\nrule = "{RULE}"\nplace = "gs/b"\nset = {{ limit = "4m" }}\n'}


def gate(name: str, place: str) -> Device:
    return Device(
        uid=DeviceUid(name),
        id=name,
        address=name,
        kind=Kind.BARRIER_GATE,
        model="ld-barrier-gate",
        place=place,
    )


SITE = Site(
    devices=(gate("a", "gs/a"), gate("b", "gs/b"), gate("b-2", "gs/b")),
    places={path: Place(path=path, name=path) for path in ("gs", "gs/a", "gs/b")},
)


@pytest.fixture
def force() -> Force:
    return Force()


@pytest.fixture
def rules(force: Force) -> SiteRules:
    return make_office(ManualClock(NOW), force, files=FILES)


@pytest.fixture
def office(rules: SiteRules) -> SiteParameters:
    return SiteParameters(rules, SITE)


def limit(value: str, **of: str) -> Setting:
    return Setting(values={"limit": value}, **of)


async def test_it_tells_what_counts_where_and_who_says_so(office: SiteParameters) -> None:
    card = await office.card(RULE)
    assert (card.params, card.version, card.versions) == ({"limit": "3m"}, 0, ())
    assert [(each.place, each.source) for each in card.settings] == [("gs/b", "site.toml")]
    by_place = InForce(value="4m", by="place gs/b", source="site.toml")
    assert {each.device: each.values["limit"] for each in card.devices} == {
        "b": by_place,
        "b-2": by_place,
    }
    (own,) = (await office.card(RULE, "a")).devices
    assert own.values["limit"] == InForce(value="3m", by="rule", source="library")
    with pytest.raises(NotFoundError, match="watches no device 'door'"):
        await office.card(RULE, "door")


async def test_what_is_set_counts_at_once_for_those_that_it_is_meant_for(
    office: SiteParameters, force: Force
) -> None:
    settings = [limit("6m", device="b"), limit("5m")]
    card = await office.write(RULE, settings, "搬家", LI, on=0)
    found = {each.device: each.values["limit"] for each in card.devices}
    assert found == {
        "a": InForce(value="5m", by="all", source="site"),
        "b": InForce(value="6m", by="device", source="site"),
        "b-2": InForce(value="4m", by="place gs/b", source="site.toml"),
    }
    in_force = next(each for each in force.rules if each.id == RULE)
    assert [each.values for each in in_force.overrides] == [
        {"limit": "4m"},
        {"limit": "6m"},
        {"limit": "5m"},
    ]
    ((kind, subject, actor, data),) = force.entries
    assert (kind, subject, actor) == ("rule.parameters_changed", RULE, "李工")
    assert (data["why"], data["version"]) == ("搬家", 1)


async def test_a_restart_keeps_it_and_the_way_back_is_a_version(
    office: SiteParameters, force: Force
) -> None:
    await office.write(RULE, [limit("6m", device="b")], "搬家", LI)
    stored = {each.key: each.body or b"" for each in force.documents}
    later = SiteParameters(make_office(ManualClock(NOW), files=FILES, documents=stored), SITE)
    assert (await later.card(RULE, "b")).devices[0].values["limit"].value == "6m"
    card = await later.go_back(RULE, 0, "搬完", LI)
    assert [each.why for each in card.versions] == ["搬家", "搬完"]
    assert [each.source for each in card.settings] == ["site.toml"]
    card = await later.go_back(RULE, 1, "又搬", LI)
    assert (card.version, len(card.settings)) == (3, 2)


async def test_each_fault_names_its_place_and_the_nearest_name(
    office: SiteParameters, force: Force
) -> None:
    wrong = [limit("6m", device="b-3"), limit("6m", place="gs/c"), Setting(values={})]
    with pytest.raises(InvalidRequestError) as caught:
        await office.write(RULE, wrong, "试", LI)
    assert list(caught.value.problems) == [
        "settings.0.device",
        "settings.1.place",
        "settings.2.set",
    ]
    assert "b-2" in caught.value.problems["settings.0.device"]
    for settings, message in (
        ([Setting(values={"limits": "6m"})], "has no parameter 'limits'"),
        ([Setting(values={"limit": True})], "is like '3m'"),
        ([limit("6m", model="ld-barrier-gat")], "no model 'ld-barrier-gat'"),
    ):
        with pytest.raises(ConfigError, match=message):
            await office.write(RULE, settings, "试", LI)
    with pytest.raises(NotFoundError, match=RULE):
        await office.write("barrier-stuck-opn", [limit("6m")], "试", LI)
    with pytest.raises(InvalidRequestError, match="why"):
        await office.write(RULE, [limit("6m")], " ", LI)
    with pytest.raises(ConflictError, match="version 0"):
        await office.write(RULE, [limit("6m")], "试", LI, on=2)
    assert (force.rules, force.documents) == ((), [])


async def test_an_export_with_parameters_can_be_imported_elsewhere(
    office: SiteParameters, rules: SiteRules
) -> None:
    odd = 'gs/"b"\x7f\n'
    await office.write(RULE, [limit("6m", place="gs/b", model="ld-barrier-gate")], odd.strip(), LI)
    text = await rules.export()
    other = make_office(ManualClock(NOW))
    assert await other.write(text, RuleMode.ACTIVE, "搬来", LI) == []
    (setting,) = (await SiteParameters(other, SITE).card(RULE)).settings
    assert (setting.values, setting.place) == ({"limit": "6m"}, "gs/b")
