"""Whole renders through the real SDKs: every call goes over the wire to a server of ours.

The server speaks the providers' formats and is itself checked against their published schemas
(tests/contract/test_vendor_*.py).
"""

from pathlib import Path

import pytest
from PIL import Image

from tests.kit.director import Director, Shot
from tests.kit.film import check_film
from tests.kit.orders import drawings, is_picture_of, references_of, words_of
from tests.kit.studio import ONE_SHOT, Studio
from tests.kit.vendors.documents import items_at, text_at
from tests.kit.vendors.faults import Fault

pytestmark = [pytest.mark.e2e, pytest.mark.temporal]

SLOW_SECONDS = 4.0
STEEL = (120, 130, 140)


@pytest.mark.requirement("FLOW-3")
def test_an_order_whose_answer_was_lost_is_adopted_and_not_made_again(studio: Studio) -> None:
    studio.vendors.faults.add("fal.submit", Fault.RESET_AFTER)
    made = studio.completed(ONE_SHOT)

    assert (made.clips[0]["status"], made.clips[0]["attempts"]) == ("completed", 1)
    assert len(made.books.billed("fal")) == 1
    assert studio.agent.audit() == []


@pytest.mark.requirement("FLOW-3")
def test_a_worker_that_dies_while_a_clip_is_filmed_costs_no_second_clip(studio: Studio) -> None:
    vendors = studio.vendors
    vendors.latencies.seconds["video"] = SLOW_SECONDS
    project_id = studio.submit(ONE_SHOT)
    studio.stack.wait_for(lambda: bool(vendors.books.jobs("fal")), "the clip is ordered")
    studio.stack.kill("worker")
    studio.stack.start_worker()
    made = studio.ended(project_id)

    assert made.resource["status"] == "completed", made.resource
    assert len(made.books.submits("fal")) == 1
    assert len(made.books.jobs("google.image")) == 1
    assert made.resource["credits_settled"] == made.resource["credits_reserved"]
    assert studio.agent.audit() == []


def test_a_refused_prompt_is_softened_and_the_film_made(studio: Studio) -> None:
    studio.vendors.faults.add("fal.submit", Fault.PROMPT_REFUSED)
    made = studio.completed(ONE_SHOT)

    assert (made.clips[0]["status"], made.clips[0]["attempts"]) == ("completed", 2)
    assert [text for text in made.warnings if "tamer" in text]
    assert len(made.books.billed("fal")) == 1


@pytest.mark.requirement("MODEL-7")
def test_without_ingredients_references_stay_with_the_frames(
    studio: Studio, tmp_path: Path
) -> None:
    picture = tmp_path / "sword.png"
    Image.new("RGB", (64, 64), STEEL).save(picture)
    studio.direct(Director(shots=(Shot("A sword.", files=("sword.png",)),)))
    made = studio.completed(ONE_SHOT, [picture])
    [drawing] = drawings(made.books, "A sword.")
    [order] = made.books.billed("fal")

    assert [is_picture_of(seen.picture, STEEL) for seen in references_of(drawing)] == [True]
    assert "elements" not in order.payload


@pytest.mark.requirement("MODEL-4", "FLOW-3")
def test_veo_films_into_the_configured_bucket(other_studio: Studio) -> None:
    # The answer to the order is lost: its clip is found in the attempt's own folder.
    other_studio.vendors.faults.add("veo.submit", Fault.RESET_AFTER)
    made = other_studio.completed(ONE_SHOT | {"video_model": "veo-3.1-fast-generate-001"})

    assert made.clips[0]["status"] == "completed"
    assert len(made.books.billed("veo")) == 1
    assert other_studio.agent.audit() == []


@pytest.mark.requirement("MODEL-4")
def test_klings_own_service_films_in_4k(other_studio: Studio, tmp_path: Path) -> None:
    other_studio.direct(Director(shots=(Shot("A knight.", motion="He kneels."),)))
    made = other_studio.completed(ONE_SHOT | {"video_resolution": "4k"})
    [job] = made.books.billed("kling")

    assert text_at(job.payload, "settings", "resolution") == "4k"
    words = [text_at(content, "text") for content in items_at(job.payload, "contents")]
    assert "He kneels." in words[0]
    assert job.delivered
    film = other_studio.film_of(made, tmp_path)
    check_film(film, seconds=4, size=(3840, 2160))
    other_studio.assert_no_key_in(made)


@pytest.mark.requirement("MODEL-1", "MODEL-3", "MODEL-4")
def test_models_that_end_while_a_film_is_made_give_way_to_their_successors(
    studio: Studio,
) -> None:
    ended = {
        "google.text": "gemini-3.5-flash",
        "google.image": "gemini-3-pro-image",
        "google.speech": "gemini-3.8-flash-tts",
        "interactions.create": "gemini-omni-1.1-flash",
    }
    for call, model in ended.items():
        studio.vendors.faults.add(call, Fault.MODEL_GONE, times=99, matching=model)
    studio.direct(Director(shots=(Shot("A knight.", narration="He waits."),)))
    brief = ONE_SHOT | {
        "instructions": "A narrator speaks.",
        "image_model": "gemini-3-pro-image",
        "video_model": "gemini-omni-1.1-flash",
    }
    made = studio.completed(brief)
    assert {role: use["used"] for role, use in made.resource["models"].items()} == {
        "orchestrator": "gemini-3.8-flash",
        "critic": "gemini-3.8-flash",
        "image": "gemini-3.1-flash-image",
        "video": "gemini-omni-1.2-flash",
        "voice": "gemini-3.8-flash-lite-tts",
    }
    for model in ended.values():
        assert [text for text in made.warnings if text.startswith(f"{model} is no longer offered")]
    assert {job.model for job in made.books.jobs()} == {
        use["used"] for use in made.resource["models"].values()
    }
    assert made.clips[0]["status"] == "completed"
    assert made.resource["credits_settled"] == made.resource["credits_reserved"]
    spoken = [words_of(job) for job in made.books.jobs("google.speech")]
    assert [words for words in spoken if "He waits." in words]
