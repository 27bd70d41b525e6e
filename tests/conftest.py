"""What every test may rely on: servers that must be there in CI, and no task left behind."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from operator import itemgetter
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("lingdang", deadline=None)
settings.load_profile("lingdang")
# A deadline would make every property a timed test, and machines are shared.

IN_CI = os.environ.get("CI") == "true"
PLACES = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/local/sbin"])
NAMES = {"chromium": ("chromium", "chromium-browser")}
PACKAGES = {"sipp": "sip-tester"}
"""Program → the Debian package that has it, where that is another word."""
TESTS = Path(__file__).parent
COMPUTING = {"unit", "property"}
"""Folders whose tests compute; the others wait for processes, and for time to pass."""
WAITING_SHARE = 0.8
"""Of the run within which the files that wait have begun: what is left at its end is short."""
TURNS_TO_FINISH = 3
"""Turns of the loop in which a closed transport may still say goodbye."""


def find_server(name: str) -> Path | None:
    """Return the program that runs the server, or None."""
    found = (shutil.which(each, path=PLACES) for each in NAMES.get(name, (name,)))
    return next((Path(path) for path in found if path), None)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mix files that wait with files that compute, so that workers always do both at a time."""
    by_folder: dict[str, dict[Path, list[pytest.Item]]] = {}
    for item in items:
        folder = item.path.relative_to(TESTS).parts[0]
        by_folder.setdefault(folder, {}).setdefault(item.path, []).append(item)
    turns = [
        ((1.0 if folder in COMPUTING else WAITING_SHARE) * (number + 0.5) / len(files), here)
        for folder, files in by_folder.items()
        for number, here in enumerate(files.values())
    ]
    items[:] = [item for _, here in sorted(turns, key=itemgetter(0)) for item in here]


@pytest.fixture(scope="session")
def require_server() -> Callable[[str], Path]:
    """Return a function that finds a server's program; missing skips at home and fails in CI."""

    def require(name: str) -> Path:
        program = find_server(name)
        if program is not None:
            return program
        package = PACKAGES.get(name, name)
        sentence = f"{name} is not installed; `make test` installs it, or apt-get install {package}"
        if IN_CI:
            pytest.fail(sentence)
        pytest.skip(sentence)

    return require


@pytest.fixture
async def _no_task_survives() -> AsyncIterator[None]:
    before = asyncio.all_tasks()
    yield
    for _ in range(TURNS_TO_FINISH):
        await asyncio.sleep(0)
    left = asyncio.all_tasks() - before - {asyncio.current_task()}
    for task in left:
        task.cancel()
    if left:
        names = ", ".join(sorted(f"{task.get_name()} ({task.get_coro()!r})" for task in left))
        pytest.fail(f"these tasks outlived the test: {names}", pytrace=False)


@pytest.fixture(autouse=True)
def _tasks_end_with_their_test(request: pytest.FixtureRequest) -> None:
    """Watch the tests that have a loop; the others pay nothing."""
    if request.node.get_closest_marker("asyncio"):
        request.getfixturevalue("_no_task_survives")


@pytest.fixture(scope="session", autouse=True)
def _one_idle_loop() -> Iterator[None]:
    """Own the loop that pytest-asyncio would otherwise make between tests and never close."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    yield
    asyncio.set_event_loop(None)
    loop.close()
