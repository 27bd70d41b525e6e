"""The file of duty: what it becomes, and what is said of each fault, with its line."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.access.record import Person
from hub.assembly.duty_check import Names
from hub.assembly.duty_file import read_duty, shipped_duty
from hub.assembly.loading import load_world
from hub.model.access import Role
from hub.model.alarm import Class, Severity, Urgency
from hub.model.place import Place
from hub.model.rung import Dispatch, Quiet, Trigger
from hub.services.duty.roster import kind_of_day
from hub.services.duty.rung import choose_plan
from hub.services.incidents.case_limit import PACES, Pace, pace_of
from hub.settings import Settings, parse_settings
from tests.support.duty import TODAY, TUESDAY
from tests.unit.services.making import make_ticket

EXAMPLE = Path(__file__).parents[2] / "deploy" / "duty.example.toml"
RUNG = """
[[plan.rung]]
id = "worker"
name = { zh = "维修工", en = "worker" }
responsible = ["role:crew"]
on = ["opened"]
"""
PLACES = {"guanshan": Place(path="guanshan", name="关山")}


def faults(text: str) -> list[str]:
    return [str(problem) for problem in read_duty(text, "duty.toml", PLACES)[1]]


def test_the_example_that_ships_is_good_and_says_what_it_seems_to() -> None:
    duty, problems = read_duty(EXAMPLE.read_text("utf-8"), "duty.toml")
    assert problems == ()
    assert duty.quiet == Quiet(start=22 * 3600, end=7 * 3600)
    assert [shift.end // 3600 for shift in duty.rosters["crew"].shifts] == [18, 32, 24]
    own, *shipped = duty.plans
    assert own.name == "crew"
    assert [rung.after for rung in own.rungs] == [0, 1800, 3600, 4 * 3600]
    assert own.rungs[-1].confirm
    assert tuple(shipped) == shipped_duty().plans, "they stand behind the site's own"


def test_a_rung_leaves_dispatching_to_the_leader_or_to_the_rota() -> None:
    plan = '[[plan]]\nname = "own"\n' + RUNG
    assert read_duty(plan, "duty.toml")[0].plans[0].rungs[0].dispatch is Dispatch.LEADER
    by_rota = read_duty(plan + 'dispatch = "rota"\n', "duty.toml")[0].plans[0]
    assert by_rota.rungs[0].dispatch is Dispatch.ROTA
    [wrong] = faults(plan + 'dispatch = "rotta"\n')
    assert "duty.toml:9" in wrong


def test_no_rota_dispatches_to_groups_or_beyond_the_community() -> None:
    plan = '[[plan]]\nname = "own"\n' + RUNG + 'dispatch = "rota"\n'
    [group] = faults(plan.replace("role:crew", "group:crew"))
    assert group.startswith("duty.toml:9")
    assert "a group cannot hold a ticket" in group
    [outside] = faults(plan + "confirm = true\n")
    assert "what has to be confirmed is dispatched by no rota" in outside


def test_without_a_file_every_ticket_has_a_plan_of_five_rungs() -> None:
    plans = shipped_duty().plans
    names = ["worker", "leader", "manager", "committee", "street"]
    for severity in Severity:
        plan = choose_plan(plans, make_ticket(severity=severity))
        assert plan is not None
        assert [rung.id for rung in plan.rungs] == names
        assert [rung.confirm for rung in plan.rungs] == [False] * 4 + [True]
        assert all(rung.channels == ("console",) for rung in plan.rungs)
        assert all(Trigger.UNTAKEN in rung.on for rung in plan.rungs[1:])
    assert choose_plan(plans, make_ticket(severity=Severity.CRITICAL)) is plans[0]


def test_of_plans_that_fit_the_narrower_place_counts_then_trade_severity_class() -> None:
    heads = {
        "all": "",
        "class": 'class = ["general"]',
        "severity": 'severity = ["major"]',
        "trade": 'trade = ["lift", "gate"]',
        "place": 'place = "guanshan"',
        "deep": 'place = "guanshan/a"\nclass = ["complex"]',
    }
    plans = "\n".join(f'[[plan]]\nname = "{n}"\n{head}{RUNG}' for n, head in heads.items())
    found = read_duty(plans, "duty.toml")[0].plans

    def chosen(**fields: object) -> str:
        plan = choose_plan(found, make_ticket(**fields))
        assert plan is not None
        return plan.name

    assert chosen() == "place"
    others = [plan for plan in found if plan.name not in {"place", "deep"}]
    ticket = make_ticket()
    about = (ticket.place, ticket.severity, ticket.class_)
    assert [plan.name for plan in others if plan.fits(*about, ticket.trade)] == [
        *("all", "class", "severity", "trade", "shipped"),
    ]
    mine = choose_plan(others, ticket)
    assert mine is not None
    assert mine.name == "trade"
    assert not any(plan.name == "trade" and plan.fits(*about, "water") for plan in others)
    picked = choose_plan(others, msgspec.structs.replace(ticket, trade="water"))
    assert picked is not None
    assert picked.name == "severity"
    deep = found[5]
    assert deep.fits("guanshan/a/west", Severity.MINOR, Class.COMPLEX, "gate")
    assert not deep.fits("guanshan/ab", Severity.MINOR, Class.COMPLEX, "gate")


def test_silence_is_a_yes_only_for_life_safety_and_where_somebody_is_asked() -> None:
    assert all(rung.silence == 0 for plan in shipped_duty().plans for rung in plan.rungs)
    rung = '[[plan]]\nname = "p"' + RUNG
    listed = 'silence = 5\nsilence_for = ["lift.trapped", "fire.alarm"]\n'
    assert faults(rung + "confirm = true\n" + listed) == []
    (fault,) = faults(rung + listed)
    assert fault.startswith("duty.toml:8:11: plan.rung.silence: nobody is asked about this rung")
    (fault,) = faults(rung + "confirm = true\nsilence = 5")
    assert "duty.toml:9:11: plan.rung.silence: silence is no yes for every fault" in fault
    assert 'silence_for = ["lift.trapped"]' in fault
    (fault,) = faults(rung + 'confirm = true\nsilence_for = ["lift.trapped"]')
    assert "it has no count; say after how many askings: silence = 5" in fault


@pytest.mark.parametrize("field", ["automatic_for", "silence_for"])
def test_nothing_but_danger_to_life_goes_without_a_persons_yes(field: str) -> None:
    plan = (
        f'[[plan]]\nname = "p"{RUNG}confirm = true\nsilence = 5\nsilence_for = ["lift.trapped"]\n'
    )
    text = plan + f'{field} = ["gate.stuck_open"]\n'
    if field == "silence_for":
        text = text.replace('silence_for = ["lift.trapped"]\n', "")
    (fault,) = faults(text)
    assert f"plan.rung.{field}: 'gate.stuck_open' needs a person's yes" in fault
    assert "lift.trapped, fire.…" in fault
    assert read_duty(text, "duty.toml", PLACES)[0].plans == shipped_duty().plans


DISCREET = """
[[plan]]
name = "duress"
discreet = true
[[plan.rung]]
id = "named"
name = { zh = "专人", en = "named" }
responsible = ["person:li", "person:chen"]
channels = ["sms"]
on = ["opened"]
"""


def test_a_plan_for_what_is_discreet_names_people_and_their_own_channels() -> None:
    duty, problems = read_duty(DISCREET, "duty.toml")
    assert problems == ()
    assert [plan.name for plan in duty.plans if plan.discreet] == ["duress"]


@pytest.mark.parametrize(
    ("changed", "line", "said"),
    [
        (("person:chen", "role:manager"), 8, "'role:manager' is nobody by name"),
        (("person:chen", "group:gates"), 8, "'group:gates' is nobody by name"),
        (('"sms"', '"console"'), 9, "the hub's pages may stand on a wall"),
        (('channels = ["sms"]\n', ""), 5, "the hub's pages may stand on a wall"),
        (('["opened"]', '["opened"]\ndispatch = "rota"'), 11, "only rings"),
        (('["opened"]', '["opened"]\nconfirm = true'), 11, "only rings"),
    ],
)
def test_what_would_show_a_discreet_alarm_to_others_is_refused(
    changed: tuple[str, str], line: int, said: str
) -> None:
    text = DISCREET.replace(*changed)
    (fault,) = faults(text)
    assert fault.startswith(f"duty.toml:{line}:")
    assert said in fault
    assert not any(plan.discreet for plan in read_duty(text, "duty.toml")[0].plans)


def test_a_channel_that_many_read_is_told_where_a_plan_for_what_is_discreet_names_it() -> None:
    names = Names(bells=["sms", "crew"], shared=["crew"])
    text = DISCREET.replace('"sms"', '"sms", "crew"')
    (problem,) = read_duty(text, "duty.toml", None, names)[1]
    assert "many read 'crew'" in str(problem)
    text = text.replace("discreet = true\n", "")
    assert read_duty(text, "duty.toml", None, names)[1] == ()


def test_special_days_are_read_as_days_of_the_community() -> None:
    text = '[[day]]\nfrom = 2025-11-25\nto = 2025-11-26\n[[day]]\nfrom = 2025-11-29\nlike = "thu"'
    days = read_duty(text, "duty.toml")[0].days
    assert [(day.first - TODAY, day.last - TODAY, day.like) for day in days] == [
        (0, 1, "holiday"),
        (4, 4, "thu"),
    ]


def test_quiet_hours_end_in_the_morning_and_the_same_hour_twice_is_none() -> None:
    quiet = Quiet(start=22 * 3600, end=7 * 3600)
    assert quiet.until(TUESDAY + 60) == TUESDAY + 7 * 3600
    assert quiet.until(TUESDAY + 23 * 3600) == TUESDAY + 31 * 3600
    assert quiet.until(TUESDAY + 7 * 3600) == TUESDAY + 7 * 3600
    assert Quiet().until(TUESDAY) == TUESDAY


SHIFT = '[[roster]]\nname = "crew"\ntitle = { zh = "班", en = "crew" }\n[[roster.shift]]\n'
PLAN = '[[plan]]\nname = "p"\n'


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("[[rooster]]\n", 1, "there is no section 'rooster'; did you mean 'roster'?"),
        (SHIFT + 'people = ["li"]\nstart = "25:00"\n', 6, 'write "08:30"'),
        (SHIFT + "people = []\n", 5, "name at least one"),
        (SHIFT + 'people = ["li"]\ndays = ["mon", "fry"]\n', 6, "Invalid enum value 'fry'"),
        (SHIFT + 'people = ["li"]\nturn = "weak"\n', 6, "did you mean 'week'?"),
        (SHIFT + 'people = ["li"]\nturn = "day"\n', 4, "need a first day"),
        (SHIFT + 'people = ["li"]\nfirst = "soon"\n', 6, "roster.shift.first"),
        (SHIFT + 'people = ["li"]\n' + SHIFT + 'people = ["li"]\n', 7, "'crew' is taken"),
        ('[[roster]]\nname = "a"\ntitle = { zh = "甲" }\nshift = []', 3, "it needs zh and en"),
        ("[[day]]\nfrom = 2026-10-07\nto = 2026-10-01\n", 3, "it ends before it begins"),
        ('[quiet]\nstart = "9"\n', 2, 'write "08:30"'),
        (PLAN + "rung = []\n", 1, "it has no rung"),
        (PLAN + 'place = "guanshna"\n' + RUNG, 3, "the site has no place 'guanshna'"),
        (PLAN + 'severity = ["hihg"]\n' + RUNG, 3, "of critical, major, minor, warning"),
        (PLAN + RUNG + 'after = "1 h"\n', 9, 'write "90s"'),
        (PLAN + RUNG + 'informed = ["crew"]\n', 9, "'crew' says nobody"),
        (PLAN + RUNG + 'informed = ["role:crow"]\n', 9, "there is no role 'crow'"),
        (PLAN + RUNG + 'informed = ["roster:crew"]\n', 9, "there is no roster 'crew'"),
        (PLAN + RUNG + RUNG, 11, "'worker' is taken"),
        (PLAN + RUNG + "confirm = true\n" + RUNG.replace("worker", "x"), 11, "has to be confirmed"),
        (PLAN + RUNG.replace("opened", "open"), 8, "of opened, untaken"),
        ('[[limits]]\ndepartment = ["power"]\n', 1, "it sets no limit"),
        ('[[limits]]\nsign = "soon"\n', 2, 'write "90s"'),
        ('[[limits]]\nurgency = ["now"]\nsign = "1h"\n', 2, "of urgent, normal, planned"),
        ('[[limits]]\nsigned = "1h"\n', 2, "did you mean 'sign'?"),
        ('[[limits]]\nsign = "3h"\n', 1, "urgent: the limit of arrive is before that of sign"),
        ("quiet = [", 1, "it is no TOML"),
        ('plan = "x"\n', 1, "each has a table of its own"),
    ],
)
def test_a_fault_is_told_with_its_line_and_what_to_do(text: str, line: int, said: str) -> None:
    found = faults(text)
    assert any(f.startswith(f"duty.toml:{line}:") and said in f for f in found), found


def test_what_is_broken_is_left_out_and_the_rest_counts() -> None:
    text = PLAN + RUNG + 'after = "1 h"\n' + PLAN.replace('"p"', '"q"') + RUNG
    duty, problems = read_duty(text, "duty.toml")
    assert [plan.name for plan in duty.plans] == ["q", "shipped-critical", "shipped"]
    assert len(problems) == 1


def test_a_plan_of_the_site_counts_before_any_that_ships() -> None:
    duty, _ = read_duty(PLAN + RUNG, "duty.toml")
    for severity in Severity:
        plan = choose_plan(duty.plans, make_ticket(severity=severity))
        assert plan is not None
        assert plan.name == "p", severity


def test_a_length_of_time_that_is_out_of_order_is_a_fault_and_no_crash() -> None:
    assert any("write" in fault for fault in faults(PLAN + RUNG + 'after = "5m1h"\n'))
    assert any("write" in fault for fault in faults(PLAN + RUNG + 'wait = ""\n'))


def write_site(folder: Path, duty: str | None) -> Settings:
    (folder / "devices.csv").write_text(
        "id,address,link,kind,model,place,name,lane,upstream,power,state\n", "utf-8"
    )
    (folder / "places.csv").write_text(
        "path,name,kind,grid_code\nguanshan,关山,community,\n", "utf-8"
    )
    if duty is not None:
        (folder / "duty.toml").write_text(duty, "utf-8")
    text = '[community]\nid = "guanshan"\n[duty]\nfile = "duty.toml"\n'
    settings, problems = parse_settings(text, str(folder / "lingdang.toml"), {})
    assert problems == ()
    return settings


def test_the_check_of_a_site_tells_what_is_wrong_with_its_file_of_duty(tmp_path: Path) -> None:
    settings = write_site(tmp_path, PLAN + 'place = "guanshan/a"\n' + RUNG)
    world = load_world(settings, {})
    (problem,) = world.problems
    assert str(problem).startswith(f"{tmp_path / 'duty.toml'}:3:9: plan.place: the site has no")
    assert world.duty.plans == shipped_duty().plans


def test_a_file_of_duty_that_is_not_there_is_told_and_the_shipped_plans_count(
    tmp_path: Path,
) -> None:
    world = load_world(write_site(tmp_path, None), {})
    assert [problem.message for problem in world.problems] == ["there is no such file"]
    assert world.duty.plans == shipped_duty().plans
    assert world.duty.rosters == {}


def test_limits_of_departments_are_taken_from_the_narrowest_table_that_has_them() -> None:
    text = """
[[limits]]
sign = "1h"
feed_back = "80h"

[[limits]]
urgency = ["urgent"]
sign = "20m"

[[limits]]
department = ["power", "water"]
urgency = ["urgent"]
sign = "10m"
arrive = "40m"
"""
    duty, problems = read_duty(text, "duty.toml")
    assert problems == ()
    assert pace_of(duty.limits, "power", Urgency.URGENT) == Pace(
        sign=600.0, arrive=2400.0, feed_back=288_000.0
    )
    assert pace_of(duty.limits, "gas", Urgency.URGENT) == Pace(
        sign=1200.0, arrive=7200.0, feed_back=288_000.0
    )
    assert pace_of(duty.limits, "gas", Urgency.NORMAL).sign == 3600.0
    assert pace_of((), "gas", Urgency.PLANNED) == PACES[Urgency.PLANNED]


def test_a_department_that_nobody_is_called_is_told(tmp_path: Path) -> None:
    people = {"power": Person(name="power", role=Role.DEPARTMENT)}
    text = '[[limits]]\ndepartment = ["powre"]\nsign = "10m"\n'
    duty, problems = read_duty(text, "duty.toml", PLACES, Names(people=people))
    assert ["nobody is called 'powre'" in str(problem) for problem in problems] == [True]
    assert len(duty.limits) == 1, "it counts all the same"


CHANNELS = 'channels = ["console", "crew-wecmo"]\n'
SHIFT_OF = SHIFT + 'people = ["li", "wnag"]\n'


def test_names_that_nobody_has_are_told_with_their_line_and_the_nearest_one() -> None:
    people = {
        "wang": Person(name="wang", role=Role.CREW),
        "li": Person(name="li", role=Role.MANAGER, disabled=True),
    }
    text = (
        PLAN
        + RUNG.replace("role:crew", "person:wagn")
        + CHANNELS
        + 'informed = ["role:guard", "nearest:crew", "group:gates", "roster:crew"]\n'
        + SHIFT_OF
    )
    names = Names(bells=["crew-wecom", "sms"], people=people)
    duty, problems = read_duty(text, "duty.toml", PLACES, names)
    said = "\n".join(str(problem).removeprefix("duty.toml:") for problem in problems)
    assert said.replace("; ", "\n").splitlines() == [
        "7:15: plan.rung.responsible: nobody is called 'wagn'",
        "did you mean 'wang'?",
        "9:12: plan.rung.channels: no [[bell]] is called 'crew-wecmo'",
        "did you mean 'crew-wecom'?",
        "10:12: plan.rung.informed: nobody has the role 'guard'",
        "somebody needs it, or name another: crew",
        "15:10: roster.shift.people: 'li' is disabled",
        "name somebody else, or enable them",
        "15:10: roster.shift.people: nobody is called 'wnag'",
        "did you mean 'wang'?",
    ]
    assert duty.plans[0].name == "p", "it counts all the same"
    assert read_duty(text, "duty.toml", PLACES)[1] == (), "without a store nobody is looked up"


def test_the_check_of_a_site_knows_its_bells_its_store_and_its_demo(tmp_path: Path) -> None:
    rung = RUNG.replace("role:crew", "person:li") + 'channels = ["smss"]\n'
    settings = write_site(tmp_path, PLAN + rung)
    found = [str(each) for each in load_world(settings, {}).problems]
    assert len(found) == 1
    assert "no [[bell]] is called 'smss'; did you mean" not in found[0], "there is only one bell"
    assert found[0].endswith("no [[bell]] is called 'smss'; one of: console")
    with_store = load_world(settings, {}, people={}).problems
    assert [each.message.partition(": ")[2] for each in with_store] == [
        "nobody is called 'li'",
        "no [[bell]] is called 'smss'",
    ]
    access = tmp_path / "access.json"
    access.write_text('{"logins": {"crew": {"name": "li", "password": "x"}}}')
    demo = msgspec.structs.replace(settings.demo, access=access)
    of_demo = msgspec.structs.replace(settings, demo=demo)
    assert len(load_world(of_demo, {}, people={}).problems) == 1


def test_holidays_stand_in_one_table_and_the_file_of_duty_has_the_last_word(
    tmp_path: Path,
) -> None:
    own = '[[day]]\nfrom = 2026-10-02\nlike = "wed"\n'
    duty = load_world(write_site(tmp_path, own), {}).duty

    def kind(year: int, month: int, day: int) -> str:
        return kind_of_day((date(year, month, day) - date(1970, 1, 1)).days, duty.days)

    assert kind(2026, 10, 1) == "holiday", "the shipped table counts for rosters, too"
    assert kind(2026, 10, 2) == "wed"
    assert kind(2026, 1, 4) == "mon", "a Sunday that is worked"
    assert kind(2026, 2, 14) == "fri", "a Saturday that is worked"
    assert kind(2026, 11, 28) == "sat"


def test_a_good_file_of_duty_counts(tmp_path: Path) -> None:
    world = load_world(write_site(tmp_path, PLAN + 'place = "guanshan"\n' + RUNG), {})
    assert world.problems == ()
    assert world.duty.plans[0].name == "p"


LINES = EXAMPLE.read_text("utf-8").splitlines()
WORDS = ("", "5", '"x"', "[]", "{}", "true", "1979-05-27", "1979-05-27T07:32:00Z", '["mon", 5]')


@given(
    st.lists(
        st.tuples(st.integers(0, len(LINES) - 1), st.sampled_from((*WORDS, "cut")), st.booleans()),
        min_size=1,
        max_size=6,
    )
)
def test_whatever_is_done_to_a_file_of_duty_it_is_read_or_its_faults_are_told(
    edits: list[tuple[int, str, bool]],
) -> None:
    lines = list(LINES)
    for number, word, keep in edits:
        key = lines[number].partition("=")[0]
        lines[number] = "" if word == "cut" else f"{key}= {word}" if keep else word
    text = "\n".join(lines)
    duty, problems = read_duty(text, "duty.toml", PLACES)
    assert duty.plans[-2:] == shipped_duty().plans
    assert all(problem.line for problem in problems)
