"""The wall: what is on it, in which order, and what is painted again when something changes."""

from __future__ import annotations

import pytest

from hub.clock import ManualClock
from hub.console.frame.language import Language, words_of
from hub.console.frame.template import dom_id
from hub.console.live.channel import Channel
from hub.console.live.lookout import Lookout, Outlook
from hub.console.live.standing import Standing
from hub.console.live.wall import GATES, HEAD, LAST, TODO, WallScene, density
from hub.model.access import Identity, Role
from hub.model.alarm import Severity, TicketSpec, Urgency
from hub.model.device import Kind, Lifecycle, LinkState
from hub.model.ticket import TicketFlag, TicketState
from tests.unit.console.fakes.community import Console, FakeCommunity, make_console

GUARD = Identity(name="wang", role=Role.GUARD)
URGENT = TicketSpec(urgency=Urgency.URGENT)


class Wall:
    """A wall that is looked at whenever a test asks, without any pace."""

    def __init__(self, console: Console, who: Identity = GUARD, code: str = "zh") -> None:
        self.lookout = Lookout(console.ports)
        words = words_of(Language(code))
        self.channel = Channel(WallScene(self.at_once, console.community, words, who))

    async def at_once(self, *, fresh: bool) -> Outlook:
        return await self.lookout.refresh()

    async def look(self) -> dict[str, str]:
        return dict(await self.channel.refresh())


@pytest.fixture
def console() -> Console:
    return make_console(devices=60)


@pytest.fixture
def community(console: Console) -> FakeCommunity:
    return console.community


@pytest.fixture
def clock(console: Console) -> ManualClock:
    assert isinstance(console.clock, ManualClock)
    return console.clock


async def test_when_nothing_is_wrong_the_wall_says_so(console: Console) -> None:
    parts = await Wall(console).look()
    assert "一切正常" in parts[TODO]
    assert "urgent" not in parts[HEAD]


@pytest.mark.parametrize(
    ("shortage", "said"),
    [("states", "门闸状态和开闸仍正常"), ("orders", "先看现场"), ("nothing", "不能远程开闸")],
)
async def test_a_full_disk_is_said_at_the_top_until_there_is_room(
    console: Console, community: FakeCommunity, shortage: str, said: str
) -> None:
    wall = Wall(console)
    community.shortage = shortage
    assert (await wall.look())[TODO].index(said) < (await wall.look())[TODO].index("一切正常")
    community.shortage = ""
    assert said not in (await wall.look())[TODO]


async def test_the_worst_and_then_the_oldest_thing_stands_first(
    console: Console, community: FakeCommunity
) -> None:
    gates, doors = community.of_kind(Kind.BARRIER_GATE), community.of_kind(Kind.UNIT_DOOR)
    community.open_ticket(gates[0], "新故障", "new fault", age=60)
    community.open_ticket(gates[1], "老故障", "old fault", age=6000)
    community.open_ticket(doors[0], "急事", "urgent thing", age=10, spec=URGENT)
    todo = (await Wall(console).look())[TODO]
    assert todo.index("急事") < todo.index("老故障") < todo.index("新故障")
    assert 'data-urgent="yes"' in todo


async def test_a_root_fault_is_one_row_that_counts_its_children(
    console: Console, community: FakeCommunity
) -> None:
    switch = community.of_kind(Kind.SWITCH)[0]
    children = tuple(v.device.id for v in community.devices() if v.device.upstream == switch)
    root = community.open_ticket(switch, "离线", "Silent", children=children)
    community.open_ticket(children[0], "离线", "Silent", folded_into=root.number)
    for child in (switch, *children):
        community.set_link(child, LinkState.SILENT)
    parts = await Wall(console).look()
    assert parts[TODO].count("<article") == 1
    assert f"影响 {len(children)} 台" in parts[TODO]
    assert f"离线 <b>{len(children) + 1}</b>" in parts[HEAD]


async def test_a_finished_repair_leaves_the_wall_and_a_recovered_one_only_gives_notice(
    console: Console, community: FakeCommunity
) -> None:
    gates = community.of_kind(Kind.BARRIER_GATE)
    community.open_ticket(gates[0], "修好的", "done", state=TicketState.COMPLETED)
    community.open_ticket(gates[1], "自愈的", "healed", flags=(TicketFlag.RECOVERED,))
    todo = (await Wall(console).look())[TODO]
    assert "修好的" not in todo
    assert 'class="first notice"' in todo
    assert "已自行恢复" in todo


async def test_duress_is_on_no_wall(console: Console, community: FakeCommunity) -> None:
    door = community.of_kind(Kind.ACCESS_CONTROLLER)[0]
    ticket = community.open_ticket(door, "胁迫开门", "Duress", spec=URGENT)
    community.raise_alarm(
        door, "胁迫", "Duress", severity=Severity.CRITICAL, discreet=True, ticket=ticket.number
    )
    community.raise_alarm(door, "胁迫", "Duress", severity=Severity.CRITICAL, discreet=True)
    parts = await Wall(console).look()
    named = {name for name, html in parts.items() if "胁迫" in html}
    assert named == set()
    assert "一切正常" in parts[TODO]


async def test_an_alarm_without_ticket_is_a_notice_and_an_explained_one_nothing(
    console: Console, community: FakeCommunity
) -> None:
    cameras = community.of_kind(Kind.CAMERA)
    community.raise_alarm(cameras[0], "画面异常", "Picture is wrong")
    community.raise_alarm(cameras[1], "被解释的", "explained", explained_by="al1")
    todo = (await Wall(console).look())[TODO]
    assert "画面异常" in todo
    assert "被解释的" not in todo
    assert 'value="receive"' not in todo


async def test_who_has_got_it_is_told_until_the_ticket_is_late(
    console: Console, community: FakeCommunity
) -> None:
    wall, gate = Wall(console), community.of_kind(Kind.BARRIER_GATE)[0]
    ticket = community.open_ticket(gate, "急事", "urgent", spec=URGENT)
    await wall.look()
    community.tell("ticket.acknowledged", ticket.number, "wang", ticket.place)
    todo = (await wall.look())[TODO]
    assert "wang 已收到" in todo
    assert "data-urgent" not in todo
    community.tell("ticket.overdue", ticket.number, place=ticket.place)
    assert 'data-urgent="yes"' in (await wall.look())[TODO]


async def test_only_what_has_changed_is_sent(console: Console, community: FakeCommunity) -> None:
    wall = Wall(console)
    await wall.look()
    before = wall.channel.version
    door = community.of_kind(Kind.UNIT_DOOR)[0]
    view = community.device(door)
    assert view is not None
    community.set_point(door, "lock.locked", value=False)
    await wall.look()
    assert wall.channel.version == before, "a value that changes no shape paints nothing"
    community.set_link(door, LinkState.SILENT)
    await wall.look()
    frame = wall.channel.since(before).decode()
    building = dom_id("cell", view.device.place.rpartition("/")[0])
    assert frame.count("<hx-partial") == 3
    for part in (building, HEAD, LAST):
        assert f'hx-target="#{part}"' in frame


async def test_a_value_that_turns_stale_is_hatched_without_any_message(
    console: Console, community: FakeCommunity, clock: ManualClock
) -> None:
    wall, gate = Wall(console), community.of_kind(Kind.BARRIER_GATE)[0]
    assert "stale" not in (await wall.look())[GATES]
    await clock.advance(177)
    assert f'class="normal"><a href="/devices/{gate}"' in (await wall.look())[GATES]
    await clock.advance(2)
    gates = (await wall.look())[GATES]
    assert f'class="stale"><a href="/devices/{gate}"' in gates
    assert "3 分钟前" in gates
    assert "数据过期" in gates
    community.set_point(gate, "motor.temperature", 39.0)
    assert f'class="normal"><a href="/devices/{gate}"' in (await wall.look())[GATES]


async def test_a_gate_shows_what_it_does_and_maintenance_is_counted(
    console: Console, community: FakeCommunity
) -> None:
    gates = community.of_kind(Kind.BARRIER_GATE)
    community.set_point(gates[0], "mode", "hold_open")
    community.set_state(gates[1], Lifecycle.MAINTENANCE)
    parts = await Wall(console).look()
    assert "常抬" in parts[GATES]
    assert "检修中" in parts[GATES]
    assert "检修 <b>1</b>" in parts[HEAD]


async def test_a_retired_device_is_not_drawn(console: Console, community: FakeCommunity) -> None:
    wall, gate = Wall(console), community.of_kind(Kind.BARRIER_GATE)[0]
    assert gate in (await wall.look())[GATES]
    community.set_state(gate, Lifecycle.RETIRED)
    assert f'"/devices/{gate}"' not in (await wall.look())[GATES]


async def test_a_guard_of_one_compound_sees_nothing_of_another(
    console: Console, community: FakeCommunity
) -> None:
    home = sorted(place.path for place in community.places().values() if place.kind == "compound")
    theirs, other = home[0], home[-1]
    assert theirs != other or len(home) == 1
    elsewhere = [v.device for v in community.devices() if not v.device.place.startswith(theirs)]
    device = elsewhere[0]
    community.open_ticket(device.id, "别处的", "elsewhere")
    wall = Wall(console, Identity(name="wang", role=Role.GUARD, scope=theirs))
    html = "".join((await wall.look()).values())
    assert "别处的" not in html
    assert f'"/devices/{device.id}"' not in html


async def test_the_last_line_has_the_newest_event_first_and_nothing_private(
    console: Console, community: FakeCommunity
) -> None:
    gate = community.of_kind(Kind.BARRIER_GATE)[0]
    community.set_link(gate, LinkState.SILENT)
    community.set_link(gate, LinkState.ONLINE)
    community.tell("person.signed_in", "wang", "wang")
    community.tell("site.loaded", "site")
    last = (await Wall(console).look())[LAST]
    assert last.index("恢复在线") < last.index("离线")
    assert "signed_in" not in last
    assert "site.loaded" not in last


async def test_the_last_line_names_the_device_and_not_the_number_of_its_ticket(
    console: Console, community: FakeCommunity
) -> None:
    gate = community.of_kind(Kind.BARRIER_GATE)[0]
    view = community.device(gate)
    assert view is not None
    ticket = community.open_ticket(gate, "闸杆脱落", "Boom broken", age=60)
    cleared = {"id": "A1", "ticket": ticket.number}
    community.tell("alarm.cleared", gate, place=ticket.place, data=cleared)
    community.tell("ticket.taken", ticket.number, "key:crew", ticket.place, data={"state": "taken"})
    last = (await Wall(console).look())[LAST]
    assert f"程序 crew 接单：{view.device.name} 闸杆脱落" in last
    assert ticket.number not in last
    assert "恢复正常" not in last, "the ticket says it"


async def test_lost_connections_are_told_once_and_in_words_for_a_guard(
    console: Console, community: FakeCommunity
) -> None:
    sessions = ("mqtt-state", "mqtt-reply")
    for session in sessions:
        community.tell("link.up", session)
    wall = Wall(console)
    assert "<time>" not in (await wall.look())[LAST], "the hub's own start is no news"
    for session in sessions:
        community.tell("link.down", session)
    assert (await wall.look())[LAST].count("收不到设备消息") == 1
    community.tell("link.up", sessions[0])
    assert "又能收到" not in (await wall.look())[LAST]
    community.tell("link.up", sessions[1])
    last = (await wall.look())[LAST]
    assert last.count("又能收到设备消息") == 1
    assert "mqtt" not in last


async def test_names_from_the_books_are_escaped(console: Console, community: FakeCommunity) -> None:
    gate = community.of_kind(Kind.BARRIER_GATE)[0]
    community.open_ticket(gate, "<script>alert(1)</script>", "<b>")
    html = "".join((await Wall(console).look()).values())
    assert "<script" not in html
    assert "&lt;script&gt;" in html


async def test_ten_thousand_devices_are_painted_small_and_all_of_them() -> None:
    wall = Wall(make_console(devices=10_000))
    parts = await wall.look()
    outlook: Outlook = await wall.lookout.refresh()
    assert density(len(outlook.cells)) == "mini"
    assert len(parts) > 300
    assert sum(cell.standing is Standing.NORMAL for cell in outlook.cells) == len(outlook.cells)


@pytest.mark.parametrize(("cells", "word"), [(14, "few"), (30, "many"), (330, "mini")])
def test_buildings_are_drawn_closer_the_more_there_are(cells: int, word: str) -> None:
    assert density(cells) == word
