"""Headers of keys as careless clients and proxies send them."""

import httpx2
import pytest

from gateway.app import create_app
from tests.api.kit import BRIEF, KEY_HEADER, ApiStack
from tests.mcp.kit import MODES, call_headers, call_message

SUBMIT = "fvs_submit_render"
NAME = KEY_HEADER.encode()


async def code_for(stack: ApiStack, mode: str, headers: list[tuple[bytes, bytes]]) -> str | None:
    """The code of the refusal of a submission with these headers; None where it is taken."""
    app = create_app(stack.dependencies)
    known = {"Accept": "application/json, text/event-stream", **call_headers(mode, SUBMIT)}
    sent = [(name.encode(), value.encode()) for name, value in known.items()] + headers
    async with (
        app.router.lifespan_context(app),
        httpx2.AsyncClient(
            transport=httpx2.ASGITransport(app), base_url="http://localhost"
        ) as client,
    ):
        message = call_message(mode, SUBMIT, {"request": BRIEF})
        answer = await client.post("/mcp", json=message, headers=sent)
    assert answer.status_code == 200
    for code in ("invalid_agent_key", "missing_agent_key"):
        if code in answer.text:
            return code
    assert "proj_api_" in answer.text
    return None


@pytest.mark.mcp_case("2.2")
@pytest.mark.parametrize("mode", MODES)
async def test_a_key_with_spaces_around_it_is_the_key(stack: ApiStack, mode: str) -> None:
    key = stack.open_account().encode()
    assert await code_for(stack, mode, [(NAME, b" \t" + key + b" ")]) is None
    assert await code_for(stack, mode, [(b"Authorization", b"bearer   " + key + b" ")]) is None


@pytest.mark.mcp_case("2.2")
@pytest.mark.parametrize("mode", MODES)
async def test_of_two_keys_only_the_first_is_tried(stack: ApiStack, mode: str) -> None:
    """Joined by a proxy they are one that nobody has."""
    key, other = stack.open_account().encode(), b"fvs_test_" + b"0" * 38
    assert await code_for(stack, mode, [(NAME, other), (NAME, key)]) == "invalid_agent_key"
    joined = [(NAME, key + b", " + other)]
    assert await code_for(stack, mode, joined) == "invalid_agent_key"
    aliases = [(b"X-API-Key", key), (NAME, other)]
    assert await code_for(stack, mode, aliases) == "invalid_agent_key"


@pytest.mark.mcp_case("2.2", "2.1")
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("value", [b"\xff\xfe\x80", "clé".encode(), b"k" * 60_000])
async def test_a_key_that_no_key_looks_like_is_a_wrong_one(
    stack: ApiStack, mode: str, value: bytes
) -> None:
    assert await code_for(stack, mode, [(NAME, value)]) == "invalid_agent_key"


@pytest.mark.mcp_case("1.1")
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("value", [b"", b"  "])
async def test_an_empty_header_is_no_key(stack: ApiStack, mode: str, value: bytes) -> None:
    assert await code_for(stack, mode, [(NAME, value)]) == "missing_agent_key"
