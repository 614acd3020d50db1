"""What goes wrong at the providers costs what it must, and the caller is told in plain words."""

from typing import Any

import pytest

from tests.kit.director import Director, Shot
from tests.kit.orders import fetched
from tests.kit.studio import KLING, ONE_SHOT, Studio
from tests.kit.vendors.documents import text_at
from tests.kit.vendors.faults import Fault

pytestmark = [pytest.mark.e2e, pytest.mark.temporal]

NEVER_SECONDS = 600.0

THREE_SHOTS: dict[str, Any] = {
    "name": "Three shots",
    "screenplay": "Shot 1: Dawn. Shot 2: Storm. Shot 3: Dusk.",
    "shot_count": 3,
    "scene_target_duration_seconds": 9,
    "stage_voice_briefs_enabled": False,
    "video_model": KLING,
}
SHOTS = (
    Shot("Dawn.", motion="The sun rises."),
    Shot("Storm.", motion="The tempest comes."),
    Shot("Dusk.", motion="The sun sets."),
)
NEUTRAL = "Gentle, natural movement"
"""What is left of an order that was toned down twice."""


@pytest.mark.requirement("FLOW-3")
def test_a_shot_that_is_refused_for_good_costs_that_shot_only(studio: Studio) -> None:
    studio.direct(Director(shots=SHOTS))
    for words, times in (("The tempest", 2), (NEUTRAL, 1)):
        studio.vendors.faults.add("fal.submit", Fault.OUTPUT_REFUSED, times, matching=words)
    made = studio.completed(THREE_SHOTS)
    lines = studio.receipt(made)

    assert [clip["status"] for clip in made.clips] == ["completed", "replaced", "completed"]
    assert [clip["attempts"] for clip in made.clips] == [1, 3, 1]
    assert {shot: lines[f"shot-00{shot}/video"]["state"] for shot in (1, 2, 3)} == {
        1: "settled",
        2: "released",
        3: "settled",
    }
    video = lines["shot-002/video"]["credits"]
    critic = sum(line["credits"] for line in lines.values() if line["state"] == "released") - video
    reserved, settled = made.resource["credits_reserved"], made.resource["credits_settled"]
    assert reserved - settled == video + critic
    assert len(made.books.jobs("fal")) == 2 + 3
    prompts = [text_at(job.payload, "prompt") for job in made.books.billed("fal")]
    assert sorted(prompt.split(".")[0] for prompt in prompts) == ["The sun rises", "The sun sets"]
    assert [text for text in made.warnings if text.startswith("Shot 2 of 3 could not be filmed")]
    assert studio.agent.audit() == []


@pytest.mark.requirement("FLOW-3")
def test_a_render_canceled_while_it_films_stops_the_jobs_and_charges_what_was_delivered(
    studio: Studio,
) -> None:
    studio.direct(Director(shots=SHOTS))
    studio.vendors.latencies.seconds["video"] = NEVER_SECONDS
    books = studio.vendors.books
    project_id = studio.submit(THREE_SHOTS)
    studio.stack.wait_for(lambda: len(books.jobs("fal")) == 3, "all shots are ordered")
    [first] = [job for job in books.jobs("fal") if "rises" in text_at(job.payload, "prompt")]
    first.seconds = 0.0

    def delivered() -> bool:
        return bool(studio.agent.status(project_id)["clips"][0]["video_score"])

    studio.stack.wait_for(delivered, "the first shot is there")
    studio.agent.cancel(project_id)
    made = studio.ended(project_id)
    lines = studio.receipt(made)

    assert made.resource["status"] == "canceled"
    assert [job.canceled for job in books.jobs("fal")].count(True) == 2
    assert books.billed("fal") == [first]
    assert [clip["status"] for clip in made.clips] == ["completed", "canceled", "canceled"]
    assert fetched(made.clips[0]["video_url"])
    settled = {line_id for line_id, line in lines.items() if line["state"] == "settled"}
    assert settled == {
        "project",
        "planning",
        "shot-001/keyframe",
        "shot-002/keyframe",
        "shot-003/keyframe",
        "shot-001/video",
        "shot-001/critic",
    }
    assert {line["state"] for line in lines.values()} == {"settled", "released"}
    assert studio.agent.audit() == []


def test_a_revoked_video_key_ends_the_render_in_plain_words_and_charges_no_clip(
    studio: Studio,
) -> None:
    studio.vendors.faults.add("fal.submit", Fault.DENIED, times=9)
    made = studio.ended(studio.submit(ONE_SHOT))
    lines = studio.receipt(made)

    assert made.resource["status"] == "failed"
    assert made.resource["last_error"].startswith("1 of 1 shots could not be filmed")
    assert "fal refused the order (HTTP 401): No user found" in made.resource["last_error"]
    assert made.clips[0]["status"] == "replaced"
    assert made.books.jobs("fal") == []
    assert len(made.books.submits("fal")) == 1
    assert lines["shot-001/keyframe"]["state"] == "settled"
    assert {lines[line]["state"] for line in ("shot-001/video", "production")} == {"released"}
    studio.assert_no_key_in(made)
    assert studio.agent.audit() == []


def test_a_revoked_key_of_the_planner_costs_no_more_than_the_project(studio: Studio) -> None:
    studio.vendors.faults.add("google.text", Fault.DENIED, times=9)
    made = studio.ended(studio.submit(ONE_SHOT))
    lines = studio.receipt(made)

    assert made.resource["status"] == "failed"
    assert made.resource["last_error"] == (
        "Google answered 401 UNAUTHENTICATED: Request had invalid authentication credentials."
    )
    assert [line for line in lines if lines[line]["state"] == "settled"] == ["project"]
    assert len(made.books.submits()) == 1
    studio.assert_no_key_in(made)
