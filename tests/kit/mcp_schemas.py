"""The MCP registry's own schemas, which `make tools` gets from its Go module, and the card's."""

import json
import os
import subprocess
from functools import cache
from pathlib import Path

import pytest
from jsonschema import Draft7Validator

INSTALLER = Path(__file__).parents[2] / "scripts" / "install-mcp-schemas"
INSTALL_SECONDS_MAX = 300
CARD_SCHEMA = "https://static.modelcontextprotocol.io/schemas/v1/server-card.schema.json"
CARD_FIELDS = (
    "name",
    "title",
    "description",
    "version",
    "websiteUrl",
    "repository",
    "icons",
    "_meta",
)
REMOTE_FIELDS = ("type", "url", "headers", "variables", "supportedProtocolVersions")


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


def card_validator(version: str) -> Draft7Validator:
    """What a server card shares with the registry's `server.json`, and closed as a card is.

    The card's own schema (SEP-2127) is in no package that could be fetched. It has the fields of
    `server.json` but `packages`, each with the registry's rules, names itself, and lets nothing be
    added to a card, to a remote or to a header. Where it says more than that, nothing is proven.
    """
    registry = registry_validator(version).schema
    assert isinstance(registry, dict)
    known = registry["definitions"]
    server = known["ServerDetail"]["properties"]
    header = [*known["Input"]["properties"], "name", "variables"]
    remote = {
        "allOf": [{"$ref": "#/definitions/RemoteTransport"}],
        "propertyNames": {"enum": [*REMOTE_FIELDS]},
        "properties": {
            "headers": {"items": {"propertyNames": {"enum": header}}},
            "supportedProtocolVersions": {"type": "array", "items": {"type": "string"}},
        },
    }
    card = {
        "type": "object",
        "required": ["$schema", "name", "description", "version"],
        "additionalProperties": False,
        "properties": {name: server[name] for name in CARD_FIELDS}
        | {"$schema": {"const": CARD_SCHEMA}, "remotes": {"type": "array", "items": remote}},
        "definitions": known,
    }
    Draft7Validator.check_schema(card)
    return Draft7Validator(card)
