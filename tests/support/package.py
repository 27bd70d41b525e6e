"""Packages that bring drivers, as pip would have installed them: in a folder on the path."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path

from hub.assembly.dialects import extensions

MODEL = """
id = "NAME-sensor"
kind = "sensor"
driver = "NAME"
name = { zh = "某厂传感器", en = "A maker's sensor" }
heartbeat = 300
source = "made up"
confidence = "low"
[points]
temperature = { period = 300 }
[[fields]]
path = "t"
point = "temperature"
"""
DRIVER = '''"""A maker's sensors."""
from device_drivers.dialects.thingsboard import ThingsboardDriver
from device_drivers.family import Topics, Tree, Vocabulary, address_of, report
from device_drivers.payload import read_table
from device_drivers.codecs.json_fields import flatten
from hub.model.report import Topic

class Made:
    api = 1
    name = "NAME"
    topics = Topics(hears=("{p}NAME/+/up",), says=("{p}NAME/{a}/up",))

    def __init__(self, models, prefix=None):
        self._tree, self._words = Tree(self.topics, prefix), Vocabulary(self.name, models)

    def device_address(self, envelope):
        return address_of(self._tree.words(envelope.address)[1])

    def decode(self, envelope, device):
        samples = self._words.of(device.model).samples(flatten(read_table(envelope.payload)))
        return [report(envelope, device, Topic.STATE, samples=samples)]
'''


def install(folder: Path, name: str = "acme", package: str = "", **changes: str) -> None:
    """Put a package into a folder; `changes` are of `driver`, `model` and the text of `points`."""
    package = package or f"lingdang-{name}"
    module = package.replace("-", "_")
    (folder / module / "models").mkdir(parents=True)
    driver, model = changes.get("driver", DRIVER), changes.get("model", MODEL)
    (folder / module / "__init__.py").write_text(fill(driver, name), "utf-8")
    if model:
        (folder / module / "models" / f"{name}-sensor.toml").write_text(fill(model, name), "utf-8")
    told = folder / f"{module}-1.2.dist-info"
    told.mkdir()
    (told / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.2\n")
    points = changes.get("points", f"[lingdang.drivers]\n{name} = {module}:Made\n")
    (told / "entry_points.txt").write_text(points, "utf-8")


def fill(text: str, name: str) -> str:
    """Write a name into a text."""
    return text.replace("NAME", name)


@contextlib.contextmanager
def installed(folder: Path) -> Iterator[None]:
    """Have what is installed in a folder found while the block runs, and nothing of it after."""
    sys.path.insert(0, str(folder))
    extensions.cache_clear()
    try:
        yield
    finally:
        sys.path.remove(str(folder))
        extensions.cache_clear()
        for name in [name for name in sys.modules if name.startswith("lingdang_")]:
            del sys.modules[name]
