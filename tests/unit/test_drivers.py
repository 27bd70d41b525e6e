"""`lingdang drivers`: every dialect and model with its quality, and the pages of them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from device_drivers.catalogue import shipped_models
from hub.assembly.dialects import speak_all
from hub.cli import app
from hub.commands.driver_quality import Level, Proof, read_proofs
from hub.commands.drivers import read_dialects, render_pages
from hub.errors import HubError
from tests.support.shipped import MODELS

ROOT = Path(__file__).parents[2]
PAGES = ROOT / "docs" / "dialects"
WHOLE = Proof(
    samples="s", unit="u", silence="x", simulator="m", end_to_end="e",
    firmwares=("1", "2"), field="a plug on a bench",
)  # fmt: skip


def run(*words: str) -> str:
    result = CliRunner().invoke(app, ["drivers", *words], catch_exceptions=False)
    assert result.exit_code == 0
    return result.stdout


def test_every_dialect_and_model_is_listed_with_its_quality() -> None:
    told = [json.loads(line) for line in run("--json").splitlines()]
    assert [each["dialect"] for each in told] == list(speak_all(MODELS))
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


@pytest.mark.parametrize(
    ("changes", "level", "missing"),
    [
        ({}, Level.GOLD, ""),
        ({"field": ""}, Level.SILVER, "a real device"),
        ({"firmwares": ("1",)}, Level.SILVER, "a second firmware"),
        ({"simulator": ""}, Level.BRONZE, "simulator"),
        ({"samples": "", "end_to_end": ""}, Level.UNRATED, "samples, end to end"),
    ],
)
def test_the_level_follows_from_what_is_there(
    changes: dict[str, object], level: Level, missing: str
) -> None:
    fields = {name: getattr(WHOLE, name) for name in WHOLE.__struct_fields__}
    proof = Proof(**{**fields, **changes})
    assert (proof.level, proof.missing()) == (level, missing)


def test_what_a_dialect_claims_is_there() -> None:
    proofs = read_proofs()
    assert set(proofs) <= set(speak_all(MODELS))
    for name, proof in proofs.items():
        for path in (proof.samples, proof.unit, proof.simulator, proof.end_to_end):
            assert (ROOT / path).is_file(), f"{name}: {path}"
        folder = ROOT / "tests" / "fixtures" / "devices" / name
        firmwares = [path for path in folder.glob("*-*[0-9].json") if path.is_file()]
        assert len(firmwares) <= len(proof.firmwares), name


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
