"""What a status shows of the critic's work and of the files beside the film."""

import json
from urllib.parse import urlsplit

from studio.contracts.status import ClipSnapshot, ClipState, RenderState, Stage
from tests.api.kit import BRIEF, ApiStack

RENDERS = "/api/agent/renders"


async def test_keyframes_and_subtitles_are_linked_and_can_be_fetched(stack: ApiStack) -> None:
    key = stack.open_account()
    async with stack.client(key) as client:
        project_id = (await client.post(RENDERS, json=BRIEF)).json()["project_id"]
        keyframe = f"projects/{project_id}/shots/001/keyframe-2.png"
        subtitles = f"projects/{project_id}/subtitles.vtt"
        stack.storage.put_bytes(keyframe, b"a picture", content_type="image/png")
        stack.storage.put_bytes(subtitles, b"WEBVTT\n", content_type="text/vtt")
        stack.record(
            project_id,
            status=RenderState.RUNNING,
            stage=Stage.PRODUCTION,
            subtitles_key=subtitles,
            clips=(
                ClipSnapshot(
                    index=1,
                    status=ClipState.COMPLETED,
                    keyframe_key=keyframe,
                    keyframe_score=7.5,
                    keyframe_remark="The airship is whole.",
                    video_score=None,
                    video_remark="The clip could not be looked at.",
                ),
            ),
        )
        stack.workflows.silent = True
        render = (await client.get(f"{RENDERS}/{project_id}")).json()
        clip = render["clips"][0]
        found = {
            name: await client.get(f"{parts.path}?{parts.query}")
            for name, parts in (
                ("keyframe", urlsplit(clip["keyframe_url"])),
                ("subtitles", urlsplit(render["subtitles_url"])),
            )
        }

    assert (clip["keyframe_score"], clip["keyframe_remark"]) == (7.5, "The airship is whole.")
    assert (clip["video_score"], clip["video_remark"]) == (None, "The clip could not be looked at.")
    assert found["keyframe"].content == b"a picture"
    assert f"{project_id}_shot_001_keyframe.png" in found["keyframe"].headers["Content-Disposition"]
    assert found["subtitles"].content == b"WEBVTT\n"
    assert found["subtitles"].headers["Content-Type"].startswith("text/vtt")


async def test_a_new_render_has_nothing_to_link_yet(stack: ApiStack) -> None:
    key = stack.open_account()
    async with stack.client(key) as client:
        render = (await client.post(RENDERS, json=BRIEF)).json()

    clip = render["clips"][0]
    names = ("keyframe_url", "keyframe_score", "keyframe_remark", "video_score", "video_remark")
    assert [clip[name] for name in names] == [None] * 5
    assert render["subtitles_url"] is None


async def test_a_model_that_took_over_is_shown_as_the_one_that_does_the_work(
    stack: ApiStack,
) -> None:
    key = stack.open_account()
    async with stack.client(key) as client:
        before = (await client.post(RENDERS, json=BRIEF)).json()
        project_id = before["project_id"]
        stack.record(
            project_id, status=RenderState.RUNNING, successors={"video": "gemini-omni-1.2-flash"}
        )
        stack.workflows.silent = True
        after = (await client.get(f"{RENDERS}/{project_id}")).json()

    requested = before["models"]["video"]["requested"]
    assert after["models"]["video"] == {"requested": requested, "used": "gemini-omni-1.2-flash"}
    assert after["models"]["image"] == before["models"]["image"]


async def test_what_the_brief_asks_for_reaches_the_run(stack: ApiStack, png: bytes) -> None:
    key = stack.open_account()
    request = {**BRIEF, "instructions": "A narrator tells it.", "ingredients_mode_enabled": True}
    files = [("files", ("hero.png", png, "image/png"))]
    async with stack.client(key) as client:
        plain = (await client.post(RENDERS, json=BRIEF)).json()["project_id"]
        form = {"request_json": json.dumps(request)}
        answer = await client.post(RENDERS, data=form, files=files)
        rich = answer.json()["project_id"]

    started = stack.workflows.started
    assert (started[plain].narration, started[plain].ingredients) == (False, False)
    assert (started[rich].narration, started[rich].ingredients) == (True, True)
