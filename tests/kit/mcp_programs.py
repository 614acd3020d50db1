"""Programs of others that speak MCP, from `tests/mcp_npm`, each run once against a gateway."""

import asyncio
import json
import os
import re
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, Final

from tests.kit.node import node_path
from tests.kit.npm import npm_modules

CONFORMANCE: Final = "@modelcontextprotocol/conformance/dist/index.js"
INSPECTOR: Final = "@modelcontextprotocol/inspector/clients/launcher/build/index.js"
REMOTE: Final = "mcp-remote/dist/proxy.js"
RUN_SECONDS_MAX: Final = 120
CONNECT_MILLISECONDS: Final = f"{RUN_SECONDS_MAX}000"


@dataclass(frozen=True)
class Ran:
    """What a program left behind."""

    exit_code: int | None
    output: str
    errors: str

    @property
    def json(self) -> dict[str, Any]:
        """All that it printed."""
        printed: dict[str, Any] = json.loads(self.output)
        return printed

    @property
    def json_lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.output.splitlines()]


@dataclass(frozen=True, order=True)
class Check:
    """One verdict of the conformance suite."""

    status: str
    id: str


@dataclass(frozen=True)
class McpPrograms:
    """`home` is the folder that they may keep things in."""

    home: Path

    def command(self, script: str, *arguments: str) -> list[str]:
        modules = npm_modules("mcp_npm", "NO PROGRAM OF OTHERS JUDGES THE MCP ENDPOINT")
        return [node_path(), str(modules / script), *arguments]

    def environment(self) -> dict[str, str]:
        # What Node has to say about itself differs from one release to the next.
        return {"PATH": os.environ["PATH"], "HOME": str(self.home), "NODE_NO_WARNINGS": "1"}

    async def run(self, script: str, *arguments: str) -> Ran:
        process = await asyncio.create_subprocess_exec(
            *self.command(script, *arguments),
            stdin=DEVNULL,
            stdout=PIPE,
            stderr=PIPE,
            env=self.environment(),
            cwd=self.home,
        )
        try:
            async with asyncio.timeout(RUN_SECONDS_MAX):
                output, errors = await process.communicate()
        except TimeoutError:
            process.kill()
            await process.communicate()
            raise
        return Ran(process.returncode, output.decode(), errors.decode())

    async def inspect(self, target: Iterable[str], method: str, *arguments: str) -> Ran:
        """One method of a server, by URL or command, called by the Inspector's command line."""
        own = ["--stored-auth-only", "--format", "json", "--connect-timeout", CONNECT_MILLISECONDS]
        return await self.run(INSPECTOR, "--cli", *target, *own, "--method", method, *arguments)

    async def judge(self, url: str, revision: str) -> dict[str, list[Check]]:
        """The verdicts of the whole conformance suite, scenario by scenario."""
        results = Path(mkdtemp(dir=self.home))
        which = ["--suite", "all", "--spec-version", revision]
        ran = await self.run(CONFORMANCE, "server", "--url", url, *which, "-o", str(results))
        assert ran.exit_code in {0, 1}, ran
        return _written_checks(results)

    async def scenarios(self) -> set[tuple[str, str]]:
        """What the conformance suite has for servers, each with a revision it is meant for."""
        listed = (await self.run(CONFORMANCE, "list", "--server")).output
        found = re.findall(r"^  - (\S+) \[(.+)\]$", listed, re.MULTILINE)
        return {(name, revision) for name, all_ in found for revision in all_.split(",")}


def _written_checks(results: Path) -> dict[str, list[Check]]:
    """A folder a scenario, called `server-{scenario}-{time}`."""
    return {
        re.sub(r"^server-|-\d{4}-\d\d-\d\dT.*", "", written.parent.name): [
            Check(check["status"], check["id"]) for check in json.loads(written.read_text())
        ]
        for written in results.glob("*/checks.json")
    }
