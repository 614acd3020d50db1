"""The reference's own examples of calls, word for word."""

import json
from typing import Any, Final

import pytest

from tests.api.kit import ApiStack
from tests.api.quote_kit import Till
from tests.mcp.downloads.film_scenes import Scene
from tests.mcp.kit import MODES, called, mcp_client, refused

SUBMIT_EXAMPLE: Final = """{
  "request": {
    "name": "Kling 3 opening shot",
    "project_mode": "scene",
    "screenplay": "A surreal fantasy landscape opens beneath a glass sky. An emerald mountain \
glows in the distance. A water drop hits a pond and reveals a high elf face in the ripples.",
    "instructions": "Create three cinematic shots totaling about 30 seconds. No text overlays. \
Keep the motion slow, majestic, and suitable for a website hero background.",
    "shot_count": 3,
    "scene_target_duration_seconds": 30,
    "image_model": "gemini-3-pro-image-preview",
    "video_model": "kling-v3-pro-image-to-video",
    "video_resolution": "4k",
    "ingredients_mode_enabled": true,
    "stage_voice_briefs_enabled": false
  }
}"""
DOWNLOAD_EXAMPLE: Final = """{
  "final_video_url": "https://app.future.video/projects/proj_api_60c90c0841464675_final.mp4?...",
  "output_path": "C:/Users/me/Videos/fvs-render.mp4",
  "overwrite": false
}"""
QUOTE_EXAMPLE: Final = """{
  "request": {
    "name": "No-account paid render",
    "project_mode": "scene",
    "screenplay": "Shot 1: A glass airship drifts over a frozen city.",
    "shot_count": 1,
    "scene_target_duration_seconds": 4,
    "video_resolution": "720p"
  }
}"""


def arguments_of(example: str) -> dict[str, Any]:
    return dict(json.loads(example))


@pytest.mark.requirement("MCP-3", "MCP-12")
@pytest.mark.parametrize("mode", MODES)
async def test_the_example_of_a_submission_is_taken(stack: ApiStack, mode: str) -> None:
    """Three shots of ten seconds in 4K: no time-out is named, and the answer does not wait."""
    key = stack.open_account(credits_=100_000)
    async with mcp_client(stack, key, mode=mode) as client:
        told = await called(client, "fvs_submit_render", **arguments_of(SUBMIT_EXAMPLE))
        listed = {tool.name: tool for tool in (await client.list_tools()).tools}
    started = stack.workflows.started[told["project_id"]]
    assert (told["status"], told["clip_count"], stack.time.elapsed_seconds) == ("queued", 3, 0)
    assert started.plan.models.video.requested == "kling-v3-pro-image-to-video"
    takes = listed["fvs_submit_render"].input_schema
    assert takes["required"] == ["request"]
    assert [name for name in takes["properties"]["request"]["properties"] if "wait" in name] == []


@pytest.mark.requirement("MCP-4", "MCP-13")
@pytest.mark.parametrize("mode", MODES)
async def test_the_example_of_a_quote_is_priced(stack: ApiStack, till: Till, mode: str) -> None:
    async with mcp_client(stack, mode=mode) as client:
        told = await called(client, "fvs_create_paid_render_quote", **arguments_of(QUOTE_EXAMPLE))
    for name in ("payment_url", "status_url", "claim_token", "www_authenticate"):
        assert told[name]
    assert (told["amount_cents"], till.charges) == (120, {})


@pytest.mark.requirement("MCP-8")
@pytest.mark.parametrize("mode", MODES)
async def test_the_example_of_a_download_is_answered_by_a_hosted_server(
    stack: ApiStack, mode: str
) -> None:
    example = arguments_of(DOWNLOAD_EXAMPLE)
    async with mcp_client(stack, stack.open_account(), mode=mode) as client:
        told = await called(client, "fvs_download_final_video", **example)
    assert (told["saved"], told["final_video_url"]) == (False, example["final_video_url"])


@pytest.mark.requirement("MCP-8")
async def test_the_example_of_a_download_names_another_services_film(
    stack: ApiStack, scene: Scene
) -> None:
    stack.configure(films=scene.films)
    async with mcp_client(stack, stack.open_account()) as client:
        told = await refused(client, "fvs_download_final_video", **arguments_of(DOWNLOAD_EXAMPLE))
    assert told["code"] == "url_not_allowed"
    assert scene.files() == []
