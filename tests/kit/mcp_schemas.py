"""The MCP registry's own schemas, which `make tools` gets from its Go module."""

import json
import os
import subprocess
from functools import cache
from pathlib import Path

import pytest
from jsonschema import Draft7Validator

INSTALLER = Path(__file__).parents[2] / "scripts" / "install-mcp-schemas"
INSTALL_SECONDS_MAX = 300


@cache
def registry_validator(version: str) -> Draft7Validator:
    """What the registry checks a `server.json` of the schema's `version` with."""
    installed = subprocess.run(
        [str(INSTALLER)], capture_output=True, text=True, timeout=INSTALL_SECONDS_MAX, check=False
    )
    if installed.returncode != 0:
        reason = f"server.json is not validated: {installed.stderr.strip()}"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    schema = json.loads((Path(installed.stdout.strip()) / f"{version}.json").read_text("utf-8"))
    Draft7Validator.check_schema(schema)
    return Draft7Validator(schema)
