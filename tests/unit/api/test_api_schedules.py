"""Calls about schedules of rules: versions, ETags, and who may."""

from __future__ import annotations

from hub.model.access import Role
from tests.unit.access.web_fakes import make_world
from tests.unit.api.app_of_api import asking

PATH = "/api/v1/schedules"
WISH = {"days": ["mon"], "times": ["07:00-09:00"], "why": "早高峰"}


async def test_a_schedule_is_written_read_and_edited_by_its_version() -> None:
    world = make_world()
    async with asking(world, Role.ADMINISTRATOR) as client:
        made = await client.post(f"{PATH}/peak/versions", json=WISH)
        assert (made.status_code, made.headers["etag"]) == (201, '"1"')
        late = await client.post(f"{PATH}/peak/versions", json=WISH, headers={"if-match": '"0"'})
        wrong = await client.post(f"{PATH}/peak/versions", json=WISH | {"days": ["mo"]})
        gone = await client.post(f"{PATH}/peak/actions", json={"back_to": 0, "why": "x"})
        again = await client.post(f"{PATH}/peak/actions", json={"back_to": 1, "why": "x"})
    assert (late.status_code, wrong.status_code, gone.status_code) == (409, 422, 404)
    assert again.json()["version"] == 2
    async with asking(world, Role.MANAGER) as client:
        (card,) = (await client.get(PATH)).json()["items"]
        refused = await client.post(f"{PATH}/peak/versions", json=WISH)
    assert (card["name"], card["days"], card["times"]) == ("peak", ["mon"], ["07:00-09:00"])
    assert [each["why"] for each in card["versions"]] == ["早高峰", "x"]
    assert refused.status_code == 403
