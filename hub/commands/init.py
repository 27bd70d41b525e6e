"""`lingdang init`: five answers become a site that `lingdang run` starts."""

from __future__ import annotations

import asyncio
import json
import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from hub.access.people import NewPerson
from hub.access.word import read_name
from hub.commands import tls
from hub.commands.administration import open_office
from hub.errors import ConfigError, InvalidRequestError, Problem
from hub.model.access import Role
from hub.services.sheets.table import core_names
from hub.settings import Settings, load_settings

Echo = Callable[[str], None]
CONFIG = "lingdang.toml"
NONE = "none"
LONGEST = 60
_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")
_ADDRESS = re.compile(r"(?P<host>[A-Za-z0-9.\-]{1,200}):(?P<port>[0-9]{1,5})")


class Question(NamedTuple):
    """One question; `check` returns the answer, or raises ValueError with the next step."""

    zh: str
    en: str
    usual: str
    check: Callable[[str], str]

    @property
    def text(self) -> str:
        """The question in both languages."""
        return f"{self.zh} {self.en}"


def _check_name(text: str) -> str:
    name = text.strip()
    if not name or len(name) > LONGEST or not name.isprintable():
        raise ValueError(f"写 1 到 {LONGEST} 个字。 Write 1 to {LONGEST} characters.")
    return name


def _check_id(text: str) -> str:
    if not _ID.fullmatch(text):
        raise ValueError(
            "1 到 32 个小写字母、数字、- 或 _，例如 guanshan。"
            " 1 to 32 of a-z 0-9 _ -, the first a letter or digit."
        )
    return text


def _check_address(text: str) -> str:
    found = _ADDRESS.fullmatch(text)
    if found is None or not 0 < int(found["port"]) <= 65_535:  # noqa: PLR2004 - the last port
        raise ValueError("写成 192.168.1.5:8080 这样。 Write it like 192.168.1.5:8080.")
    return text


def _check_broker(text: str) -> str:
    return text if text == NONE else _check_address(text)


def _check_login(text: str) -> str:
    try:
        return read_name(text)
    except InvalidRequestError as error:
        raise ValueError(str(error)) from None


QUESTIONS: dict[str, Question] = {
    "name": Question("社区叫什么名字？", "What is the community called?", "社区", _check_name),
    "id": Question(
        "社区的编号（进 MQTT 主题，以后不能改）？",
        "Its id, which begins topics and never changes?",
        "community",
        _check_id,
    ),
    "broker": Question(
        f"MQTT broker 的地址？没有写 {NONE}。",
        f"Where is the MQTT broker? {NONE} without one.",
        "127.0.0.1:1883",
        _check_broker,
    ),
    "listen": Question(
        "网页在哪个地址？给别的电脑看写 0.0.0.0:8080。",
        "Where are pages served? 0.0.0.0:8080 lets other machines in.",
        "127.0.0.1:8080",
        _check_address,
    ),
    "administrator": Question(
        "第一个管理员的登录名？", "The first administrator's login?", "admin", _check_login
    ),
}
"""The five questions, by the name of their option."""


def write_site(folder: Path, answers: Mapping[str, str], echo: Echo) -> None:
    """Write a site and its first administrator; ConfigError where something is there already."""
    checked = {name: QUESTIONS[name].check(answers[name]) for name in QUESTIONS}
    texts = {
        "places.csv": f"{','.join(core_names('places'))}\n{checked['id']},"
        f"{_csv(checked['name'])},community,\n",
        "devices.csv": f"{','.join(core_names('devices'))}\n",
        CONFIG: _settings(checked),
    }
    _refuse_what_is_there(folder, (*texts, "lingdang.db"))
    settings = load_settings(texts[CONFIG], CONFIG, os.environ)
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("rules", "models"):
        (folder / name).mkdir(exist_ok=True)
    for name, text in texts.items():
        (folder / name).write_text(text, "utf-8")
    if settings.tls:
        tls.make_files(folder / tls.FOLDER, checked["name"], tls.find_hosts(settings))
    code = asyncio.run(_add_first(folder / CONFIG, checked["administrator"]))
    for line in (*_next_steps(folder / CONFIG, checked, code), *_trust(folder, settings)):
        echo(line)


def _refuse_what_is_there(folder: Path, names: tuple[str, ...]) -> None:
    problems = [
        Problem(
            file=str(folder / name),
            message="it is there already, and nothing was written",
            hint="name another folder, or take it away yourself",
            zh="已经存在，什么都没有写入",
            zh_hint="换一个文件夹，或自己移走它",
        )
        for name in names
        if (folder / name).exists()
    ]
    if problems:
        raise ConfigError(*problems)


def _settings(answers: Mapping[str, str]) -> str:
    host, _, port = answers["listen"].rpartition(":")
    prefix = re.sub(r"[^A-Z0-9]", "", answers["id"].upper())[:4] or "LD"
    name = json.dumps(answers["name"], ensure_ascii=False)
    return f"""# 铃铛的配置。全部设置见 deploy/lingdang.example.toml；改完用 lingdang check 检查。
# deploy/lingdang.example.toml shows every key; `lingdang check` lists every fault at once.

[community]
id = "{answers["id"]}"
name = {{ zh = {name}, en = {name} }}
prefix = "{prefix}"

[store]
path = "lingdang.db"

[web]
host = "{host}"
port = {port}
{_tls(host, int(port))}{_broker(answers["broker"])}
[site]
devices = "devices.csv"
places = "places.csv"

[rules]
dirs = ["rules"]

[models]
dirs = ["models"]
"""


def _tls(host: str, port: int) -> str:
    """Encrypt what leaves the machine; on the machine itself browsers trust it as it is."""
    return "" if host in {"127.0.0.1", "localhost"} else f"\n{tls.tls_section(port)}"


def _trust(folder: Path, settings: Settings) -> tuple[str, ...]:
    """Say how telephones come to trust the pages, where these are encrypted."""
    if settings.tls is None:
        return ()
    host = next(iter(tls.own_addresses()), settings.web.host)
    return (
        f"4. 手机先打开 Telephones first open: http://{host}:{settings.tls.plain_port}/trust",
        *tls.describe(folder / tls.FOLDER),
    )


def _broker(address: str) -> str:
    if address == NONE:
        return ""
    host, _, port = address.rpartition(":")
    return f"""
[mqtt]
host = "{host}"
port = {port}
# username = "hub"
# password_file = "mqtt.password"
"""


def _csv(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if set(text) & set(',"') else text


async def _add_first(config: Path, name: str) -> str:
    async with open_office(config) as office:
        return (await office.add(NewPerson(name=name, role=Role.ADMINISTRATOR))).code


def _next_steps(config: Path, answers: Mapping[str, str], code: str) -> tuple[str, ...]:
    where = answers["listen"].replace("0.0.0.0", "127.0.0.1")  # noqa: S104 - as text
    scheme = "https" if _tls(answers["listen"].rpartition(":")[0], 1) else "http"
    return (
        f"写好了 Written: {config}",
        f"1. lingdang run {config}",
        f"2. {scheme}://{where}  {answers['administrator']}  {code}",
        "   一次性登录码，24 小时内有效。 A one-time code for 24 hours; choose a password with it.",
        f"3. lingdang export site.xlsx --config {config}",
        "   填好再导入，见 docs/onboarding.md。 Fill it in and import it: docs/onboarding.md.",
    )
