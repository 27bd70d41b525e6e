"""Open311 on a hub that runs: the page as it is written, and a kill after a report."""

import asyncio
import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.integration.test_pushes import write_config
from tests.support.hub_process import running_hub
from tests.support.site import KEYS
from tests.support.story import until

pytestmark = [pytest.mark.integration, pytest.mark.timeout(180)]
PAGE = Path(__file__).parents[2] / "docs" / "open311.md"


async def shell(block: str, words: dict[str, str]) -> str:
    """Run a block as a shell does that has these variables, and return what it prints."""
    child = await asyncio.create_subprocess_exec(
        *("bash", "-euc", block),
        env={**os.environ, **words, "no_proxy": "*"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await child.communicate()
    assert child.returncode == 0, (block, out, err)
    return out.decode()


async def test_the_page_runs_as_it_is_written_and_a_report_outlives_a_kill(
    tmp_path: Path, require_server: Callable[[str], Path]
) -> None:
    require_server("curl")
    blocks = re.findall(r"```sh\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    assert len(blocks) == 5
    async with running_hub(write_config(tmp_path / "site")) as hub:
        words = {"URL": f"{hub.url}/open311/v2", "KEY": KEYS["grid"]}
        discovery, services, made, listed, changed = [await shell(each, words) for each in blocks]
        assert json.loads(discovery)["endpoints"][0]["url"] == words["URL"]
        assert ET.fromstring(services).findtext("service/metadata") == "false"
        (report,) = json.loads(made)
        for found in (listed, changed):
            (request,) = json.loads(found)
            assert request["service_request_id"] == report["service_request_id"]
        assert request["address"] == "南门 T"
        assert request["extended_attributes"]["source"] == "grid"
        assert "垃圾没有清" not in listed + changed
        await hub.kill()
        await hub.start()

        async def known() -> str:
            return await shell(blocks[2], {**words, "URL": f"{hub.url}/open311/v2"})

        assert json.loads(await until(known, bool)) == [report]
