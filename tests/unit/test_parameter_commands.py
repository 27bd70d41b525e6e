"""`lingdang rules set` and its like in a store whose hub does not run: the same office."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.test_administration import call, config

__all__ = ["config"]
RULE = "barrier-stuck-open"


def test_parameters_are_set_and_put_back_in_the_store(
    config: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LINGDANG_CONFIG", str(config))

    def say(*words: str) -> str:
        assert call(monkeypatch, "rules", *words) == 0
        return capsys.readouterr().out

    model = ("--model", "ld-barrier-gate")
    say("set", RULE, "limit=5m", "--place", "x", "--why", "搬家多")
    say("set", RULE, "limit=4m", *model, "--why", "型号慢")
    both = say("parameters", RULE)
    assert "version 2: limit=3m" in both
    assert both.index("place x") < both.index("limit=5m") < both.index("model ld-barrier-gate")
    say("unset", RULE, *model, "--why", "不慢")
    assert "ld-barrier-gate" not in say("parameters", RULE)
    say("restore", RULE, "0", "--why", "出厂的好")
    shown = say("parameters", RULE)
    assert "version 4" in shown
    assert "place x" not in shown


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("set", RULE, "limit", "--why", "x"), 2, "write NAME=VALUE"),
        (("set", RULE, "limt=5m", "--why", "x"), 1, "it has limit"),
        (("set", RULE, "limit=5m", "--place", "y", "--why", "x"), 1, "there is no place 'y'"),
        (("unset", RULE, "--why", "x"), 1, "nothing is set there"),
        (("parameters", "barrier-stuck-opne"), 1, "barrier-stuck-open"),
    ],
)
def test_a_refusal_is_a_sentence(
    config: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: tuple[str, ...],
    code: int,
    said: str,
) -> None:
    assert call(monkeypatch, "rules", *words, "--config", str(config)) == code
    assert said in capsys.readouterr().err
