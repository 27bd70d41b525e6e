"""Settings of one hub, from `lingdang.toml`: parsed once, strictly, every fault with its place.

Secrets come from a file (`password_file`, `token_file`) or the environment
(`LINGDANG_MQTT_PASSWORD`, `LINGDANG_INFLUX_TOKEN`, `LINGDANG_OIDC_SECRET`). Relative paths are
relative to the settings' own file.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Annotated, Literal, TypeVar

import msgspec
from msgspec import Meta

from hub.config.bell_settings import BellSettings, read_bells
from hub.config.buses import (
    DtuSettings,
    LineSettings,
    ModbusSettings,
    Port,
    read_buses,
    read_dtus,
)
from hub.config.discovery import HomeAssistantSettings
from hub.config.families import SHIPPED, FamilySettings, read_families
from hub.config.limits import LimitSettings, read_limits
from hub.config.oidc import OidcSettings, read_oidc
from hub.config.outward import (
    HeartbeatSettings,
    OutboundSettings,
    read_heartbeats,
    read_outbound,
)
from hub.config.public import TlsSettings, WebSettings, WhistleSettings
from hub.config.receiver_settings import ReceiverSettings, read_receivers
from hub.config.secret import add_secret
from hub.config.storage import StoreSettings
from hub.config.streams import (
    Gb28181Settings,
    PushSettings,
    RtspSettings,
    StreamSettings,
    read_network_devices,
)
from hub.config.toml_reader import TomlReader
from hub.errors import ConfigError, Problem
from hub.extras import Client, check_client

T = TypeVar("T", bound=msgspec.Struct)

PASSWORD_VARIABLE = "LINGDANG_MQTT_PASSWORD"  # noqa: S105 - its name
TOKEN_VARIABLE = "LINGDANG_INFLUX_TOKEN"  # noqa: S105 - its name

CommunityId = Annotated[
    str,
    Meta(
        pattern=r"^[a-z0-9][a-z0-9_-]{0,31}$",
        description="1 to 32 of a-z 0-9 _ -, the first a letter or digit",
    ),
]
Prefix = Annotated[
    str, Meta(pattern=r"^[A-Z0-9]{1,8}$", description="1 to 8 of A-Z 0-9, such as GS")
]

_NO_NAME = {"zh": "社区", "en": "Community"}


class CommunitySettings(msgspec.Struct, frozen=True, kw_only=True):
    """The community; `id` stands in topics and feed ids, `prefix` before ticket numbers.

    Bells speak `language` to whoever has none of their own.
    """

    id: CommunityId = "community"
    name: dict[str, str] = msgspec.field(default_factory=lambda: dict(_NO_NAME))
    prefix: Prefix = "LD"
    language: Literal["zh", "en"] = "zh"


class MqttSettings(msgspec.Struct, frozen=True, kw_only=True):
    """The broker; `protocol` is 5 or 4 (3.1.1), `keepalive` in seconds, `client` the library."""

    host: str = "127.0.0.1"
    port: Port = 1883
    username: str = ""
    password: str = ""
    password_file: Path | None = None
    tls: bool = False
    ca_file: Path | None = None
    protocol: Literal[4, 5] = 5
    keepalive: Annotated[int, Meta(ge=5, le=3600)] = 30
    client: Client = "auto"


class InfluxSettings(msgspec.Struct, frozen=True, kw_only=True):
    """InfluxDB 2, or what takes its line protocol, as a further home of readings."""

    url: Annotated[str, Meta(pattern=r"^https?://[^\s/]", description="write http://host:8086")]
    bucket: Annotated[str, Meta(min_length=1)]
    org: str = ""
    token: str = ""
    token_file: Path | None = None


class FloodSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How much a device may say on each topic: `rate` a second for long, `burst` at once."""

    rate: Annotated[float, Meta(gt=0, le=100_000)] = 5.0
    burst: Annotated[int, Meta(ge=1, le=1_000_000)] = 600


class SiteSettings(msgspec.Struct, frozen=True, kw_only=True):
    """The sheets with the devices and the places."""

    devices: Path = Path("devices.csv")
    places: Path = Path("places.csv")


class FolderSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Folders of rules, models or profiles; they override shipped ones by id, later ones win."""

    dirs: tuple[Path, ...] = ()


class DutySettings(msgspec.Struct, frozen=True, kw_only=True):
    """The file of rosters and plans of escalation; without one the shipped plans count."""

    file: Path | None = None


class ScorecardSettings(msgspec.Struct, frozen=True, kw_only=True):
    """The file of the scorecard; without one nothing is judged."""

    file: Path | None = None


class DemoSettings(msgspec.Struct, frozen=True, kw_only=True):
    """A demo or drill.

    `test` marks its incidents, `speed` and `clock_origin` (epoch seconds) bend the clock, `access`
    is the file with its people and keys.
    """

    test: bool = False
    speed: Annotated[float, Meta(gt=0, le=10_000)] = 1.0
    clock_origin: Annotated[float, Meta(ge=0)] = 0.0
    access: Path | None = None


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Everything; `mqtt` is None where the hub has no broker, `influx` where it has no sink.

    `home_assistant` is None where nothing was ever announced there, `oidc` where people sign in
    with passwords alone, `tls` where pages go in the clear.
    """

    community: CommunitySettings = CommunitySettings()
    store: StoreSettings = StoreSettings()
    web: WebSettings = WebSettings()
    oidc: OidcSettings | None = None
    tls: TlsSettings | None = None
    whistle: WhistleSettings = WhistleSettings()
    mqtt: MqttSettings | None = None
    modbus: tuple[ModbusSettings, ...] = ()
    line: tuple[LineSettings, ...] = ()
    dtu: tuple[DtuSettings, ...] = ()
    family: tuple[FamilySettings, ...] = ()
    stream: tuple[StreamSettings, ...] = ()
    push: tuple[PushSettings, ...] = ()
    rtsp: tuple[RtspSettings, ...] = ()
    gb28181: tuple[Gb28181Settings, ...] = ()
    influx: InfluxSettings | None = None
    home_assistant: HomeAssistantSettings | None = None
    flood: FloodSettings = FloodSettings()
    site: SiteSettings = SiteSettings()
    rules: FolderSettings = FolderSettings()
    models: FolderSettings = FolderSettings()
    profiles: FolderSettings = FolderSettings()
    limits: LimitSettings = LimitSettings()
    duty: DutySettings = DutySettings()
    scorecard: ScorecardSettings = ScorecardSettings()
    outbound: OutboundSettings = OutboundSettings()
    heartbeat: tuple[HeartbeatSettings, ...] = ()
    bell: tuple[BellSettings, ...] = ()
    receiver: tuple[ReceiverSettings, ...] = ()
    demo: DemoSettings = DemoSettings()


def load_settings(text: str, file: str, environ: Mapping[str, str]) -> Settings:
    """Read the settings, or raise ConfigError with every fault; `file` names them in messages."""
    settings, problems = parse_settings(text, file, environ)
    if problems:
        raise ConfigError(*problems)
    return settings


def parse_settings(
    text: str, file: str, environ: Mapping[str, str], dialects: Collection[str] = SHIPPED
) -> tuple[Settings, tuple[Problem, ...]]:
    """Read what is good: broken keys keep their default, broken gateways are left out.

    `dialects` are those that a `[[family]]` may speak.
    """
    reader = TomlReader(text, file)
    reader.check_names(reader.tables, dict.fromkeys(Settings.__struct_fields__))
    modbus = read_buses(reader, "modbus", ModbusSettings, ())
    line = read_buses(reader, "line", LineSettings, [each.name for each in modbus])
    taken = [each.name for each in (*modbus, *line)]
    dtu = read_dtus(reader, taken)
    taken += [each.name for each in dtu]
    family = read_families(reader, taken, dialects)
    taken += [each.name for each in family]
    settings = Settings(
        community=_read_community(reader),
        store=_read_section(reader, "store", StoreSettings),
        web=_read_section(reader, "web", WebSettings),
        oidc=read_oidc(reader, environ),
        tls=_read_tls(reader),
        whistle=_read_section(reader, "whistle", WhistleSettings),
        mqtt=_read_mqtt(reader, environ),
        modbus=modbus,
        line=line,
        dtu=dtu,
        family=family,
        **read_network_devices(reader, environ, taken)._asdict(),
        influx=_read_influx(reader, environ),
        home_assistant=_read_home_assistant(reader),
        flood=_read_section(reader, "flood", FloodSettings),
        site=_read_section(reader, "site", SiteSettings),
        rules=_read_section(reader, "rules", FolderSettings),
        models=_read_section(reader, "models", FolderSettings),
        profiles=_read_section(reader, "profiles", FolderSettings),
        limits=read_limits(reader),
        duty=_read_section(reader, "duty", DutySettings),
        scorecard=_read_section(reader, "scorecard", ScorecardSettings),
        outbound=read_outbound(reader),
        heartbeat=read_heartbeats(reader),
        bell=read_bells(reader, environ),
        receiver=read_receivers(reader, environ),
        demo=_read_section(reader, "demo", DemoSettings),
    )
    return settings, tuple(sorted(reader.problems, key=lambda each: (each.line, each.column)))


def _read_section(reader: TomlReader, name: str, type_: type[T]) -> T:
    part = reader.read(type_, reader.tables.get(name, {}), name)
    return part or reader.read(type_, {}, name) or type_()


def _read_community(reader: TomlReader) -> CommunitySettings:
    community = _read_section(reader, "community", CommunitySettings)
    table = reader.tables.get("community", {})
    if reader.is_toml and isinstance(table, dict) and "id" not in table:
        reader.add("the key 'id' is missing", "community", hint="add it; topics begin with it")
    if set(community.name) == set(_NO_NAME):
        return community
    reader.add("it needs zh and en", "community", "name", hint='{ zh = "…", en = "…" }')
    name = {key: community.name.get(key, word) for key, word in _NO_NAME.items()}
    return msgspec.structs.replace(community, name=name)


def _read_mqtt(reader: TomlReader, environ: Mapping[str, str]) -> MqttSettings | None:
    if "mqtt" not in reader.tables:
        return None
    mqtt = reader.read(MqttSettings, reader.tables["mqtt"], "mqtt") or MqttSettings()
    client = check_client(reader, mqtt.client, mqtt.protocol)
    mqtt = msgspec.structs.replace(mqtt, client=client)
    return add_secret(reader, environ.get(PASSWORD_VARIABLE), mqtt, "mqtt", "password")


def _read_tls(reader: TomlReader) -> TlsSettings | None:
    if "tls" not in reader.tables:
        return None
    # A broken section must not send passwords in the clear: without its files nothing is served.
    missing = TlsSettings(certificate_file=Path(), key_file=Path())
    return reader.read(TlsSettings, reader.tables["tls"], "tls") or missing


def _read_home_assistant(reader: TomlReader) -> HomeAssistantSettings | None:
    if "home_assistant" not in reader.tables:
        return None
    if "mqtt" not in reader.tables:
        reader.add("it needs a broker", "home_assistant", hint="write [mqtt]")
        return None
    return reader.read(HomeAssistantSettings, reader.tables["home_assistant"], "home_assistant")


def _read_influx(reader: TomlReader, environ: Mapping[str, str]) -> InfluxSettings | None:
    if "influx" not in reader.tables:
        return None
    influx = reader.read(InfluxSettings, reader.tables["influx"], "influx")
    secret = environ.get(TOKEN_VARIABLE)
    return influx and add_secret(reader, secret, influx, "influx", "token")
