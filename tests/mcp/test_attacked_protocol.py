"""Messages that ask for what there is not: refused as the caller's error, and never logged."""

import logging

import pytest
from mcp.shared.exceptions import MCPError

from tests.api.kit import ApiStack
from tests.mcp.kit import MODES, mcp_client

UNKNOWN = "tell-me-a-secret"


@pytest.mark.parametrize("mode", MODES)
async def test_a_prompt_that_is_not_there_is_refused_without_a_trace_of_its_name(
    stack: ApiStack, mode: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with mcp_client(stack, mode=mode) as client:
        with pytest.raises(MCPError) as caught:
            await client.get_prompt(UNKNOWN)

    warned = [each.getMessage() for each in caplog.records if each.levelno >= logging.WARNING]
    assert (caught.value.code, warned) == (-32602, [])
    assert UNKNOWN not in caught.value.message
