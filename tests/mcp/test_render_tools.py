import pytest

from tests.api.kit import BRIEF, ApiStack
from tests.mcp.kit import MODES, content_of, mcp_client


@pytest.mark.parametrize("mode", MODES)
async def test_a_render_is_submitted_for_the_account_of_the_key(stack: ApiStack, mode: str) -> None:
    key = stack.open_account()
    async with mcp_client(stack, key, mode=mode) as client:
        result = await client.call_tool("fvs_submit_render", {"request": BRIEF})
    told = content_of(result)
    assert not result.is_error, told
    assert told["status"] == "queued"
    assert told["status_url"].endswith(f"/api/agent/renders/{told['project_id']}")
    assert list(stack.workflows.started) == [told["project_id"]]
