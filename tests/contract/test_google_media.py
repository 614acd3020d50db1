"""Pictures, speech and music over the wire: the orders, the files, the refusals."""

import wave
from collections.abc import AsyncIterator
from pathlib import Path

import av
import pytest
from PIL import Image

from studio.contracts.documents import AssetClass
from studio.providers.errors import (
    ModerationRefused,
    ProviderError,
    ProviderRejected,
    RefusedInput,
    UnusableAnswer,
)
from studio.providers.ports import ImageKind, Picture, SpeechRequest
from tests.google_scenes import (
    SPEECH_MODEL,
    Scene,
    compose,
    draw,
    google_scene,
    image_request,
    music_request,
    picture,
    shot,
    speak,
)
from tests.kit.vendors.faults import Fault


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    async with google_scene(tmp_path) as opened:
        yield opened


async def test_a_keyframe_is_a_png_in_the_size_that_was_ordered(scene: Scene) -> None:
    drawn = scene.folder / "drawn.png"
    await scene.images.draw(image_request(resolution="2K", width=1920, height=1080), drawn)
    with Image.open(drawn) as opened:
        assert (opened.format, opened.mode, opened.size) == ("PNG", "RGB", (2752, 1536))
    assert scene.sent_config("responseModalities") == ["IMAGE"]
    assert scene.sent_config("imageConfig") == {"aspectRatio": "16:9", "imageSize": "2K"}
    assert scene.sent_config("seed") == 2**40 % 2**31 + 7
    assert sorted(path.name for path in scene.folder.iterdir()) == ["drawn.png"]


async def test_references_come_first_each_after_a_text_that_names_it(scene: Scene) -> None:
    references = [
        Picture("a", picture(scene.folder, name="a.png"), "Mara", AssetClass.CHARACTER),
        Picture("b", scene.folder / "gone.png", "Lost", AssetClass.PROP),
        Picture("c", picture(scene.folder, name="c.png"), "Old print", AssetClass.STYLE),
    ]
    request = image_request(references=references, remarks="The door must be red.")
    await scene.images.draw(request, scene.folder / "drawn.png")
    kinds = ["text" if "text" in part else "media" for part in scene.sent_parts]
    assert kinds == ["text", "media", "text", "media", "text"]
    named = scene.sent_texts
    assert named[0].startswith("Reference 1, character: Mara; keep this face")
    assert named[1].startswith("Reference 2, style: Old print; take only the look")


@pytest.mark.parametrize(
    ("fault", "references", "refused"),
    [
        (Fault.PROMPT_REFUSED, False, RefusedInput.PROMPT),
        (Fault.PROMPT_REFUSED, True, RefusedInput.PROMPT),
        (Fault.IMAGE_REFUSED, False, RefusedInput.PROMPT),
        (Fault.IMAGE_REFUSED, True, RefusedInput.REFERENCES),
        (Fault.OUTPUT_REFUSED, True, RefusedInput.OUTPUT),
    ],
)
async def test_a_refusal_names_what_was_refused(
    scene: Scene, fault: Fault, *, references: bool, refused: RefusedInput
) -> None:
    shown = [Picture("a", picture(scene.folder), "Mara", AssetClass.CHARACTER)]
    scene.server.faults.add("google.image", fault, times=9)
    with pytest.raises(ModerationRefused) as raised:
        await scene.images.draw(
            image_request(references=shown if references else ()), scene.folder / "drawn.png"
        )
    assert raised.value.refused is refused
    assert len(scene.posts) == 1
    assert not (scene.folder / "drawn.png").exists()


async def test_a_character_sheet_is_drawn_upright_if_asked(scene: Scene) -> None:
    request = image_request(kind=ImageKind.CHARACTER_SHEET, width=1024, height=1536)
    await scene.images.draw(request, scene.folder / "sheet.png")
    assert scene.sent_config("imageConfig", "aspectRatio") == "2:3"
    assert scene.sent_texts[-1].startswith("A character reference sheet")


async def test_a_worn_out_order_says_next_to_nothing(scene: Scene) -> None:
    bloody = shot(description="Mara stabs the guard with a knife; blood everywhere.")
    texts = []
    for level in (0, 1, 2):
        await scene.images.draw(
            image_request(shot=bloody, softened=level, style="Gory."), scene.folder / "d.png"
        )
        texts.append(scene.sent_texts[-1])
    assert "blood everywhere" in texts[0]
    assert "blood" not in texts[1]
    assert "guard" in texts[1]
    assert "guard" not in texts[2]
    assert "Gory" not in texts[1] + texts[2]


async def test_a_speech_is_a_wav_at_the_rate_that_came(scene: Scene) -> None:
    spoken = scene.folder / "spoken.wav"
    await scene.voice.speak(SpeechRequest(SPEECH_MODEL, "Planning\nis done.", "calm guide"), spoken)
    with wave.open(str(spoken)) as wav:
        assert (wav.getframerate(), wav.getnchannels(), wav.getsampwidth()) == (24_000, 1, 2)
        assert wav.getnframes() > 1_000
    assert scene.sent_texts == ["Read aloud, as a calm guide:\nPlanning is done."]
    assert scene.sent_config("responseModalities") == ["AUDIO"]


async def test_a_voice_that_was_chosen_is_the_one_that_speaks(scene: Scene) -> None:
    await speak(scene)
    assert "Charon" in str(scene.sent_config("speechConfig"))


async def test_nothing_to_say_is_asked_of_nobody(scene: Scene) -> None:
    with pytest.raises(ProviderRejected):
        await scene.voice.speak(SpeechRequest(SPEECH_MODEL, " \x00 "), scene.folder / "s.wav")
    assert scene.posts == []


async def test_refused_words_are_refused(scene: Scene) -> None:
    scene.server.faults.add("google.speech", Fault.PROMPT_REFUSED)
    with pytest.raises(ModerationRefused):
        await speak(scene)


async def test_music_is_instrumental_unless_words_are_given(scene: Scene) -> None:
    song = scene.folder / "song"
    composition = await scene.music.compose(music_request(), song)
    assert composition.lyrics == ""
    assert scene.posts[-1].path == "/v1beta/interactions"
    assert scene.sent["model"] == "lyria-3-clip-preview"
    prompt = str(scene.sent["input"])
    assert "slow piano" in prompt
    assert "about 30 seconds" in prompt
    assert "Instrumental only" in prompt
    with av.open(str(song)) as sound:
        assert sound.streams.audio


async def test_sung_words_come_back_line_by_line(scene: Scene) -> None:
    request = music_request(lyrics_prompt="Snow on the water\nA door in the night")
    composition = await scene.music.compose(request, scene.folder / "song")
    assert "Sung lyrics:\nSnow on the water\nA door in the night" in str(scene.sent["input"])
    assert composition.lyrics.splitlines()[0].startswith("[0:00]")


@pytest.mark.parametrize(
    ("fault", "refused"),
    [(Fault.PROMPT_REFUSED, RefusedInput.PROMPT), (Fault.OUTPUT_REFUSED, RefusedInput.OUTPUT)],
)
async def test_refused_music_names_what_was_refused(
    scene: Scene, fault: Fault, refused: RefusedInput
) -> None:
    scene.server.faults.add("interactions.create", fault, times=9)
    with pytest.raises(ModerationRefused) as raised:
        await compose(scene)
    assert raised.value.refused is refused
    assert len(scene.posts) == 1


async def test_music_that_failed_may_be_asked_for_again(scene: Scene) -> None:
    scene.server.faults.add("interactions.create", Fault.JOB_FAILED)
    with pytest.raises(ProviderError) as raised:
        await compose(scene)
    assert type(raised.value) is UnusableAnswer


@pytest.mark.parametrize("status", ["incomplete", "budget_exceeded", "requires_continuation"])
async def test_music_that_ended_half_way_may_be_billed_and_is_not_continued(
    scene: Scene, status: str
) -> None:
    scene.server.faults.add("interactions.create", Fault.ODD_STATUS, times=9, detail=status)
    with pytest.raises(UnusableAnswer):
        await compose(scene)
    assert len(scene.posts) == 1
    assert not (scene.folder / "song").exists()


async def test_every_paid_call_is_on_the_bill_once(scene: Scene) -> None:
    await draw(scene)
    await speak(scene)
    await compose(scene)
    assert len(scene.server.books.billed()) == 3
