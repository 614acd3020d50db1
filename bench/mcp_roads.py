"""The roads to one use case that the benchmark of MCP compares: plain HTTP, and `tools/call`.

Each says what to send and reads what came, so that all of them are held to the same answer.
"""

import json
import secrets
from collections.abc import Mapping
from typing import Final, Protocol

from pydantic import JsonValue

from bench.buying import JSON_HEADERS, Order
from bench.errors import MeasurementFailed
from bench.service import FILM
from gateway.auth import KEY_HEADER
from gateway.mcp.names import MCP_PATH, RENDER_STATUS, SUBMIT_RENDER
from gateway.services.links import API_PREFIX

MODERN: Final = "2026-07-28"
LEGACY: Final = "2025-11-25"
"""The newest revision that begins with a handshake. Its calls need no session here."""
REVISIONS: Final = (MODERN, LEGACY)
PLAIN: Final = "http"
OK: Final = 200
CREATED: Final = 201
BOUNDARY: Final = "measured-form"
EVENT_DATA: Final = "data: "
META_PREFIX: Final = "io.modelcontextprotocol"

Document = dict[str, JsonValue]


class Road(Protocol):
    """`name` is that of its figures."""

    name: str

    def status(self, project_id: str) -> Order: ...

    def submission(self) -> Order:
        """With an idempotency key of its own."""
        ...

    def document(self, status: int, body: str) -> Document:
        """The render in an answer. MeasurementFailed where it has none."""
        ...


class PlainHttp:
    def __init__(self, api_key: str) -> None:
        self.name = PLAIN
        self._key = {KEY_HEADER: api_key}

    def status(self, project_id: str) -> Order:
        return Order(f"{API_PREFIX}/renders/{project_id}", self._key, "", method="GET")

    def submission(self) -> Order:
        headers = {
            "Content-Type": f"multipart/form-data; boundary={BOUNDARY}",
            "Idempotency-Key": secrets.token_hex(),
        }
        form = [
            f"--{BOUNDARY}",
            'Content-Disposition: form-data; name="request_json"',
            "",
            json.dumps(dict(FILM)),
            f"--{BOUNDARY}--",
            "",
        ]
        return Order(f"{API_PREFIX}/renders", self._key | headers, "\r\n".join(form))

    def document(self, status: int, body: str) -> Document:
        if status not in (OK, CREATED):
            raise MeasurementFailed(f"HTTP was answered with {status}: {body[:500]}")
        return dict(json.loads(body))


class ToolCalls:
    """`tools/call` of one revision, with the headers that it asks for."""

    def __init__(self, api_key: str, revision: str) -> None:
        self.name = revision
        self._key = {KEY_HEADER: api_key}

    def status(self, project_id: str) -> Order:
        return self._order(RENDER_STATUS, {"project_id": project_id, "wait_seconds": 0})

    def submission(self) -> Order:
        arguments = {"request": dict(FILM), "idempotency_key": secrets.token_hex()}
        return self._order(SUBMIT_RENDER, arguments)

    def document(self, status: int, body: str) -> Document:
        """The structure, if the text says the same."""
        message = json.loads(_data_of(body)) if status == OK else {}
        result = message.get("result", {})
        if result.get("isError") is not False:
            raise MeasurementFailed(f"MCP {self.name} was answered with {status}: {body[:500]}")
        document: Document = result["structuredContent"]
        if [json.loads(block["text"]) for block in result["content"]] != [document]:
            raise MeasurementFailed(
                f"MCP {self.name} says one thing in text, another in structure."
            )
        return document

    def _order(self, tool: str, arguments: Mapping[str, object]) -> Order:
        params: dict[str, object] = {"name": tool, "arguments": arguments}
        headers = {
            **JSON_HEADERS,
            "Accept": "application/json, text/event-stream",
            "MCP-Protocol-Version": self.name,
        }
        if self.name == MODERN:
            headers |= {"Mcp-Method": "tools/call", "Mcp-Name": tool}
            params["_meta"] = {
                f"{META_PREFIX}/protocolVersion": self.name,
                f"{META_PREFIX}/clientCapabilities": {},
            }
        message = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
        return Order(MCP_PATH, self._key | headers, json.dumps(message))


def _data_of(body: str) -> str:
    """The message in an answer that is JSON, or a stream of one event."""
    lines = body.splitlines()
    events = [line.removeprefix(EVENT_DATA) for line in lines if line.startswith(EVENT_DATA)]
    return events[-1] if events else body
