"""`lingdang drivers`: every dialect and model with its quality, and the pages of them."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from typer.testing import CliRunner

from device_drivers.catalogue import shipped_models
from hub.assembly.dialects import speak_shipped
from hub.cli import app
from hub.commands.driver_quality import NONE, Level, Proof, read_proofs
from hub.commands.drivers import read_dialects, render_pages
from hub.errors import HubError
from tests.support.shipped import MODELS

ROOT = Path(__file__).parents[2]
PAGES = ROOT / "docs" / "dialects"
WHOLE = Proof(
    samples="s", unit="u", silence="x", simulator="m", reading="r", event="e", ticket="t",
    silent=("a",),
    firmwares=("1", "2"), field="a plug on a bench",
)  # fmt: skip


def run(*words: str) -> str:
    result = CliRunner().invoke(app, ["drivers", *words], catch_exceptions=False)
    assert result.exit_code == 0
    return result.stdout


def test_every_dialect_and_model_is_listed_with_its_quality() -> None:
    told = [json.loads(line) for line in run("--json").splitlines()]
    assert [each["dialect"] for each in told] == list(speak_shipped(MODELS))
    assert {model["id"] for each in told for model in each["models"]} == set(MODELS)
    assert all(each["title"] and each["quality"] != "unrated" for each in told)
    qualities = {model["quality"] for each in told for model in each["models"]}
    assert qualities <= {"high", "medium-high", "medium", "low"}


def test_people_read_the_same_with_names_and_what_is_missing() -> None:
    text = run()
    assert "tasmota: silver; for the next level: a second firmware, a real device" in text
    assert "水浸传感器（Zigbee） / Leak sensor, Zigbee" in text


def test_a_model_of_one_s_own_is_listed_too(tmp_path: Path) -> None:
    own = shipped_models()["tasmota-meter.toml"].replace('"tasmota-meter"', '"ours"')
    (tmp_path / "ours.toml").write_text(own, encoding="utf-8")
    assert "  ours " in run(str(tmp_path / "ours.toml"))
    config = tmp_path / "lingdang.toml"
    config.write_text('[community]\nid = "x"\n[models]\ndirs = ["own"]\n', encoding="utf-8")
    (tmp_path / "own").mkdir()
    (tmp_path / "ours.toml").rename(tmp_path / "own" / "ours.toml")
    for path in (config, tmp_path / "own"):
        (line,) = (each for each in run(str(path)).splitlines() if each.startswith("  ours "))
        assert line.endswith(f"← {tmp_path}/own/ours.toml")
    told = [json.loads(line) for line in run("--json", str(config)).splitlines()]
    origins = {model["id"]: model["origin"] for each in told for model in each["models"]}
    assert origins.pop("ours") == f"{tmp_path}/own/ours.toml"
    assert set(origins.values()) == {"shipped"}


@pytest.mark.parametrize(
    ("changes", "level", "missing"),
    [
        ({}, Level.GOLD, ""),
        ({"field": ""}, Level.SILVER, "a real device"),
        ({"firmwares": ("1",)}, Level.SILVER, "a second firmware"),
        ({"simulator": ""}, Level.BRONZE, "simulator"),
        ({"samples": "", "event": ""}, Level.UNRATED, "samples, the way to an event"),
    ],
)
def test_the_level_follows_from_what_is_there(
    changes: dict[str, object], level: Level, missing: str
) -> None:
    fields = {name: getattr(WHOLE, name) for name in WHOLE.__struct_fields__}
    proof = Proof(**{**fields, **changes})
    assert (proof.level, proof.missing()) == (level, missing)


def test_what_a_dialect_claims_is_there() -> None:
    for name, proof in read_proofs().items():
        for path in (proof.samples, proof.unit, proof.simulator):
            assert (ROOT / path).is_file(), f"{name}: {path}"
        folder = ROOT / "tests" / "fixtures" / "devices" / name
        firmwares = [path for path in folder.glob("*-*[0-9].json") if path.is_file()]
        assert len(firmwares) <= len(proof.firmwares), name


HUB_CLIENT = "tests/integration/test_hub_client.py"
OWN = "test_a_hub_says_which_client_it_uses_and_hears_faults_by_it"


@cache
def sources_of(path: str) -> dict[str, str]:
    """Return the source of each test of a module, by name."""
    text = (ROOT / path).read_text("utf-8")
    return {
        node.name: text
        for node in ast.parse(text).body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }


def fault_of_way(dialect: str, named: str, where: str) -> str:
    """Say what is wrong with the test that is named for a dialect; empty where nothing is."""
    path, _, name = named.partition("::")
    if named.startswith(NONE):
        return "" if len(named) > 20 else "say why there is none"
    if not path.startswith(where):
        return f"{named!r} is no test below {where}"
    if name not in sources_of(path):
        return f"there is no {named}"
    words = {dialect, *(model.id for model in MODELS.values() if model.driver == dialect)}
    words |= {"ld-", "barrier_gate"} if dialect == "lingdang" else set()
    speaks = any(word in sources_of(path)[name] for word in words)
    return "" if speaks or where == "tests/" else f"{path} has no device of it"


def ways() -> Iterator[tuple[str, str, str, str]]:
    """Yield (dialect, what, test, where it must be) of each shipped dialect."""
    proofs = read_proofs()
    for dialect in speak_shipped(MODELS):
        proof = proofs.get(dialect, Proof())
        for what in ("reading", "event", "ticket"):
            yield dialect, what, getattr(proof, what), "tests/integration/"
        for named in proof.silent or ("",):
            yield dialect, "silent", named, "tests/"


def test_each_dialect_is_tried_from_its_socket_to_a_ticket_and_in_its_silence() -> None:
    assert set(read_proofs()) == set(speak_shipped(MODELS))
    told = [
        f"{dialect}: {what}: {fault}"
        for dialect, what, named, where in ways()
        if (fault := fault_of_way(dialect, named, where))
    ]
    assert told == [], "device_drivers/quality.toml names a test for each"


@pytest.mark.parametrize(
    ("named", "fault"),
    [
        ("", "'' is no test below tests/integration/"),
        ("none: so", "say why there is none"),
        ("tests/unit/test_drivers.py::run", "is no test below tests/integration/"),
        (f"{HUB_CLIENT}::test_x", f"there is no {HUB_CLIENT}::test_x"),
        (f"{HUB_CLIENT}::{OWN}", f"{HUB_CLIENT} has no device of it"),
    ],
)
def test_a_dialect_without_such_a_test_is_found(named: str, fault: str) -> None:
    assert fault in fault_of_way("tasmota", named, "tests/integration/")


def test_every_datasheet_has_a_sample_and_a_source() -> None:
    for dialect in read_dialects(MODELS):
        assert len(dialect.title) > 20, dialect.name
        if dialect.topics is not None:
            for word in ("Topics", "Liveness:", "Sample:", "Firmware seen:", "Source:"):
                assert word in dialect.datasheet or dialect.name.startswith("thingsboard"), word


def test_the_pages_are_not_stale() -> None:
    stored = {path.name: path.read_text("utf-8") for path in PAGES.glob("*.md")}
    command = "lingdang drivers --pages docs/dialects"
    assert stored == render_pages(), f"write them anew: {command}"


def test_pages_go_into_a_folder_that_is_there(tmp_path: Path) -> None:
    told = run("--pages", str(tmp_path))
    assert {path.name for path in tmp_path.iterdir()} == set(render_pages())
    assert told.count("written") == len(render_pages())
    with pytest.raises(HubError, match="no such folder"):
        CliRunner().invoke(app, ["drivers", "--pages", str(tmp_path / "x")], catch_exceptions=False)
