"""A film from instructions and uploads of every kind, by Gemini Omni Flash."""

from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.kit.director import Director, Shot, Someone
from tests.kit.film import check_film
from tests.kit.orders import (
    drawings,
    fetched,
    is_picture_of,
    picture_size,
    references_of,
    system_of,
    words_of,
)
from tests.kit.studio import OMNI_IMAGE, OMNI_VIDEO, Made, Studio
from tests.kit.vendors.documents import dig, items_at, text_at
from tests.media_fixtures import ClipSpec, make_clip
from tests.sound_scenes import babble, write_wav
from tests.unit.test_media_documents import paragraph, write_docx, write_pdf

pytestmark = [pytest.mark.e2e, pytest.mark.temporal]

TEAL = (20, 130, 130)
SECONDS = 6

BRIEF: dict[str, Any] = {
    "name": "The archive",
    "project_mode": "custom",
    "instructions": "Shot 1: The reels are found. Shot 2: A reel burns.",
    "screenplay": "Somebody hums.",
    "shot_count": 2,
    "scene_target_duration_seconds": SECONDS,
    "critic_model": "gemini-3.8-flash",
    "image_model": "gemini-omni-flash-image",
    "video_model": "gemini-omni-flash-video",
    "video_resolution": "1080p",
    "ingredients_mode_enabled": True,
    "stage_voice_briefs_enabled": False,
    "assets": [
        {"filename": "reel.png", "label": "The reel", "purpose": "product"},
        {"filename": "attic.mp4", "label": "The attic", "purpose": "environment"},
    ],
}
SHOTS = (
    Shot("Dusty reels in an attic.", motion="Dust drifts.", place="The attic"),
    Shot("A reel in flames.", motion="Flames rise.", characters=("The reel",)),
)
SEEN = {"reel.png": "A tin of film.", "attic.mp4": "A room under the roof."}
SAID = "Never open the last box."


@pytest.fixture(scope="module")
async def uploads(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("uploads")
    Image.new("RGB", (64, 64), TEAL).save(folder / "reel.png")
    (folder / "notes.md").write_text("# Notes\nThe projectionist was called Olga.")
    return [
        folder / "reel.png",
        await make_clip(folder / "attic.mp4", ClipSpec(160, 90)),
        write_wav(folder / "voice.wav", babble(3.0, 1)),
        write_pdf(folder / "treatment.pdf", "The fire starts in reel nine."),
        write_docx(folder / "letter.docx", paragraph("Burn what you find, he wrote.")),
        folder / "notes.md",
    ]


@pytest.fixture(scope="module")
def made(open_studio: Studio, uploads: list[Path]) -> Made:
    open_studio.fresh()
    director = Director(
        shots=SHOTS,
        characters=(Someone("The reel", "A tin of film, teal.", ("reel.png",)),),
        places=(Someone("The attic", "Low and dark.", ("attic.mp4",)),),
        seen=SEEN,
        heard=SAID,
    )
    open_studio.direct(director)
    return open_studio.completed(BRIEF, uploads)


def _told_of(made: Made, filename: str) -> str:
    [line] = [line for line in made.director.plans[0].text.splitlines() if f"'{filename}'" in line]
    return line


@pytest.mark.requirement("BRIEF-3", "BRIEF-1")
def test_instructions_and_references_lead_and_the_screenplay_only_adds(made: Made) -> None:
    [plan] = made.director.plans

    assert plan.text.index("[instructions]") < plan.text.index("[screenplay]")
    assert "The instructions and the uploaded references lead." in plan.text
    assert len(made.clips) == 2


@pytest.mark.requirement("BRIEF-3")
def test_a_film_without_a_screenplay_has_the_shots_that_its_instructions_mark(
    studio: Studio,
) -> None:
    brief = {name: BRIEF[name] for name in ("name", "project_mode", "instructions")}
    answer = studio.estimate(brief | {"video_model": "gemini-omni-flash-video"})

    assert sorted({line["shot"] for line in answer["lines"] if line["shot"]}) == [1, 2]


@pytest.mark.requirement("INPUT-8")
@pytest.mark.parametrize(
    ("filename", "kind", "words"),
    [
        ("treatment.pdf", "document", "The fire starts in reel nine."),
        ("letter.docx", "document", "Burn what you find, he wrote."),
        ("notes.md", "document", "The projectionist was called Olga."),
        ("attic.mp4", "video", SEEN["attic.mp4"]),
        ("attic.mp4", "video", SAID),
        ("voice.wav", "audio", SAID),
    ],
)
def test_what_an_upload_says_or_shows_reaches_planning(
    made: Made, filename: str, kind: str, words: str
) -> None:
    line = _told_of(made, filename)
    assert f": {kind}, " in line
    assert words in line


@pytest.mark.requirement("MODEL-8")
def test_where_no_voice_was_asked_for_nobody_speaks(made: Made) -> None:
    assert made.resource["voice_briefs"] == []
    assert made.books.jobs("google.speech") == []
    assert "voice" not in made.resource["models"]


@pytest.mark.requirement("INPUT-8")
def test_a_video_is_looked_at_in_frames_and_shows_its_place(made: Made) -> None:
    asked = made.books.jobs("google.text")
    [look] = [
        job
        for job in asked
        if "Describe this upload" in system_of(job) and "Frames of one video" in words_of(job)
    ]
    assert len(references_of(look)) > 1
    first, second = (drawings(made.books, shot.description)[0] for shot in SHOTS)
    assert [r.introduction.split(";")[0] for r in references_of(first)] == [
        "Reference 1, environment: The attic"
    ]
    [reel] = references_of(second)
    assert is_picture_of(reel.picture, TEAL)


@pytest.mark.requirement("MODEL-1")
def test_the_critic_is_the_chosen_one(made: Made) -> None:
    judged = {
        job.model for job in made.books.jobs("google.text") if "You judge one" in system_of(job)
    }
    assert judged == {"gemini-3.8-flash"}


@pytest.mark.requirement("MODEL-6", "MODEL-7")
def test_omni_draws_and_films_by_its_backend_ids(made: Made) -> None:
    assert {job.model for job in drawings(made.books)} == {OMNI_IMAGE}
    films = made.books.billed("interactions")
    assert {job.model for job in films} == {OMNI_VIDEO}
    assert all(job.delivered for job in films)
    [burning] = [job for job in films if "Flames rise" in words_of(job)]
    assert "<IMAGE_REF_0> is The reel." in words_of(burning)
    pictures = [
        content
        for step in items_at(burning.payload, "input")
        for content in items_at(step, "content")
        if text_at(content, "type") == "image"
    ]
    assert len(pictures) == 2
    config = dig(burning.payload, "generation_config", "video_config", "task")
    assert config == "reference_to_video"


@pytest.mark.requirement("MODEL-4")
def test_the_film_has_the_resolution_that_was_ordered(
    made: Made, open_studio: Studio, tmp_path: Path
) -> None:
    ordered = {
        text_at(job.payload, "response_format", "resolution")
        for job in made.books.billed("interactions")
    }
    assert ordered == {"1080p"}
    film = open_studio.film_of(made, tmp_path)
    check_film(film, seconds=SECONDS, size=(1920, 1080))
    assert picture_size(fetched(made.resource["poster_url"])) == (1920, 1080)
    assert made.resource["credits_settled"] == made.resource["credits_reserved"]


@pytest.mark.requirement("MODEL-6")
@pytest.mark.parametrize(
    ("field", "model", "setting"),
    [
        ("image_model", "gemini-omni-flash-image", "FVS_OMNI_IMAGE_MODEL_ID"),
        ("video_model", "gemini-omni-flash-video", "FVS_OMNI_VIDEO_MODEL_ID"),
    ],
)
def test_omni_is_refused_where_it_has_no_backend_id(
    other_studio: Studio, field: str, model: str, setting: str
) -> None:
    brief = {"name": "A film", "screenplay": "A reel."}
    refusal = other_studio.refused(brief | {field: model})

    [error] = refusal["errors"]
    assert error["pointer"] == f"/{field}"
    assert model in error["detail"]
    assert setting in error["detail"]
    assert other_studio.vendors.books.requests == []
