"""How one shot is made when models refuse, are busy, disappoint or disappear."""

import pytest
from temporalio.client import Client

from studio.contracts.plan import ModelChoice, ShotTiming
from studio.contracts.status import ClipState, RenderSnapshot, RenderState
from studio.contracts.workflow_io import (
    ClipTask,
    FilmTask,
    NarrationTask,
    PlanningTask,
    RenderInput,
    Review,
    ReviewTask,
    Screenplay,
    Sheet,
    ShotTask,
)
from tests.kit.renders import LOCAL, render_input
from tests.kit.runs import running
from tests.kit.scripted import ScriptedStudio, fail, fail_first

pytestmark = pytest.mark.temporal

OTHER = ModelChoice(requested="newer", used="newer", provider="local", provider_model="newer")
OLD = ModelChoice(
    requested="older",
    used="older",
    provider="local",
    provider_model="older",
    references=3,
    last_frame=True,
    successor=OTHER,
)


async def _rendered(
    temporal: Client, studio: ScriptedStudio, render: RenderInput
) -> RenderSnapshot:
    async with running(temporal, studio, render) as handle:
        await handle.result()
    last = studio.snapshots[-1]
    assert last.status == RenderState.COMPLETED
    return last


async def test_the_best_of_the_refused_keyframes_is_used_and_told(temporal: Client) -> None:
    scores = [4.0, 7.0, 5.5]
    studio = ScriptedStudio()
    studio.reviews["review_keyframe/1"] = [
        Review(passed=False, score=score, remark=f"Draw {score}.") for score in scores
    ]
    last = await _rendered(temporal, studio, render_input(shots=1))
    draws = studio.asked("draw_keyframe/1", ShotTask)
    assert [task.remarks for task in draws] == ["", "Draw 4.0.", "Draw 7.0."]
    assert studio.asked("submit_clip/1", ClipTask)[0].keyframe_key == "keyframe-1-2"
    clip = last.clips[0]
    assert (clip.keyframe_key, clip.keyframe_score, clip.keyframe_remark) == (
        "keyframe-1-2",
        7.0,
        "Draw 7.0.",
    )
    assert any("the critic refused the keyframe: Draw 7.0." in text for text in last.warnings)


async def test_a_critic_that_could_not_look_is_no_zero(temporal: Client) -> None:
    studio = ScriptedStudio(script={"review_keyframe": fail("tries_exhausted", "Asked 3 times.")})
    studio.reviews["review_clip/1"] = [Review(passed=True, score=None)]
    last = await _rendered(temporal, studio, render_input(shots=1))
    assert studio.calls["draw_keyframe/1"] == 1
    assert (last.clips[0].keyframe_score, last.clips[0].video_score) == (None, None)
    assert "shot-001/critic" in studio.released


async def test_scores_and_remarks_stay_in_the_status(temporal: Client) -> None:
    studio = ScriptedStudio()
    studio.reviews["review_clip/1"] = [Review(passed=False, score=6.5, remark="It flickers.")]
    last = await _rendered(temporal, studio, render_input(shots=1))
    assert (last.clips[0].video_score, last.clips[0].video_remark) == (6.5, "It flickers.")
    assert studio.asked("review_clip/1", ReviewTask)[0].attempt == 1


async def test_a_refused_prompt_is_softened_within_its_bounds_and_then_replaced(
    temporal: Client,
) -> None:
    refuse = fail_first("moderation_refused", "The prompt was refused.", 9, "prompt")
    studio = ScriptedStudio(script={"submit_clip/1": refuse})
    last = await _rendered(temporal, studio, render_input(shots=3))
    orders = studio.asked("submit_clip/1", ClipTask)
    assert [order.softened for order in orders] == [0, 1, 2]
    assert len({order.attempt_id for order in orders}) == len(orders)
    assert last.clips[0].status == ClipState.REPLACED
    assert last.clips[0].error == "The prompt was refused."
    assert "shot-001/video" in studio.released
    assert [clip.status for clip in last.clips[1:]] == [ClipState.COMPLETED] * 2
    assert studio.calls["submit_clip/2"] == studio.calls["submit_clip/3"] == 1


async def test_a_refused_keyframe_is_drawn_anew_from_a_tamer_text(temporal: Client) -> None:
    refuse = fail_first("moderation_refused", "The picture was refused.", 1, "keyframe")
    studio = ScriptedStudio(script={"submit_clip/1": refuse})
    last = await _rendered(temporal, studio, render_input(shots=1))
    assert [task.softened for task in studio.asked("draw_keyframe/1", ShotTask)] == [0, 1]
    orders = studio.asked("submit_clip/1", ClipTask)
    assert [order.keyframe_key for order in orders] == ["keyframe-1-1", "keyframe-1-2"]
    assert last.clips[0].status == ClipState.COMPLETED
    assert last.clips[0].keyframe_key == "keyframe-1-2"


async def test_refused_references_are_left_out(temporal: Client) -> None:
    refuse = fail_first("moderation_refused", "A reference was refused.", 1, "references")
    studio = ScriptedStudio(script={"submit_clip/1": refuse})
    render = render_input(shots=1, video=OLD).model_copy(update={"ingredients": True})
    await _rendered(temporal, studio, render)
    orders = studio.asked("submit_clip/1", ClipTask)
    assert [order.references for order in orders] == [3, 0]


async def test_a_film_that_was_refused_after_filming_is_ordered_softer(temporal: Client) -> None:
    refuse = fail_first("moderation_refused", "The clip was filtered.", 1, "output")
    studio = ScriptedStudio(script={"await_clip/1": refuse})
    last = await _rendered(temporal, studio, render_input(shots=1))
    assert [order.softened for order in studio.asked("submit_clip/1", ClipTask)] == [0, 1]
    assert last.clips[0].status == ClipState.COMPLETED


async def test_a_keyframe_that_stays_refused_is_drawn_locally_and_not_charged(
    temporal: Client,
) -> None:
    refuse = fail_first("moderation_refused", "The text was refused.", 3, "prompt")
    studio = ScriptedStudio(script={"draw_keyframe/1": refuse})
    last = await _rendered(temporal, studio, render_input(shots=2))
    draws = studio.asked("draw_keyframe/1", ShotTask)
    assert [(task.softened, task.stand_in) for task in draws] == [
        (0, False),
        (1, False),
        (2, False),
        (2, True),
    ]
    assert last.clips[0].status == ClipState.REPLACED
    assert {"shot-001/keyframe", "shot-001/video"} <= studio.released
    assert studio.calls["submit_clip/1"] == 0
    assert last.clips[1].status == ClipState.COMPLETED


async def test_a_busy_provider_is_asked_again_when_it_says_with_another_attempt(
    temporal: Client,
) -> None:
    busy = fail_first("provider_busy", "Too many at once.", 2, retry_after_seconds=0.01)
    studio = ScriptedStudio(script={"submit_clip/1": busy})
    last = await _rendered(temporal, studio, render_input(shots=1))
    orders = studio.asked("submit_clip/1", ClipTask)
    assert len({order.attempt_id for order in orders}) == len(orders) == 3
    assert last.clips[0].status == ClipState.COMPLETED
    assert studio.calls["reconcile_clip"] == 0


async def test_a_provider_that_stays_busy_costs_its_shots_and_not_the_film(
    temporal: Client,
) -> None:
    busy = fail_first("provider_busy", "No quota is left.", 99, retry_after_seconds=300)
    studio = ScriptedStudio(script={"submit_clip/1": busy})
    last = await _rendered(temporal, studio, render_input(shots=2))
    assert studio.calls["submit_clip/1"] == 1  # 300 s is more than the deadline of a stage here
    assert last.clips[0].status == ClipState.REPLACED


async def test_a_model_that_is_gone_gives_way_to_its_successor_for_the_whole_render(
    temporal: Client,
) -> None:
    gone = fail_first("model_gone", "There is no such model.")
    studio = ScriptedStudio(script={"submit_clip/1": gone, "draw_keyframe/2": gone})
    render = render_input(shots=2, video=OLD, image=OLD)
    last = await _rendered(temporal, studio, render)
    assert [order.model.used for order in studio.asked("submit_clip/1", ClipTask)] == [
        "older",
        "newer",
    ]
    assert studio.asked("draw_keyframe/2", ShotTask)[-1].model.used == "newer"
    assert last.successors == {"video": "newer", "image": "newer"}
    told = [text for text in last.warnings if "older is no longer offered" in text]
    assert told == ["older is no longer offered by its provider; newer took its place."]
    assert [clip.status for clip in last.clips] == [ClipState.COMPLETED] * 2


async def test_a_model_that_is_gone_without_a_successor_costs_the_shot(temporal: Client) -> None:
    studio = ScriptedStudio(script={"submit_clip/1": fail("model_gone", "It was retired.")})
    last = await _rendered(temporal, studio, render_input(shots=2))
    assert last.clips[0].status == ClipState.REPLACED
    assert studio.calls["submit_clip/1"] == 1


async def test_no_more_jobs_are_at_a_provider_than_it_is_to_be_given(temporal: Client) -> None:
    studio = ScriptedStudio()
    limited = LOCAL.model_copy(update={"jobs_max": 2})
    await _rendered(temporal, studio, render_input(shots=6, video=limited))
    assert studio.at_work_max["jobs"] == 2


async def test_a_shot_that_goes_on_into_the_next_ends_on_its_keyframe(temporal: Client) -> None:
    studio = ScriptedStudio(
        screenplay=Screenplay(screenplay_key="screenplay", shot_count=3, continued=(1,))
    )
    await _rendered(temporal, studio, render_input(shots=3, video=OLD))
    ends = [studio.asked(f"submit_clip/{shot}", ClipTask)[0].last_frame_key for shot in (1, 2, 3)]
    assert ends == ["keyframe-2-1", None, None]


async def test_a_shot_does_not_wait_for_a_keyframe_that_never_comes(temporal: Client) -> None:
    studio = ScriptedStudio(
        script={"draw_keyframe/2": fail("undecodable_media", "It cannot be drawn.")},
        screenplay=Screenplay(screenplay_key="screenplay", shot_count=3, continued=(1,)),
    )
    last = await _rendered(temporal, studio, render_input(shots=3, video=OLD))
    assert studio.asked("submit_clip/1", ClipTask)[0].last_frame_key is None
    assert [clip.status for clip in last.clips] == ["completed", "failed", "completed"]


async def test_characters_get_their_sheets_before_the_keyframes(temporal: Client) -> None:
    studio = ScriptedStudio(
        script={"draw_sheet/3": fail("provider_rejected", "No.")},
        screenplay=Screenplay(screenplay_key="screenplay", shot_count=2, sheets=(0, 3)),
    )
    last = await _rendered(temporal, studio, render_input(shots=2))
    for shot in (1, 2):
        assert studio.asked(f"draw_keyframe/{shot}", ShotTask)[0].sheets == (
            Sheet(character=0, key="sheet-0"),
        )
    assert "A character's reference sheet is missing: No." in last.warnings


async def test_shots_are_made_as_long_as_they_were_cut(temporal: Client) -> None:
    cut = (
        ShotTiming(index=1, frames=30, filmed_seconds=2),
        ShotTiming(index=2, frames=18, filmed_seconds=1),
    )
    studio = ScriptedStudio(
        screenplay=Screenplay(
            screenplay_key="screenplay", shot_count=2, shots=cut, warnings=("1 cut is off.",)
        )
    )
    last = await _rendered(temporal, studio, render_input(shots=2))
    assert studio.asked("assemble_film", FilmTask)[0].shots == cut
    assert [clip.duration_seconds for clip in last.clips] == [1.25, 0.75]
    assert "1 cut is off." in last.warnings


async def test_the_narration_is_spoken_beside_the_filming_and_goes_into_the_film(
    temporal: Client,
) -> None:
    studio = ScriptedStudio(
        screenplay=Screenplay(screenplay_key="screenplay", shot_count=2, narrated=True)
    )
    render = render_input(shots=2, voice=True).model_copy(update={"narration": True})
    await _rendered(temporal, studio, render)
    assert studio.asked("plan_shots", PlanningTask)[0].narration
    film = studio.asked("assemble_film", FilmTask)[0]
    assert film.narration is not None
    assert film.narration.key == "narration-2.wav"


async def test_a_film_that_lost_a_shot_has_its_narration_moved(temporal: Client) -> None:
    studio = ScriptedStudio(
        script={"draw_keyframe/1": fail("undecodable_media", "It cannot be drawn.")},
        screenplay=Screenplay(screenplay_key="screenplay", shot_count=3, narrated=True),
    )
    render = render_input(shots=3, voice=True).model_copy(update={"narration": True})
    await _rendered(temporal, studio, render)
    spoken = studio.asked("speak_narration", NarrationTask)
    assert [[shot.index for shot in task.shots] for task in spoken] == [[1, 2, 3], [2, 3]]
    film = studio.asked("assemble_film", FilmTask)[0]
    assert film.narration is not None
    assert film.narration.key == "narration-2.wav"


async def test_a_narrator_who_cannot_be_had_is_told_and_the_film_made(temporal: Client) -> None:
    studio = ScriptedStudio(
        script={"speak_narration": fail("provider_denied", "The key was refused.")},
        screenplay=Screenplay(screenplay_key="screenplay", shot_count=1, narrated=True),
    )
    render = render_input(shots=1, voice=True).model_copy(update={"narration": True})
    last = await _rendered(temporal, studio, render)
    assert "The film has no narrator: The key was refused." in last.warnings
