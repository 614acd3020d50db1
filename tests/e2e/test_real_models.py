"""Whole renders through the real SDKs: every call goes over the wire to a server of ours.

The server speaks the providers' formats and is itself checked against their published schemas
(tests/contract/test_vendor_*.py).
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from runtime.temporal_server import RunningTemporal
from tests.fake_gcs import BUCKET, running_fake_gcs
from tests.kit.client import Agent
from tests.kit.stack import Stack
from tests.kit.vendors.faults import Fault
from tests.kit.vendors.server import VendorServer
from tests.kit.vendors.sinks import gcs_sink

pytestmark = [pytest.mark.e2e, pytest.mark.temporal]

GOOGLE_KEY = "AIza-a-key-of-the-test-suite-0123456789"
FAL_KEY = "fal-id-of-the-tests:fal-secret-of-the-tests"
KLING_KEY = "kling-key-of-the-test-suite-0123456789"

BRIEF: dict[str, Any] = {
    "name": "The lighthouse keeper",
    "screenplay": "Shot 1: A keeper climbs the stairs of a lighthouse. "
    "Shot 2: The keeper lights the lamp and looks out at the sea.",
    "instructions": "A narrator tells the story.",
    "shot_count": 2,
    "scene_target_duration_seconds": 6,
    "image_model": "gemini-3-pro-image",
    "music_model": "lyria-3.5",
    "style_prompt": "slow strings",
    "stage_voice_briefs_enabled": True,
    "ingredients_mode_enabled": True,
    "assets": [{"filename": "keeper.png", "label": "The keeper", "purpose": "character"}],
}

PLAN: dict[str, Any] = {
    "characters": [
        {
            "name": "The keeper",
            "description": "An old man in a blue coat.",
            "reference_indices": [0],
        }
    ],
    "places": [],
    "shots": [
        {
            "index": index,
            "title": title,
            "description": f"The keeper {action} in the lighthouse.",
            "camera_move": "slow push in",
            "motion": f"He {action}.",
            "characters": ["The keeper"],
            "place": "",
            "reference_indices": [],
            "narration": narration,
            "continues": False,
            "dissolves": False,
        }
        for index, title, action, narration in (
            (1, "Stairs", "climbs the stairs", "Every night he climbs."),
            (2, "Lamp", "lights the lamp and looks out at the sea", ""),
        )
    ],
}
"""What the planner answers: the vendors' own default is a valid one without a narrator."""

ONE_SHOT: dict[str, Any] = {
    "name": "One shot",
    "screenplay": "Shot 1: A knight draws a sword.",
    "shot_count": 1,
    "scene_target_duration_seconds": 4,
    "stage_voice_briefs_enabled": False,
}


@pytest.fixture
def vendors() -> Iterator[VendorServer]:
    with VendorServer() as server:
        yield server


@pytest.fixture
def stack(
    tmp_path: Path, temporal_server: RunningTemporal, vendors: VendorServer
) -> Iterator[Stack]:
    deployment = Stack(tmp_path / "stack", temporal_server.address)
    deployment.variables.update(
        FVS_UNCONFIGURED_MODELS="refuse",
        FVS_GOOGLE_API_KEY=GOOGLE_KEY,
        FVS_GOOGLE_BASE_URL=vendors.url,
        FVS_FAL_KEY=FAL_KEY,
        FVS_FAL_BASE_URL=vendors.url,
        FVS_KLING_API_KEY=KLING_KEY,
        FVS_KLING_BASE_URL=vendors.url,
    )
    yield deployment
    deployment.stop()


@pytest.fixture
def keeper(tmp_path: Path) -> Path:
    path = tmp_path / "keeper.png"
    Image.linear_gradient("L").convert("RGB").resize((320, 400)).save(path)
    return path


def _rendered(agent: Agent, brief: dict[str, Any], files: list[Path]) -> dict[str, Any]:
    submitted = agent.submit(brief, files)
    ended = agent.wait_until_ended(submitted["project_id"], seconds=180)
    assert ended["status"] == "completed", ended
    return ended


def _no_key_in(stack: Stack, ended: dict[str, Any]) -> None:
    texts = [json.dumps(ended), *(path.read_text() for path in stack.directory.glob("*.log"))]
    for key in (GOOGLE_KEY, FAL_KEY, FAL_KEY.split(":")[1], KLING_KEY):
        assert not [text for text in texts if key in text]


@pytest.mark.requirement(
    "MODEL-1", "MODEL-3", "MODEL-4", "MODEL-7", "MODEL-8", "MUSIC-1", "INPUT-6", "FLOW-3"
)
def test_every_stage_is_done_by_the_models_that_were_asked_for(
    stack: Stack, agent: Agent, vendors: VendorServer, keeper: Path
) -> None:
    stack.start_worker()
    vendors.responder = lambda ask: PLAN if "shots" in str(ask.schema) else None
    brief = {**BRIEF, "video_model": "kling-v3-pro-image-to-video"}
    ended = _rendered(agent, brief, [keeper])
    assert [use["used"] for use in ended["models"].values()] == [
        use["requested"] for use in ended["models"].values()
    ]
    assert not [text for text in ended["warnings"] if "stood in" in text]
    assert [clip["status"] for clip in ended["clips"]] == ["completed"] * 2
    assert all(clip["keyframe_score"] is not None for clip in ended["clips"])
    assert len(ended["voice_briefs"]) >= 4
    assert ended["subtitles_url"]
    books = vendors.books
    assert len(books.billed("fal")) == 2
    assert len(books.billed("google.image")) >= 2
    assert all(job.delivered for job in books.billed("fal"))
    # The caller's picture is described, drawn from, and handed to the video model.
    assert all(job.payload.get("elements") for job in books.billed("fal"))
    assert agent.money(ended["project_id"]).settled == ended["credits_reserved"]
    assert agent.audit() == []
    _no_key_in(stack, ended)


@pytest.mark.requirement("FLOW-3")
def test_an_order_whose_answer_was_lost_is_adopted_and_not_made_again(
    stack: Stack, agent: Agent, vendors: VendorServer
) -> None:
    stack.start_worker()
    vendors.faults.add("fal.submit", Fault.RESET_AFTER)
    ended = _rendered(agent, ONE_SHOT | {"video_model": "kling-v3-pro-image-to-video"}, [])
    assert ended["clips"][0]["status"] == "completed"
    assert ended["clips"][0]["attempts"] == 1
    assert len(vendors.books.billed("fal")) == 1
    assert agent.audit() == []


def test_a_refused_prompt_is_softened_and_the_film_made(
    stack: Stack, agent: Agent, vendors: VendorServer
) -> None:
    stack.start_worker()
    vendors.faults.add("fal.submit", Fault.PROMPT_REFUSED)
    ended = _rendered(agent, ONE_SHOT | {"video_model": "kling-v3-pro-image-to-video"}, [])
    assert ended["clips"][0]["status"] == "completed"
    assert ended["clips"][0]["attempts"] == 2
    assert [text for text in ended["warnings"] if "tamer" in text]
    assert len(vendors.books.billed("fal")) == 1


@pytest.mark.requirement("MODEL-4")
def test_veo_films_into_the_configured_bucket(
    tmp_path: Path, temporal_server: RunningTemporal
) -> None:
    with (
        running_fake_gcs(tmp_path / "gcs") as endpoint,
        VendorServer(object_sink=gcs_sink(endpoint)) as vendors,
    ):
        stack = Stack(tmp_path / "stack", temporal_server.address)
        stack.variables.update(
            FVS_GOOGLE_PROJECT="film-project",
            FVS_GOOGLE_LOCATION="us-central1",
            FVS_GOOGLE_OUTPUT_URI=f"gs://{BUCKET}/outputs",
            FVS_GOOGLE_CLOUD_BASE_URL=vendors.url,
            FVS_GCS_ENDPOINT=endpoint,
        )
        try:
            stack.start_gateway()
            stack.start_worker()
            agent = Agent(stack)
            # The answer to the order is lost: its clip is found in the attempt's own folder.
            vendors.faults.add("veo.submit", Fault.RESET_AFTER)
            ended = _rendered(agent, ONE_SHOT | {"video_model": "veo-3.1-fast-generate-001"}, [])
            assert ended["clips"][0]["status"] == "completed"
            assert len(vendors.books.billed("veo")) == 1
            assert agent.audit() == []
            agent.close()
        finally:
            stack.stop()
