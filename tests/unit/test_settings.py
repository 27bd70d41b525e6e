"""Settings: what a good file means, and every fault of a bad one with its place."""

from __future__ import annotations

import tomllib
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest

from hub.config.limits import LimitSettings, spans_of
from hub.config.toml_map import TomlMap
from hub.errors import ConfigError, Problem
from hub.extras import CODEC, CODEC_VERSION
from hub.model.alarm import Class, Urgency
from hub.model.calendar import Pace
from hub.settings import Settings, load_settings, parse_settings

EXAMPLE = Path(__file__).parents[2] / "deploy" / "lingdang.example.toml"
FILE = "/srv/guanshan/lingdang.toml"
SMALL = '[community]\nid = "guanshan"\n'


def load(text: str, **environ: str) -> Settings:
    return load_settings(text, FILE, environ)


def faults(text: str) -> list[Problem]:
    with pytest.raises(ConfigError) as caught:
        load(text)
    return list(caught.value.problems)


def test_the_example_loads_as_it_stands() -> None:
    settings = load(EXAMPLE.read_text(encoding="utf-8"))
    assert settings.community.name == {"zh": "关山社区", "en": "Guanshan"}
    assert settings.mqtt is not None


def test_the_examples_comments_load_as_well() -> None:
    lines = EXAMPLE.read_text(encoding="utf-8").splitlines()
    text = "\n".join(_uncomment(line) for line in lines).replace("ca_file", "# ca_file")
    for secret in ("password_file", "token_file", "secret_file"):
        text = text.replace(secret, f"# {secret}").replace("client_# ", "# client_")
    address = 'url = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=k" #'
    settings = load(text.replace("url_file", address))
    assert settings.bell[0].kind == "wecom_robot"
    assert settings.influx is not None
    assert settings.modbus[0].name == "meters-a"
    assert settings.stream[0].dialect == "isapi"
    assert settings.push[0].port == 8090
    assert settings.rtsp[0].depth == "describe"
    assert settings.gb28181[0].id == "34020000002000000001"
    assert settings.oidc is not None
    assert settings.oidc.people == {"00417": "王师傅"}
    assert (settings.demo.test, settings.demo.speed) == (True, 60.0)


def _uncomment(line: str) -> str:
    words = line.removeprefix("# ")
    return words if words.startswith("[") or " = " in words.partition("#")[0] else line


def test_one_line_is_enough_and_the_rest_has_defaults() -> None:
    settings = load(SMALL)
    assert settings.community.id == "guanshan"
    assert (settings.mqtt, settings.modbus) == (None, ())
    assert settings.store.path == Path("/srv/guanshan/lingdang.db")
    assert settings.site.places == Path("/srv/guanshan/places.csv")
    assert (settings.web.host, settings.web.port) == ("127.0.0.1", 8080)


def test_relative_paths_lie_beside_the_file_and_absolute_ones_where_they_say() -> None:
    text = SMALL + (
        '[store]\npath = "data/hub.db"\n[site]\ndevices = "/etc/devices.csv"\n'
        '[rules]\ndirs = ["rules", "/opt/rules"]\n[demo]\naccess = "access.json"\n'
    )
    settings = load(text)
    assert settings.store.path == Path("/srv/guanshan/data/hub.db")
    assert settings.site.devices == Path("/etc/devices.csv")
    assert settings.rules.dirs == (Path("/srv/guanshan/rules"), Path("/opt/rules"))
    assert settings.demo.access == Path("/srv/guanshan/access.json")


def test_every_fault_is_told_at_once_with_line_column_and_the_nearest_key() -> None:
    problems = faults(
        '[comunity]\n[community]\nid = "Guan Shan"\nprefx = "GS"\n'
        '[web]\n  port = "80"\n[mqtt]\nprotocol = 3\n'
    )
    assert [(p.line, p.column) for p in problems] == [(1, 2), (3, 6), (4, 1), (6, 10), (8, 12)]
    assert problems[0].hint == "did you mean 'community'?"
    assert problems[2].hint == "did you mean 'prefix'?"
    assert problems[4].hint == "one of: 4, 5"
    assert str(problems[3]) == f"{FILE}:6:10: web.port: Expected `int`, got `str`"


def test_only_what_ends_a_line_for_an_editor_counts_as_one() -> None:
    [problem] = faults(SMALL + "\n# \u2028 \x85 \u2029\n[web]\nport = true\n")
    assert problem.line == SMALL.count("\n") + 4


def test_text_that_is_no_toml_is_one_fault_with_its_place() -> None:
    [problem] = faults("[community]\nid = \n")
    assert (problem.line, problem.column) == (2, 6)
    [problem] = faults('[community]\nid = """abc')
    assert problem.line == 2
    for text in (f"a = {'[' * 3000}", f"a = {'9' * 5000}"):
        [problem] = faults(f"[community]\n{text}")
        assert problem.line == 2


def test_the_community_needs_an_id_and_a_name_in_both_languages() -> None:
    [problem] = faults("")
    assert "'id' is missing" in problem.message
    [problem] = faults('[community]\nid = "a"\nname = { zh = "甲" }\n')
    assert (problem.line, problem.message) == (3, "community.name: it needs zh and en")


def test_the_page_starts_with_what_is_good() -> None:
    text = (
        '[community]\nid = "a"\nname = { zh = "甲" }\n'
        '[web]\nhost = "::1"\nport = 0.5\n[store]\npath = 3\n'
    )
    settings, problems = parse_settings(text, FILE, {})
    assert len(problems) == 3
    assert (settings.web.host, settings.web.port) == ("::1", 8080)
    assert settings.community.name == {"zh": "甲", "en": "Community"}
    assert settings.store.path == Path("/srv/guanshan/lingdang.db")
    settings, problems = parse_settings("= nonsense", FILE, {})
    assert (settings.community.id, len(problems)) == ("community", 1)
    settings, problems = parse_settings("web = 3\nmodbus = 1\nmqtt = 2\n" + SMALL, FILE, {})
    assert (settings.web.port, len(problems)) == (8080, 3)
    assert settings.store.path.is_absolute()


def test_a_broken_gateway_is_left_out_and_the_others_stay() -> None:
    text = SMALL + (
        '[[modbus]]\nname = "a"\nhost = "h"\nframing = "rtu_over_tcp"\ntimeout = 2\n'
        '[[modbus]]\nname = "b"\n[[modbus]]\nname = "a"\nhost = "h"\n'
        '[[modbus]]\nname = "mqtt"\nhost = "h"\n'
    )
    settings, problems = parse_settings(text, FILE, {})
    assert [(g.name, g.framing, g.timeout) for g in settings.modbus] == [("a", "rtu_over_tcp", 2.0)]
    assert [(p.line, p.message) for p in problems] == [
        (8, "modbus: the key 'host' is missing"),
        (11, "modbus.name: 'a' is taken"),
        (14, "modbus.name: 'mqtt' is taken"),
    ]


def test_the_password_comes_from_the_environment_before_the_file_before_the_settings(
    tmp_path: Path,
) -> None:
    file = str(tmp_path / "lingdang.toml")
    (tmp_path / "pw").write_text("from-file\n", encoding="utf-8")
    by_file = SMALL + '[mqtt]\npassword_file = "pw"\n'
    plain = SMALL + '[mqtt]\npassword = "plain"\n'
    for text, environ, password in (
        (plain, {}, "plain"),
        (by_file, {}, "from-file"),
        (by_file, {"LINGDANG_MQTT_PASSWORD": "from-env"}, "from-env"),
    ):
        mqtt = load_settings(text, file, environ).mqtt
        assert mqtt is not None
        assert mqtt.password == password


def test_a_secret_that_cannot_be_read_or_stands_twice_is_a_fault() -> None:
    [problem] = faults(SMALL + '[mqtt]\npassword_file = "nowhere"\n')
    assert (problem.line, problem.column) == (4, 17)
    assert "/srv/guanshan/nowhere cannot be read" in problem.message
    problems = faults(SMALL + '[mqtt]\npassword = "x"\npassword_file = "nowhere"\n')
    assert "exclude each other" in problems[0].message


def test_the_mqtt_client_is_chosen_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hub.extras.version", lambda _: CODEC_VERSION)
    for client in ("auto", "paho", "fast"):
        mqtt = load(SMALL + f'[mqtt]\nclient = "{client}"\n').mqtt
        assert mqtt is not None
        assert mqtt.client == client
    [problem] = faults(SMALL + '[mqtt]\nclient = "phao"\n')
    assert (problem.line, problem.column, problem.hint) == (4, 10, "did you mean 'paho'?")


@pytest.mark.parametrize("installed", ["", "0.9.0"])
def test_a_fast_client_that_is_not_installed_is_a_fault_and_paho_serves(
    monkeypatch: pytest.MonkeyPatch, installed: str
) -> None:
    def version(name: str) -> str:
        if not installed:
            raise PackageNotFoundError(name)
        return installed

    monkeypatch.setattr("hub.extras.version", version)
    text = SMALL + '[mqtt]\nclient = "fast"\n'
    settings, [problem] = parse_settings(text, FILE, {})
    assert str(problem).startswith(f"{FILE}:4:10: mqtt.client: 'fast' needs mqtt5 0.8.0, which is")
    assert settings.mqtt is not None
    assert settings.mqtt.client == "auto"


def test_the_fast_client_cannot_speak_the_older_protocol() -> None:
    [problem] = faults(SMALL + '[mqtt]\nprotocol = 4\nclient = "fast"\n')
    assert (problem.line, problem.message) == (5, "mqtt.client: 'fast' speaks MQTT 5 only")


def test_the_codec_that_is_asked_for_is_the_one_that_is_locked() -> None:
    project = tomllib.loads((EXAMPLE.parents[1] / "pyproject.toml").read_text("utf-8"))["project"]
    assert project["optional-dependencies"]["fast"] == [f"{CODEC}=={CODEC_VERSION}"]
    for name in ("fast", "dev"):
        lock = (EXAMPLE.parents[1] / "requirements" / f"{name}.txt").read_text("utf-8")
        assert f"\n{CODEC}=={CODEC_VERSION} " in lock
    core = (EXAMPLE.parents[1] / "requirements" / "core.txt").read_text("utf-8")
    assert CODEC not in core


def test_a_sink_needs_an_address_and_a_bucket_and_takes_its_token_like_a_password(
    tmp_path: Path,
) -> None:
    assert load(SMALL).influx is None
    file = str(tmp_path / "lingdang.toml")
    (tmp_path / "token").write_text("from-file\n", encoding="utf-8")
    text = SMALL + '[influx]\nurl = "http://ts:8086"\nbucket = "b"\ntoken_file = "token"\n'
    for environ, token in (({}, "from-file"), ({"LINGDANG_INFLUX_TOKEN": "env"}, "env")):
        influx = load_settings(text, file, environ).influx
        assert influx is not None
        assert (influx.url, influx.bucket, influx.token) == ("http://ts:8086", "b", token)


def test_a_sink_with_a_fault_is_left_out_and_the_rest_runs() -> None:
    settings, problems = parse_settings(SMALL + '[influx]\nurl = "ts:8086"\n', FILE, {})
    assert settings.influx is None
    assert [(p.line, p.message.partition(" - ")[0]) for p in problems] == [
        (3, "influx: the key 'bucket' is missing"),
        (4, "influx.url: Expected `str` matching regex '^https?://[^\\\\s/]'"),
    ]
    [problem] = faults(SMALL + '[influx]\nurl = "http://ts"\nbucket = "b"\ntoken_file = "no"\n')
    assert (problem.line, problem.hint) == (6, "the file holds the secret and nothing else")


def test_networks_are_checked() -> None:
    assert load(SMALL + '[outbound]\nallow = ["10.1.2.0/24"]\n').outbound.allow == ("10.1.2.0/24",)
    [problem] = faults(SMALL + '[outbound]\nallow = ["10.1.2.3/24"]\n')
    assert (problem.line, problem.column) == (4, 9)
    assert "host bits" in problem.message


def test_the_map_finds_keys_behind_comments_strings_and_arrays() -> None:
    text = (
        "# [web]\n"
        "a.b = 1\n"
        "[x.y]\n"
        "dirs = [  # ]\n"
        '  "not = a key", "]",\n'
        "]\n"
        '"quoted key" = """\n'
        "fake = 1\n"
        '"""\n'
        "  z = { one = 1, two = 2 }\n"
        "[[x.list]]\n"
        "[[x.list]]\n"
        "k = 'it''s'\n"
        "[x.list.inner]\n"
        "v = 1\n"
    )
    found = TomlMap(text)
    assert found.value("a", "b") == (2, 7)
    assert found.key("x", "y") == (3, 2)
    assert found.key("x", "y", "dirs") == (4, 1)
    assert found.key("x", "y", "quoted key") == (7, 1)
    assert found.value("x", "y", "z", "two") == (10, 24)
    assert found.value("x", "list", 1, "k") == (13, 5)
    assert found.value("x", "list", 1, "inner", "v") == (15, 5)
    assert found.key("x", "list", 0) == (11, 3)
    assert found.key("x", "y", "fake") == (3, 2)
    assert found.key("nowhere") == (1, 1)


def test_each_heartbeat_has_a_table_and_a_broken_one_is_left_out() -> None:
    good = '[[heartbeat]]\nurl = "https://hc.example/x"\n'
    [beat] = load(SMALL + good).heartbeat
    assert (beat.fail_url, beat.period, beat.method) == (None, 60.0, "POST")
    for line in ('url = "ftp://x"', 'url = "https://u:p@x/"', "period = 0.1", 'method = "PUT"'):
        bad = f'[[heartbeat]]\nurl = "https://hc.example/x"\n{line}\n'
        bad = bad.replace('url = "https://hc.example/x"\nurl', "url")
        [problem] = faults(SMALL + bad)
        assert problem.line, line
    [problem] = faults(SMALL + '[heartbeat]\nurl = "https://hc.example/x"\n')
    assert "write [[heartbeat]]" in str(problem)


@pytest.mark.parametrize(
    ("name", "most"),
    [
        ("keep_vehicle_events", 30),
        ("keep_access_events", 180),
        ("keep_quarantine", 30),
        ("keep_newcomers", 365),
    ],
)
def test_what_concerns_people_cannot_be_kept_for_longer_than_the_law_of_the_house(
    name: str, most: int
) -> None:
    text = '[community]\nid = "x"\n[store]\n' + name + " = "
    settings, problems = parse_settings(f"{text}{most}", "l.toml", {})
    assert (getattr(settings.store, name), problems) == (most, ())
    for wrong in (0, most + 1):
        settings, (problem,) = parse_settings(f"{text}{wrong}", "l.toml", {})
        assert name in str(problem)
        assert getattr(settings.store, name) <= most, "a broken key keeps its default"


LIMITS = """[limits]
hours = ["09:00-12:00", "13:00-24:00"]
calendar = "holidays.toml"
urgency = { normal = "working" }
class = { complex = "working" }
trade = { lift = "continuous" }
"""


def test_limits_say_how_they_run_and_when_people_work() -> None:
    limits = load(SMALL + LIMITS).limits
    assert spans_of(limits) == ((9 * 3600.0, 12 * 3600.0), (13 * 3600.0, 24 * 3600.0))
    assert limits.calendar == Path("/srv/guanshan/holidays.toml")
    assert limits.urgency == {Urgency.NORMAL: Pace.WORKING}
    assert limits.class_ == {Class.COMPLEX: Pace.WORKING}
    assert limits.trade == {"lift": Pace.CONTINUOUS}
    assert load(SMALL).limits == LimitSettings()


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('hours = ["9-12"]', "write 08:30-12:00"),
        ('hours = ["08:30-24:30"]', "write 08:30-12:00"),
        ("hours = []", "write 08:30-12:00"),
        ('hours = ["14:00-17:00", "08:00-12:00"]', "put them in order"),
        ('hours = ["08:00-12:00", "11:00-17:00"]', "put them in order"),
        ('hours = ["12:00-08:00"]', "put them in order"),
        ('urgency = { hurry = "working" }', "urgent, normal, planned"),
        ('class = { general = "slow" }', "one of: continuous, working"),
        ("trade = { lift = 1 }", "one of: continuous, working"),
        ("clock = 1", "there is no key 'clock'"),
    ],
)
def test_a_fault_of_the_limits_is_told_with_its_line(line: str, said: str) -> None:
    [problem] = faults(f"{SMALL}[limits]\n{line}\n")
    assert problem.line == 4
    assert said in str(problem)


FAMILY = '[mqtt]\n[[family]]\nname = "plates"\ndialect = "vzenith"\n'


def test_a_further_dialect_is_a_link() -> None:
    (family,) = load(SMALL + FAMILY + 'prefix = "yard/b"\n').family
    assert (family.name, family.dialect, family.prefix) == ("plates", "vzenith", "yard/b")
    assert load(SMALL + FAMILY).family[0].prefix is None


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (FAMILY.replace("vzenith", "vzenit"), "did you mean 'vzenith'?"),
        (FAMILY.replace("plates", "mqtt"), "'mqtt' is taken"),
        (FAMILY + FAMILY.partition("\n")[2], "'plates' is taken"),
        (FAMILY + FAMILY.partition("\n")[2].replace("plates", "b"), "its topics are another's"),
        (FAMILY + 'prefix = "ld/gs"\n', "the hub's own dialect is spoken"),
        (FAMILY + 'prefix = "a/#"\n', "with / between them"),
        (FAMILY.partition("\n")[2], "it needs a broker"),
        ('[family]\nname = "x"\n', "each dialect has a table of its own"),
    ],
)
def test_a_further_dialect_s_faults_have_their_place(text: str, fault: str) -> None:
    (problem, *_) = faults(SMALL + text)
    assert fault in str(problem)
    assert problem.line > 2


STREAM = '[[stream]]\nname = "nvr-1"\ndialect = "isapi"\nhost = "10.0.0.5"\nusername = "u"\n'


def test_a_stream_has_its_password_from_its_file_or_the_environment(tmp_path: Path) -> None:
    (tmp_path / "nvr.password").write_text("from a file\n", "utf-8")
    text = SMALL + STREAM + 'password_file = "nvr.password"\n'
    for environ, password in (
        ({}, "from a file"),
        ({"LINGDANG_STREAM_NVR_1_PASSWORD": "from outside"}, "from outside"),
    ):
        (stream,) = load_settings(text, str(tmp_path / "lingdang.toml"), environ).stream
        assert (stream.port, stream.silence, stream.password) == (80, 60, password)


def test_each_fault_of_a_stream_is_told_and_the_stream_left_out() -> None:
    wrong = STREAM.replace("isapi", "isappi") + STREAM.replace('"10.0.0.5"', '"http://nvr"')
    twice = '[[modbus]]\nname = "nvr-1"\nhost = "h"\n' + STREAM
    settings, problems = parse_settings(SMALL + wrong, FILE, {})
    assert settings.stream == ()
    assert [problem.hint for problem in problems][:2] == [
        "did you mean 'isapi'?",
        "a name or an address, without http:// and path",
    ]
    (taken,) = parse_settings(SMALL + twice, FILE, {})[1]
    assert taken.message == "stream.name: 'nvr-1' is taken"


def test_a_door_that_cameras_post_to_says_where_and_lifts_nothing_by_itself() -> None:
    good = '[[push]]\nname = "plates"\ndialect = "vzenith-push"\nport = 8090\npath = "/p"\n'
    (push,) = load(SMALL + good).push
    assert (push.host, push.addresses, push.opens) == ("0.0.0.0", (), False)
    wrong = good + 'addresses = ["10.1.2.3/8"]\n'
    settings, (problem,) = parse_settings(SMALL + wrong, FILE, {})
    assert (settings.push, problem.hint) == ((), "write it like 10.1.2.0/24")
    (problem,) = parse_settings(SMALL + good.replace('"/p"', '"p"'), FILE, {})[1][:1]
    assert problem.hint == "as /plates-x7f3"


def test_a_platform_has_twenty_digits_and_every_link_a_name_of_its_own() -> None:
    good = '[[gb28181]]\nname = "gb"\nid = "34020000002000000001"\ndomain = "3402000000"\n'
    (platform,) = load(SMALL + good).gb28181
    assert (platform.port, platform.period) == (5060, 300)
    short = parse_settings(SMALL + good.replace("0001", "1"), FILE, {})[1]
    assert short[0].hint == "20 digits, as on the devices"
    twice = '[[rtsp]]\nname = "gb"\n' + good
    settings, (problem,) = parse_settings(SMALL + twice, FILE, {})
    assert (len(settings.rtsp), settings.gb28181) == (1, ())
    assert problem.message == "gb28181.name: 'gb' is taken"


OIDC = (
    SMALL
    + """[oidc]
issuer = "https://id.example.cn/realms/city"
hub_url = "https://hub.example.cn"
client_id = "lingdang"
claim = "sub"
"""
)


def test_a_provider_of_accounts_has_its_secret_from_a_file_or_the_environment() -> None:
    oidc = load(OIDC, LINGDANG_OIDC_SECRET="hush").oidc
    assert oidc is not None
    assert (oidc.client_secret, oidc.scopes, oidc.prompt) == ("hush", ("openid",), "login")
    [problem] = faults(OIDC + 'client_secret_file = "/nowhere/secret"\n')
    assert "/nowhere/secret cannot be read" in problem.message


@pytest.mark.parametrize(
    ("line", "key"),
    [
        ('issuer = "http://id.example.cn"', "issuer"),
        ('issuer = "https://user@id.example.cn"', "issuer"),
        ('issuer = "https://id.example.cn/?x=1"', "issuer"),
        ('issuer = "http://127.0.0.1.evil.cn"', "issuer"),
        ('hub_url = "https://hub.example.cn/"', "hub_url"),
        ('claim = ""', "claim"),
        ('scopes = ["profile"]', "openid"),
        ('prompt = "none"', "prompt"),
    ],
)
def test_a_provider_that_cannot_be_trusted_is_named_with_its_line(line: str, key: str) -> None:
    name = line.partition(" ")[0]
    kept = [each for each in OIDC.splitlines() if not each.startswith(f"{name} =")]
    [problem] = faults("\n".join([*kept, line, ""]))
    assert problem.line == len(kept) + 1
    assert key in str(problem)
