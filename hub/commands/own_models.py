"""Model files of the site beside the shipped ones, as commands are given them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from device_drivers.catalogue import load_models
from hub.assembly.dialects import model_texts
from hub.assembly.loading import read_settings, read_text
from hub.errors import ConfigError, Problem
from hub.model.catalogue import DeviceModel

CONFIG = "lingdang.toml"


class Known(NamedTuple):
    """Models by id, and the file of each that is not shipped."""

    models: dict[str, DeviceModel]
    origins: dict[str, str]


def known_models(paths: Sequence[Path]) -> Known:
    """Read the shipped models, and those of `paths`: files, folders, or a site's lingdang.toml.

    A later file overrides an earlier one's id. Raises ConfigError with every fault.
    """
    texts = {str(file): read_text(file) for path in paths for file in _files(path)}
    models = load_models({**model_texts(), **texts})
    origins = {model: name for name, text in texts.items() for model in load_models({name: text})}
    return Known(models, origins)


def _files(path: Path) -> Iterator[Path]:
    if path.name == CONFIG:
        settings, problems = read_settings(path)
        if problems:
            raise ConfigError(*problems)
        for folder in settings.models.dirs:
            yield from _files(folder)
    elif path.is_dir():
        yield from sorted(path.glob("*.toml"))
    elif path.exists():
        yield path
    else:
        hint = "name a model file, a folder of them, or the site's lingdang.toml"
        raise ConfigError(Problem(file=str(path), message="there is no such file", hint=hint))
