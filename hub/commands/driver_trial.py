"""`lingdang driver test`: the conformance suite on a driver, installed or not."""

from __future__ import annotations

import inspect
import sys
import tomllib
from collections.abc import Callable, Iterator
from importlib import import_module
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from device_drivers.catalogue import load_models
from device_drivers.conformance.sample import read_folder
from device_drivers.conformance.subject import Maker, Subject
from device_drivers.conformance.suite import run_suite
from device_drivers.extension import GROUP
from hub.assembly.dialects import extensions, model_texts, speak_shipped
from hub.assembly.loading import read_text
from hub.errors import ConfigError, HubError, Problem

Echo = Callable[[str], None]
FIXTURES = Path("tests") / "fixtures" / "devices"
"""Where the samples of shipped drivers stand in the source tree."""


def hold_to_laws(what: str, fixtures: Path | None, echo: Echo) -> int:
    """Run the suite and print the verdict of each law; 0 where all hold.

    `what` is the name of a driver, or the folder of a package that is not installed.
    """
    failed = 0
    for subject in find_subjects(what, fixtures):
        echo(f"{subject.name}: {len(subject.messages)} samples, {len(subject.own)} models")
        for verdict in run_suite(subject):
            failed += bool(verdict.faults)
            echo(f"  {'broken' if verdict.faults else 'kept  '}  {verdict.law}")
            for fault in verdict.faults:
                echo(f"          - {fault}")
    echo(
        f"{failed} 条规则不符合 / {failed} laws are broken"
        if failed
        else "全部符合 / all laws are kept"
    )
    return 1 if failed else 0


def find_subjects(what: str, fixtures: Path | None = None) -> Iterator[Subject]:
    """Yield the driver of a name, or those of an unpacked package.

    Raises HubError where there is none, ConfigError for a fixture or model file with faults.
    """
    if Path(what).is_dir():
        yield from _of_folder(Path(what), fixtures)
    elif what in extensions().found:
        extension = extensions().found[what]
        yield _subject(what, extension.maker.maker, model_texts(), extension.package, fixtures)
    else:
        yield _of_shipped(what, fixtures)


def _of_shipped(name: str, fixtures: Path | None) -> Subject:
    drivers = speak_shipped({})
    if name not in drivers:
        refused = [str(each) for each in extensions().problems]
        known = ", ".join([*drivers, *extensions().found])
        raise HubError(
            "\n".join([f"no driver and no folder {name!r}; there are {known}", *refused])
        )
    maker = type(drivers[name])
    folder = fixtures or Path(str(files("device_drivers"))).parent / FIXTURES / name
    if not folder.is_dir():
        raise HubError(f"the samples of shipped drivers are in the source tree; name them by "
                       f"--fixtures, as --fixtures {FIXTURES / name}")  # fmt: skip
    return Subject(
        name=name,
        maker=maker,
        models=load_models(model_texts()),
        messages=read_folder(folder),
        sources={f"{maker.__module__}.py": inspect.getsource(sys.modules[maker.__module__])},
    )


def _of_folder(folder: Path, fixtures: Path | None) -> Iterator[Subject]:
    file = folder / "pyproject.toml"
    try:
        project = tomllib.loads(read_text(file))["project"]
        points = project["entry-points"][GROUP]
    except (tomllib.TOMLDecodeError, KeyError) as error:
        problem = Problem(
            file=str(file),
            message=f"it names no driver ({error})",
            hint=f'write [project.entry-points."{GROUP}"], as `lingdang driver new` does',
        )
        raise ConfigError(problem) from error
    root = folder / "src" if (folder / "src").is_dir() else folder
    sys.path.insert(0, str(root.resolve()))
    for name, value in points.items():
        module, _, attribute = value.partition(":")
        package = root / module.partition(".")[0]
        try:
            maker = getattr(import_module(module), attribute)
        except (Exception, SystemExit) as error:
            raise HubError(
                f"{file}: {value} cannot be loaded ({type(error).__name__}: {error}); name the "
                "driver's class as module:Class"
            ) from error
        own = {str(each): read_text(each) for each in sorted(package.glob("models/*.toml"))}
        yield _subject(name, maker, {**model_texts(), **own}, package, fixtures)


def _subject(
    name: str,
    maker: Maker,
    models: dict[str, str],
    package: Traversable,
    fixtures: Path | None,
) -> Subject:
    samples: Traversable = fixtures or package / "fixtures"
    return Subject(
        name=name,
        maker=maker,
        models=load_models(models),
        messages=read_folder(samples) if samples.is_dir() else [],
        sources=dict(_sources(package)),
        is_foreign=True,
    )


def _sources(package: Traversable) -> Iterator[tuple[str, str]]:
    for each in sorted(package.iterdir(), key=lambda entry: entry.name):
        if each.is_dir() and each.name != "__pycache__":
            yield from _sources(each)
        elif each.name.endswith(".py"):
            yield str(each), each.read_text(encoding="utf-8")
