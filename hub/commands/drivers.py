"""`lingdang drivers`: which dialects and models there are, how good they are, and their pages."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec

from device_drivers.catalogue import load_models, shipped_models
from hub.assembly.dialects import extensions, families, speak_shipped
from hub.commands.dialect_page import Dialect, write_index, write_page
from hub.commands.driver_quality import Proof, confidence_of, proof_of, read_proofs
from hub.commands.own_models import known_models
from hub.errors import HubError
from hub.model.catalogue import DeviceModel

Echo = Callable[[str], None]
SHIPPED = "shipped"


def read_dialects(models: Mapping[str, DeviceModel]) -> list[Dialect]:
    """Return every dialect that ships, with its datasheet, models and proof."""
    proofs, made = read_proofs(), speak_shipped(models)
    return [
        _describe(name, sys.modules[type(driver).__module__], models, proof_of(name, proofs))
        for name, driver in made.items()
    ]


def read_installed(models: Mapping[str, DeviceModel]) -> list[Dialect]:
    """Return the dialects of installed packages; their proof is what the package says itself."""
    return [
        _describe(
            name,
            sys.modules[each.maker.maker.__module__],
            models,
            proof_of(name, read_proofs(each.package)),
        )._replace(origin=each.origin)
        for name, each in extensions().found.items()
    ]


def _describe(
    name: str, module: ModuleType, models: Mapping[str, DeviceModel], proof: Proof
) -> Dialect:
    makers = families()
    return Dialect(
        name=name,
        datasheet=inspect.cleandoc(module.__doc__ or ""),
        models=[model for model in models.values() if model.driver == name],
        proof=proof,
        topics=makers[name].topics if name in makers else None,
    )


def list_drivers(files: Sequence[Path], *, as_json: bool, echo: Echo) -> None:
    """Print each dialect and its models, with the file of each that is not shipped.

    `files` are model files besides the shipped ones, folders of them, or a lingdang.toml.
    """
    known = known_models(files)
    dialects = [*read_dialects(known.models), *read_installed(known.models)]
    write = _as_json if as_json else _as_text
    for line in write(dialects, known.origins):
        echo(line)
    for problem in () if as_json else extensions().problems:
        echo(f"not used: {problem}")


def write_pages(folder: Path, echo: Echo) -> None:
    """Write the page of each dialect, and their index, into a folder."""
    if not folder.is_dir():
        raise HubError(f"{folder}: there is no such folder; make it, or name docs/dialects")
    for name, text in render_pages().items():
        (folder / name).write_text(text, encoding="utf-8")
        echo(f"{folder / name}: written")


def render_pages() -> dict[str, str]:
    """Return the pages of the shipped dialects and models, by file name."""
    dialects = read_dialects(load_models(shipped_models()))
    pages = {f"{dialect.name}.md": write_page(dialect) for dialect in dialects}
    return {"README.md": write_index(dialects), **pages}


def _as_text(dialects: Sequence[Dialect], origins: Mapping[str, str]) -> Iterator[str]:
    for dialect in dialects:
        missing = dialect.proof.missing()
        more = f"; for the next level: {missing}" if missing else ""
        whose = f", by its own word; of {dialect.origin}" if dialect.origin else ""
        yield f"{dialect.name}: {dialect.proof.level}{whose}{more}"
        yield f"  {dialect.title}"
        for model in dialect.models:
            names = " / ".join(filter(None, (model.name.get("zh"), model.name.get("en"))))
            own = f"  ← {origins[model.id]}" if model.id in origins else ""
            yield f"  {model.id:<26} {model.kind:<18} {confidence_of(model):<11} {names}{own}"


def _as_json(dialects: Sequence[Dialect], origins: Mapping[str, str]) -> Iterator[str]:
    for dialect in dialects:
        said: dict[str, Any] = {
            "dialect": dialect.name,
            "title": dialect.title,
            "quality": dialect.proof.level,
            "origin": dialect.origin,
            "models": [
                {
                    "id": model.id,
                    "kind": model.kind,
                    "quality": confidence_of(model),
                    "origin": origins.get(model.id, SHIPPED),
                }
                for model in dialect.models
            ],
        }
        yield msgspec.json.encode(said).decode()
