"""One film from a screenplay and pictures, looked at from all sides: what was asked for is what
the models are told, and what they make is what comes out.
"""

import io
import json
import wave
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image

from studio.catalog.catalogue import load_catalogue
from tests.kit.director import LENSES, Director, Shot, Someone, Strict
from tests.kit.film import SOUND_HERTZ, check_film, sound_of
from tests.kit.orders import (
    drawings,
    fetched,
    is_picture_of,
    models_of,
    picture_size,
    references_of,
    system_of,
    words_of,
)
from tests.kit.studio import KLING, Made, Studio
from tests.kit.vendors.books import Job
from tests.kit.vendors.documents import items_at, text_at

pytestmark = [pytest.mark.e2e, pytest.mark.temporal]

RED, GREEN, BLUE, GOLD = (200, 30, 30), (30, 160, 60), (40, 60, 200), (220, 180, 40)
PICTURES = {"ana.png": RED, "tower.png": GREEN, "lamp.png": BLUE, "mood.png": GOLD}
REMARK = "The brass lamp is missing from her hand."
LAST_REMARK = "The sea is too calm."
KEYFRAMES = "judge one keyframe"
DRAWS_MAX = 3
VOICE_HERTZ = 160
"""Of the vendors' speech."""
FIRST_LINE, LAST_LINE = "Every night she climbs.", "And he waits."
SECONDS = 9
FRAME_MS = 1000 / 24

BRIEF: dict[str, Any] = {
    "name": "The keeper of the light",
    "screenplay": "Shot 1: Ana climbs the stairs. Shot 2: Ana and Bo light the lamp. "
    "Shot 3: Bo looks out at the sea.",
    "instructions": "A narrator tells the story. Never show the town.",
    "additional_lore": "The lamp was cast from a sunken bell.",
    "visual_style_preset": "film_noir",
    "visual_style_custom_instructions": "wet cobblestones everywhere",
    "shot_count": 3,
    "scene_target_duration_seconds": SECONDS,
    "orchestrator_model": "gemini-3.8-flash",
    "image_model": "gemini-3.1-flash-image",
    "image_resolution": "2K",
    "video_model": KLING,
    "music_model": "lyria-3-clip-preview",
    "style_prompt": "slow strings",
    "lyrics_prompt": "The sea, the sea",
    "music_min_duration_seconds": 14,
    "music_max_duration_seconds": 20,
    "stage_voice_briefs_enabled": True,
    "ingredients_mode_enabled": True,
    "assets": [
        {"filename": "ana.png", "label": "Ana", "purpose": "main character"},
        {"filename": "tower.png", "label": "The tower", "purpose": "environment"},
        {"filename": "lamp.png", "label": "The brass lamp", "purpose": "prop"},
        {"filename": "mood.png", "label": "Evening mood", "purpose": "mood board"},
    ],
}

SHOTS = (
    Shot(
        "Ana climbs a spiral staircase.",
        motion="She climbs.",
        characters=("Ana",),
        place="The tower",
        files=("mood.png",),
        narration=FIRST_LINE,
    ),
    Shot(
        "Ana and Bo light the lamp.",
        motion="The flame grows.",
        characters=("Ana", "Bo"),
        files=("lamp.png",),
    ),
    Shot("Bo looks out.", motion="The sea heaves.", characters=("Bo",), narration=LAST_LINE),
)


def _director() -> Director:
    return Director(
        shots=SHOTS,
        characters=(
            Someone("Ana", "A woman of sixty in a red oilskin.", ("ana.png",)),
            Someone("Bo", "A boy of ten in a white jersey."),
        ),
        places=(Someone("The tower", "A green tower of riveted iron.", ("tower.png",)),),
        seen={name: f"What {name} shows." for name in PICTURES},
        judges=(
            Strict(KEYFRAMES, SHOTS[1].description, REMARK),
            Strict(KEYFRAMES, SHOTS[2].description, LAST_REMARK, votes=DRAWS_MAX * LENSES),
        ),
    )


@pytest.fixture(scope="module")
def made(open_studio: Studio, tmp_path_factory: pytest.TempPathFactory) -> Made:
    folder = tmp_path_factory.mktemp("uploads")
    files = []
    for name, colour in PICTURES.items():
        files.append(folder / name)
        Image.new("RGB", (64, 64), colour).save(files[-1])
    open_studio.fresh()
    open_studio.direct(_director())
    return open_studio.completed(BRIEF, files)


@pytest.fixture(scope="module")
def film(made: Made, open_studio: Studio, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return open_studio.film_of(made, tmp_path_factory.mktemp("film"))


def _keyframe(made: Made, shot: Shot) -> Job:
    """The order of the keyframe that the film uses."""
    return drawings(made.books, shot.description)[-1]


@pytest.mark.requirement("BRIEF-1", "BRIEF-3")
def test_the_planner_is_told_the_whole_brief_with_the_screenplay_in_the_lead(made: Made) -> None:
    [plan] = made.director.plans

    for field in ("name", "screenplay", "instructions", "additional_lore"):
        assert BRIEF[field] in plan.text
    assert plan.text.index("[screenplay]") < plan.text.index("[instructions]")
    assert "The screenplay leads." in plan.text


@pytest.mark.requirement("BRIEF-1")
def test_every_shot_is_drawn_filmed_and_told_as_it_was_planned(made: Made) -> None:
    for shot in SHOTS:
        assert drawings(made.books, shot.description)
    prompts = [text_at(job.payload, "prompt") for job in made.books.billed("fal")]
    assert sorted(prompt.split(". Camera")[0] for prompt in prompts) == sorted(
        shot.motion.rstrip(".") for shot in SHOTS
    )
    spoken = "\n".join(words_of(job) for job in made.books.jobs("google.speech"))
    assert all(line in spoken for line in (FIRST_LINE, LAST_LINE))


@pytest.mark.requirement("BRIEF-2")
def test_the_style_reaches_the_plan_and_every_picture(made: Made) -> None:
    look = load_catalogue().style("film_noir").look
    custom = BRIEF["visual_style_custom_instructions"]
    texts = [*map(words_of, drawings(made.books)), made.director.plans[0].text]

    # Keyframes of three shots, drawn once, twice and three times, and Bo's sheet.
    assert len(texts) == 1 + 2 + DRAWS_MAX + 1 + 1
    assert all(words in text for text in texts for words in (*look, custom))


@pytest.mark.requirement("INPUT-6")
@pytest.mark.parametrize(
    ("number", "kind"),
    [(0, "character"), (1, "environment"), (2, "prop"), (3, "style")],
)
def test_a_reference_reaches_planning_as_what_it_is(made: Made, number: int, kind: str) -> None:
    asset = BRIEF["assets"][number]
    [line] = [
        line
        for line in made.director.plans[0].text.splitlines()
        if line.startswith(f"upload {number}: ")
    ]

    assert line.startswith(f"upload {number}: image, {kind}")
    assert f"label: {asset['label']}" in line
    assert f"purpose: {asset['purpose']}" in line
    assert f"What {asset['filename']} shows." in line


@pytest.mark.requirement("INPUT-6")
def test_the_callers_pictures_go_into_the_frames_that_they_belong_to(made: Made) -> None:
    frames = [references_of(_keyframe(made, shot)) for shot in SHOTS]
    said = [[reference.introduction.split(";")[0] for reference in frame] for frame in frames]

    assert said == [
        [
            "Reference 1, style: Evening mood",
            "Reference 2, character: Ana",
            "Reference 3, environment: The tower",
        ],
        [
            "Reference 1, prop: The brass lamp",
            "Reference 2, character: Ana",
            "Reference 3, character: Bo",
        ],
        ["Reference 1, character: Bo"],
    ]
    for frame, colours in zip(frames, ([GOLD, RED, GREEN], [BLUE, RED], []), strict=True):
        for reference, colour in zip(frame, colours, strict=False):
            assert is_picture_of(reference.picture, colour)


def test_someone_whom_no_upload_shows_gets_one_sheet_for_all_shots(made: Made) -> None:
    [sheet] = drawings(made.books, "character reference sheet")
    assert "A boy of ten in a white jersey." in words_of(sheet)


@pytest.mark.requirement("MODEL-1")
def test_the_orchestrator_is_the_chosen_one_and_the_critic_the_default(made: Made) -> None:
    asked = made.books.jobs("google.text")
    planned = [job for job in asked if "screenwriter" in system_of(job)]
    judged = [job for job in asked if "You judge one" in system_of(job)]
    described = [job for job in asked if "Describe this upload" in system_of(job)]

    assert (len(planned), len(described), len(judged)) == (
        1,
        len(PICTURES),
        LENSES * (1 + 2 + DRAWS_MAX + len(SHOTS)),
    )
    assert models_of(planned) == models_of(described) == {"gemini-3.8-flash"}
    assert models_of(judged) == {"gemini-3.5-flash"}
    uses = made.resource["models"]
    assert uses["critic"] == {"requested": "gemini-3.5-flash", "used": "gemini-3.5-flash"}
    assert all(use["used"] == use["requested"] for use in uses.values())


@pytest.mark.requirement("MODEL-3")
def test_pictures_are_drawn_by_the_chosen_model_in_the_chosen_size(made: Made) -> None:
    drawn = drawings(made.books)
    sizes = {text_at(job.payload, "generationConfig", "imageConfig", "imageSize") for job in drawn}

    assert models_of(drawn) == {"gemini-3.1-flash-image"}
    assert sizes == {"2K"}
    keyframes = [fetched(clip["keyframe_url"]) for clip in made.clips]
    assert {picture_size(keyframe) for keyframe in keyframes} == {(2752, 1536)}


@pytest.mark.requirement("MODEL-7")
def test_ingredients_hand_the_references_to_the_video_model(made: Made) -> None:
    [job] = [job for job in made.books.billed("fal") if "flame" in text_at(job.payload, "prompt")]
    pictures = [
        made.uploads[text_at(element, "frontal_image_url")][0]
        for element in items_at(job.payload, "elements")
    ]

    assert len(pictures) == 3
    assert is_picture_of(pictures[0], BLUE)
    assert is_picture_of(pictures[1], RED)
    prompt = text_at(job.payload, "prompt")
    assert "@Element1 is The brass lamp. @Element2 is Ana. @Element3 is Bo." in prompt


@pytest.mark.requirement("MODEL-8")
def test_every_finished_stage_is_told_by_voice(made: Made) -> None:
    briefs = {brief["stage"]: brief["audio_url"] for brief in made.resource["voice_briefs"]}
    spoken = "\n".join(words_of(job) for job in made.books.jobs("google.speech"))

    stages = ["input", "music", "planning", "storyboarding", "filming", "production"]
    assert sorted(briefs) == sorted(stages)
    for url in briefs.values():
        with wave.open(io.BytesIO(fetched(url))) as sound:
            assert sound.getnframes() > sound.getframerate() / 2
    assert "3 shots planned." in spoken
    assert "3 shots filmed." in spoken


@pytest.mark.requirement("MUSIC-1", "MUSIC-2")
def test_music_is_made_by_the_chosen_model_from_style_lyrics_and_bounds(
    made: Made, film: Path
) -> None:
    [song] = made.books.billed("interactions")

    assert song.model == "lyria-3-clip-preview"
    for words in ("slow strings", "The sea, the sea", "about 14 seconds", BRIEF["name"]):
        assert words in words_of(song)
    sound = sound_of(film)
    tones, hertz = np.abs(np.fft.rfft(sound)), np.fft.rfftfreq(len(sound), 1 / SOUND_HERTZ)
    heard, beside = tones[abs(hertz - 277) < 2].max(), tones[abs(hertz - 300) < 2].max()
    assert heard > 10 * beside


def test_a_refused_keyframe_is_drawn_again_with_the_remark_and_the_status_says_how_it_ended(
    made: Made,
) -> None:
    first, second = drawings(made.books, SHOTS[1].description)

    assert REMARK not in words_of(first)
    assert REMARK in words_of(second)
    assert len(drawings(made.books, SHOTS[2].description)) == DRAWS_MAX
    assert [clip["keyframe_score"] for clip in made.clips] == [9.0, 9.0, 4.0]
    assert [clip["video_score"] for clip in made.clips] == [9.0] * 3
    assert [clip["keyframe_remark"] for clip in made.clips] == [None, None, LAST_REMARK]
    assert made.warnings == [f"Shot 3 of 3: the critic refused the keyframe: {LAST_REMARK}"]


def test_the_film_is_whole_and_its_report_says_what_was_measured(made: Made, film: Path) -> None:
    check_film(film, seconds=SECONDS)
    report = json.loads(fetched(made.resource["quality_report_url"]))

    assert [check for check in report["checks"] if not check["passed"]] == []
    assert [clip["index"] for clip in report["clips"]] == [1, 2, 3]
    for clip in report["clips"]:
        assert abs(clip["picture_drift_ms"]) <= FRAME_MS
        assert abs(clip["sound_drift_ms"]) <= FRAME_MS
    names = {check["name"] for check in report["checks"]}
    assert {"drift", "loudness", "true_peak", "frames", "duration"} <= names
    assert picture_size(fetched(made.resource["poster_url"])) == (1280, 720)
    assert all(picture_size(fetched(clip["thumbnail_url"])) for clip in made.clips)


def test_the_narrator_is_heard_while_his_words_are_to_be_read(film: Path) -> None:
    sound = sound_of(film)
    spoken, silent = sound[: 2 * SOUND_HERTZ], sound[4 * SOUND_HERTZ : 6 * SOUND_HERTZ]
    hertz = np.fft.rfftfreq(2 * SOUND_HERTZ, 1 / SOUND_HERTZ)
    voice = abs(hertz - VOICE_HERTZ) < 5
    heard, not_heard = (np.abs(np.fft.rfft(part))[voice].max() for part in (spoken, silent))

    assert heard > 10 * not_heard


def test_the_subtitles_say_what_the_narrator_says_while_it_is_said(
    made: Made, tmp_path: Path
) -> None:
    path = tmp_path / "subtitles.vtt"
    path.write_bytes(fetched(made.resource["subtitles_url"]))
    with av.open(str(path), format="webvtt") as file:
        packets = [packet for packet in file.demux(subtitles=0) if packet.size]
    starts = [float((packet.pts or 0) * (packet.time_base or 0)) for packet in packets]

    assert [bytes(packet).decode() for packet in packets] == [FIRST_LINE, LAST_LINE]
    # In the first shot and in the third.
    assert 0 <= starts[0] < 3
    assert 6 <= starts[1] < SECONDS


def test_everything_that_was_delivered_is_charged_and_no_key_is_told(
    made: Made, open_studio: Studio
) -> None:
    assert made.resource["credits_settled"] == made.resource["credits_reserved"]
    lines = open_studio.receipt(made)
    assert {line["state"] for line in lines.values()} == {"settled"}
    assert len(made.books.billed("fal")) == 3
    assert all(job.delivered for job in made.books.billed("fal"))
    assert open_studio.agent.audit() == []
    open_studio.assert_no_key_in(made)
