"""The calls of `docs/mcp.md` that need no library, as they are written there, by curl."""

import asyncio
import json
import re
import shutil
from asyncio.subprocess import PIPE
from pathlib import Path
from typing import Any

import pytest

from gateway.mcp.names import TOOLS
from tests.api.kit import ApiStack
from tests.api.serving import serving

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(shutil.which("curl") is None, reason="NOBODY CALLS /mcp: there is no curl"),
]

PAGE = Path(__file__).parents[2] / "docs" / "mcp.md"
CALLS = re.findall(r"^```sh\n(.*?)^```", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)
CALL_SECONDS_MAX = 30


async def shell(command: str, **variables: str) -> dict[str, Any]:
    """The result that a command prints, by itself or as the data of an event."""
    process = await asyncio.create_subprocess_exec(
        "/bin/sh", "-c", command, env=variables, stdout=PIPE, stderr=PIPE
    )
    async with asyncio.timeout(CALL_SECONDS_MAX):
        printed, complaints = await process.communicate()
    assert process.returncode == 0, complaints.decode()
    text = printed.decode()
    if text.startswith("event: message"):
        (text,) = re.findall(r"^data: (\{.*)$", text, re.MULTILINE)
    return dict(json.loads(text)["result"])


async def test_the_documented_calls_work_as_they_are_written(stack: ApiStack) -> None:
    list_tools, submit, list_modern, status = CALLS
    key = stack.open_account()
    async with serving(stack) as server:
        known = {"FVS_URL": f"http://127.0.0.1:{server.port}", "FVS_KEY": key}
        listed = [await shell(command, **known) for command in (list_tools, list_modern)]
        submitted = (await shell(submit, **known))["structuredContent"]
        stack.finish(submitted["project_id"])
        found = await shell(status, **known, PROJECT_ID=submitted["project_id"])

    for result in listed:
        assert [tool["name"] for tool in result["tools"]] == list(TOOLS)
    assert submitted["status"] == "queued"
    assert found["structuredContent"]["status"] == "completed"
