"""Model files: the shipped ones are sound, and a faulty one is told every fault with its place."""

import pytest

from device_drivers.catalogue import load_models, shipped_models
from hub.errors import ConfigError
from hub.model.catalogue import PointType
from hub.model.device import Kind
from hub.model.kinds import CORE_POINTS

GOOD = """\
id = "x-gate"
kind = "barrier_gate"
driver = "lingdang"
name = { zh = "道闸", en = "Gate" }
commands = ["open"]

[points]
"arm.position" = {}
"motor.temperature" = { period = 60, maximum = 120 }
"oil.level" = { type = "number", unit = "%", zh = "油位", en = "Oil level" }
"""


def faults(text: str) -> list[str]:
    with pytest.raises(ConfigError) as error:
        load_models({"x.toml": text})
    return [str(problem) for problem in error.value.problems]


def test_the_shipped_models_load_and_carry_their_id_in_the_file_name() -> None:
    texts = shipped_models()
    models = load_models(texts)
    assert {f"{model}.toml" for model in models} == set(texts)


MQTT_KINDS = (
    Kind.BARRIER_GATE, Kind.LPR_CAMERA, Kind.ACCESS_CONTROLLER, Kind.UNIT_DOOR, Kind.CAMERA,
    Kind.RECORDER, Kind.SWITCH, Kind.POWER_SUPPLY, Kind.GATEWAY, Kind.CONCENTRATOR,
    Kind.PUMP_SET, Kind.LIFT_ALARM,
)  # fmt: skip


@pytest.mark.parametrize("kind", MQTT_KINDS)
def test_the_dialect_s_model_of_a_kind_has_all_its_core_points(kind: Kind) -> None:
    model = load_models(shipped_models())[f"ld-{kind.value.replace('_', '-')}"]
    assert (model.kind, model.driver, model.heartbeat) == (kind, "lingdang", 60)
    assert set(model.points) == set(CORE_POINTS[kind])


def test_a_core_point_needs_only_its_name_and_the_file_overrides() -> None:
    points = load_models({"x.toml": GOOD})["x-gate"].points
    assert points["arm.position"].values == ("open", "closed", "moving", "unknown")
    assert (points["motor.temperature"].unit, points["motor.temperature"].maximum) == ("degC", 120)
    assert points["oil.level"].type is PointType.NUMBER


def test_a_counter_rolls_over_where_its_register_ends_unless_the_file_says_where() -> None:
    text = shipped_models()["peacefair-pzem016.toml"]
    given = text.replace("fastest = 25", "roll_over = 10000, fastest = 25")
    ends = [load_models({"x.toml": t})["peacefair-pzem016"].points for t in (text, given)]
    assert [points["energy.import"].roll_over for points in ends] == [4_294_967.296, 10_000]
    assert ends[0]["power.active"].roll_over is None
    sdm = load_models(shipped_models())["eastron-sdm120"].points["energy.import"]
    assert (sdm.roll_over, sdm.fastest) == (None, 25)


def test_events_are_the_kind_s_unless_the_file_says_so_and_the_hub_s_always() -> None:
    assert "vehicle.passed" in load_models({"x.toml": GOOD})["x-gate"].events
    own = load_models({"x.toml": 'events = ["opened.locally"]\n' + GOOD})["x-gate"].events
    hubs = ("link.lost", "link.back", "rebooted", "flood", "counter.replaced")
    assert own == ("opened.locally", *hubs)


def test_a_site_s_file_overrides_the_shipped_one_by_its_id() -> None:
    models = load_models({"a.toml": GOOD, "b.toml": GOOD.replace('"Gate"', '"Ours"')})
    assert models["x-gate"].name["en"] == "Ours"


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ('"barrier_gate"', '"barier_gate"',
         "x.toml:2:1: kind 'barier_gate' is not known; did you mean 'barrier_gate'?"),
        ('"arm.position" = {}', '"arm.postion" = {}',
         "x.toml:8:2: barrier_gate has no core point 'arm.postion'; did you mean 'arm.position'?"),
        ("commands", "comands", "x.toml:5:1: key 'comands' is not known; did you mean 'commands'?"),
        ("maximum = 120", "maximun = 120",
         "x.toml:9:38: key 'maximun' is not known; did you mean 'maximum'?"),
        ("period = 60", 'period = "60"',
         "x.toml:9:2: motor.temperature Expected `float`, got `str` - at `$.period`"),
        ('type = "number"', 'type = "nummer"',
         ("x.toml:10:2: oil.level Invalid enum value 'nummer' - at `$.type`; "
         "did you mean 'number'?")),
        ('driver = "lingdang"\n', "", "x.toml:1:1: a model needs 'driver'"),
        ('"arm.position" = {}', '"arm.position" = 1',
         "x.toml:8:2: point 'arm.position' must be a table, like { period = 60 }"),
    ],
)  # fmt: skip
def test_a_fault_is_told_with_its_place_and_the_nearest_good_word(
    old: str, new: str, fault: str
) -> None:
    assert fault in faults(GOOD.replace(old, new))


def test_what_is_not_toml_is_told_with_line_and_column() -> None:
    assert faults(GOOD.replace('id = "x-gate"', 'id = "x-gate'))[0].startswith(
        "x.toml:1:13: not TOML"
    )
    for text in (f"a = {'[' * 3000}", f"a = {'9' * 5000}"):
        assert faults(text)[0].startswith("x.toml:1:1: not TOML")


def test_only_what_ends_a_line_for_an_editor_counts_as_one() -> None:
    text = GOOD.replace("[points]", "# \u2028 \x85\n[points]").replace("arm.pos", "arm.poss")
    assert faults(text)[0].startswith("x.toml:9:2: ")
    assert faults('# \u2028\nid = "')[0].startswith("x.toml:2:1: not TOML")


def test_all_faults_of_all_files_are_told_together() -> None:
    bad = GOOD.replace("arm.position", "arm.postion").replace("commands", "comands")
    with pytest.raises(ConfigError) as error:
        load_models({"a.toml": bad, "b.toml": bad, "c.toml": GOOD, "d.toml": "]"})
    assert [problem.file for problem in error.value.problems] == [
        "a.toml", "a.toml", "b.toml", "b.toml", "d.toml",
    ]  # fmt: skip


def test_a_register_of_an_unknown_point_is_told() -> None:
    text = GOOD + '\n[[registers]]\npoint = "oil.levle"\naddress = 3\ntype = "uint16"\n'
    assert faults(text) == [
        "x.toml:13:10: register 1: no point 'oil.levle'; did you mean 'oil.level'?"
    ]


def test_a_register_of_no_known_type_or_order_is_told() -> None:
    text = GOOD.replace('"number", unit', '"counter", unit') + (
        '\n[[registers]]\npoint = "oil.level"\naddress = 3\ntype = "unit32"\norder = "ABCE"\n'
    )
    assert faults(text) == [
        "x.toml:15:9: register 1: no type 'unit32'; did you mean 'uint32'?",
        "x.toml:16:10: register 1: no order 'ABCE'; did you mean 'ABCD'?",
    ]


def test_a_fault_of_a_row_is_told_in_its_own_table() -> None:
    row = '\n[[registers]]\npoint = "oil.level"\naddress = {}\ntype = "uint16"\n'
    second = row.format(5) + "scal = 0.1\n"
    assert faults(GOOD + row.format(3) + second) == [
        "x.toml:21:1: register 2: key 'scal' is not known; did you mean 'scale'?"
    ]
    assert faults(GOOD + row.format(3) + row.format(99999)) == [
        "x.toml:19:1: register 2: Expected `int` <= 65535 - at `$.address`"
    ]
    missing = row.format(5).replace("address = 5\n", "")
    assert faults(GOOD + row.format(3) + missing) == [
        "x.toml:17:1: register 2: Object missing required field `address`"
    ]


COILS = """
[[registers]]
point = "oil.level"
address = 0
type = "uint16"

[[orders]]
do = "open"
coil = 0
pulse = 0.5

[[orders]]
do = "close"
coil = 2
"""


def test_orders_of_relays_are_commands_of_the_model() -> None:
    text = GOOD.replace('driver = "lingdang"', 'driver = "modbus"') + COILS
    (model,) = load_models({"x.toml": text}).values()
    assert set(model.commands) >= {"open", "close"}
    assert [(each.coil, each.pulse) for each in model.orders] == [(0, 0.5), (2, 0.5)]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('do = "close"', 'do = "open"', "2 orders have the do 'open'"),
        ("coil = 2", "coil = 0", "2 orders have the coil 0"),
        ("coil = 2", "coil = 64", "the coils lie over 64 addresses"),
        ("pulse = 0.5", "pulse = 2.5", "order 1: Expected `float` <= 2.0"),
        ("pulse = 0.5", "pulse = 0", "order 1: Expected `float` >= 0.1"),
        ('do = "open"', 'do = "Open!"', "order 1: Expected `str` matching regex"),
        ('driver = "modbus"', 'driver = "lingdang"', "orders are for driver 'modbus'"),
        (COILS[: COILS.index("[[orders")], "", "a device with orders must be read as well"),
    ],
)
def test_coils_that_no_order_could_be_given_by_are_told(old: str, new: str, words: str) -> None:
    text = GOOD.replace('driver = "lingdang"', 'driver = "modbus"') + COILS
    assert old in text
    told = faults(text.replace(old, new, 1))
    assert [each for each in told if words in each], told


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("heartbeat = nan", "Expected `float` > 0.0 - at `$.heartbeat`"),
        ("heartbeat = 0", "Expected `float` > 0.0 - at `$.heartbeat`"),
        ("max_registers = 0", "Expected `int` >= 1 - at `$.max_registers`"),
        ("function = 6", "Invalid enum value 6 - at `$.function`"),
    ],
)
def test_a_number_that_makes_no_sense_is_told(line: str, words: str) -> None:
    assert faults(f"{line}\n{GOOD}")[0].startswith("x.toml:1:1: ")
    assert words in faults(f"{line}\n{GOOD}")[0]
    assert faults(GOOD.replace("maximum = 120", "maximum = inf"))


def test_a_register_of_the_wrong_form_is_told() -> None:
    text = GOOD + '\n[[registers]]\npoint = "oil.level"\naddress = 65536\ntype = "uint16"\n'
    assert faults(text)[0].endswith("Expected `int` <= 65535 - at `$.address`")
    text = GOOD + '\n[[registers]]\npoint = "oil.level"\naddress = "3"\ntype = "uint16"\n'
    assert faults(text)[0].endswith("Expected `int`, got `str` - at `$.address`")


def test_a_field_names_a_point_or_an_event_that_the_model_has() -> None:
    fields = '[[fields]]\npath = "a.b"\npoint = "oil.level"\nscale = 0.1\n'
    events = '[[fields]]\npath = "c"\nevent = "opened.locally"\n'
    model = load_models({"x.toml": GOOD + fields + events})["x-gate"]
    assert [(each.path, each.point, each.event) for each in model.fields] == [
        ("a.b", "oil.level", ""), ("c", "", "opened.locally"),
    ]  # fmt: skip
    (wrong,) = faults(GOOD + fields.replace("oil.level", "oil.levl"))
    assert "field 1: no point 'oil.levl'" in wrong
    (wrong,) = faults(GOOD + events.replace("opened.locally", "opened.localy"))
    assert "no event 'opened.localy'" in wrong
    assert "did you mean 'opened.locally'?" in wrong
