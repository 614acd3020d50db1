"""The JSON-RPC message in a body, looked at before the SDK, whose refusals repeat what they refuse.

Two revisions of the protocol are read by two parts of the SDK; here both get the same refusals.
"""

import json
from typing import Final

from mcp.types import (
    INVALID_REQUEST,
    PARSE_ERROR,
    JSONRPCNotification,
    jsonrpc_message_adapter,
)
from pydantic import ValidationError

from gateway.limits import JSON_BODY_BYTES_MAX
from studio.contracts.limits import REQUEST_JSON_DEPTH_MAX
from studio.ingest.errors import InvalidJson
from studio.ingest.strict_json import parse_strict_json

ENVELOPE_BYTES_MAX: Final = 64 * 1024
"""What is around a brief: the call, its metadata, the addresses of uploads."""
BODY_BYTES_MAX: Final = JSON_BODY_BYTES_MAX + ENVELOPE_BYTES_MAX
ENVELOPE_DEPTH: Final = 4
"""A request is an argument of the parameters of a call."""
METHOD_NOT_ALLOWED_CODE: Final = -32000
"""Of the implementation's own range (JSON-RPC 2.0, 5.1), as the other SDKs have it."""

NOT_JSON: Final = "The body is no strict JSON: {reason}"
NO_BATCHES: Final = "Send one message at a time: batches are not taken."
NO_MESSAGE: Final = "The body is no JSON-RPC 2.0 request or notification."


class MalformedMessage(Exception):
    """`code` is JSON-RPC's; the sentence repeats nothing of the body but cut names."""

    def __init__(self, code: int, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence


def check_message(body: bytes) -> None:
    """MalformedMessage unless the body is one message of JSON-RPC 2.0, in strict JSON."""
    try:
        value = parse_strict_json(
            body,
            size_bytes_max=BODY_BYTES_MAX,
            depth_max=REQUEST_JSON_DEPTH_MAX + ENVELOPE_DEPTH,
        )
    except InvalidJson as error:
        raise MalformedMessage(PARSE_ERROR, NOT_JSON.format(reason=error.detail)) from None
    if isinstance(value, list):
        raise MalformedMessage(INVALID_REQUEST, NO_BATCHES)
    try:
        message = jsonrpc_message_adapter.validate_python(value, by_name=False)
    except ValidationError:
        raise MalformedMessage(INVALID_REQUEST, NO_MESSAGE) from None
    if isinstance(message, JSONRPCNotification) and isinstance(value, dict) and "id" in value:
        raise MalformedMessage(INVALID_REQUEST, NO_MESSAGE)  # a request whose id is none


def error_document(code: int, sentence: str) -> bytes:
    """An error that belongs to no request."""
    document = {"jsonrpc": "2.0", "id": None, "error": {"code": code, "message": sentence}}
    return json.dumps(document, ensure_ascii=False).encode()
