"""Calls about parameters of rules: versions, ETags, and who may."""

from __future__ import annotations

from hub.model.access import Role
from tests.unit.access.web_fakes import make_world
from tests.unit.api.app_of_api import asking

PATH = "/api/v1/rules/barrier-stuck-open/parameters"
WISH = {"settings": [{"device": "gate-a", "set": {"limit": "5m"}}], "why": "搬家"}


async def test_parameters_are_set_read_and_edited_by_their_version() -> None:
    world = make_world()
    async with asking(world, Role.ADMINISTRATOR) as client:
        made = await client.post(f"{PATH}/versions", json=WISH)
        assert (made.status_code, made.headers["etag"]) == (201, '"1"')
        late = await client.post(f"{PATH}/versions", json=WISH, headers={"if-match": '"0"'})
        unknown = {"settings": [{"set": {"limits": "5m"}}], "why": "x"}
        wrong = await client.post(f"{PATH}/versions", json=unknown)
        gone = await client.post(f"{PATH}/actions", json={"back_to": 7, "why": "x"})
        back = await client.post(f"{PATH}/actions", json={"back_to": 0, "why": "x"})
    assert (late.status_code, wrong.status_code, gone.status_code) == (409, 422, 404)
    assert "limit" in wrong.text
    assert (back.json()["version"], back.json()["settings"]) == (2, [])
    async with asking(world, Role.MANAGER) as client:
        card = (await client.get(PATH, params={"device": "gate-a"})).json()
        refused = await client.post(f"{PATH}/versions", json=WISH)
    own = {"value": "3m", "by": "rule", "source": "library"}
    assert card["devices"] == [{"device": "gate-a", "values": {"limit": own}}]
    assert [each["why"] for each in card["versions"]] == ["搬家", "x"]
    assert refused.status_code == 403
