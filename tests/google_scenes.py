"""Google's adapters over the wire, against the local server that speaks Google's formats."""

import wave
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
from PIL import Image

from studio.contracts.assets import AssetKind
from studio.contracts.documents import AssetNote, AssetReport, CharacterSheet, ShotScript
from studio.contracts.plan import ShotTiming
from studio.providers.google.client import DeveloperAccess, EnterpriseAccess, GoogleClient
from studio.providers.google.factory import GOOGLE, google_providers
from studio.providers.ports import (
    Analyst,
    Critic,
    DescribeRequest,
    ImageModel,
    ImageRequest,
    MusicModel,
    MusicRequest,
    Planner,
    PlanRequest,
    ReviewRequest,
    SpeechRequest,
    TranscribeRequest,
    VoiceModel,
)
from tests.kit.vendors.books import SeenRequest
from tests.kit.vendors.documents import Json, dig, items_at, text_at
from tests.kit.vendors.server import VendorServer
from tests.kit.vendors.works import TextAsk

KEY = "test-key-of-a-worker-0123456789"
TEXT_MODEL = "gemini-3.5-flash"
IMAGE_MODEL = "gemini-3-pro-image"
SPEECH_MODEL = "gemini-3.8-flash-tts"
MUSIC_MODEL = "lyria-3-clip-preview"


@dataclass(frozen=True)
class Scene:
    server: VendorServer
    client: GoogleClient
    analyst: Analyst
    planner: Planner
    critic: Critic
    images: ImageModel
    music: MusicModel
    voice: VoiceModel
    folder: Path
    asked: list[str]
    """The whole text of each question that `answer` answered: the books hash long ones."""

    def answer(self, *answers: object) -> None:
        """Let the text model give these answers in turn, the last one for ever."""
        left = list(answers)

        def respond(ask: TextAsk) -> object:
            self.asked.append(ask.text)
            return left.pop(0) if len(left) > 1 else left[0]

        self.server.responder = respond

    @property
    def posts(self) -> Sequence[SeenRequest]:
        return [seen for seen in self.server.books.requests if seen.method == "POST"]

    @property
    def sent(self) -> Json:
        """The body of the last request, its media left out."""
        body = self.posts[-1].body
        assert isinstance(body, dict)
        return body

    @property
    def sent_texts(self) -> list[str]:
        return [text_at(part, "text") for part in self.sent_parts if "text" in part]

    @property
    def sent_parts(self) -> list[Json]:
        parts = items_at(items_at(self.sent, "contents")[0], "parts")
        return [part for part in parts if isinstance(part, dict)]

    @property
    def sent_system(self) -> str:
        return text_at(items_at(self.sent, "systemInstruction", "parts")[0], "text")

    def sent_config(self, *names: str) -> object:
        return dig(self.sent, "generationConfig", *names)


@asynccontextmanager
async def google_scene(
    folder: Path,
    *,
    timeout_seconds: float = 30.0,
    base_url: str | None = None,
    access: DeveloperAccess | EnterpriseAccess | None = None,
) -> AsyncIterator[Scene]:
    async with VendorServer() as server:
        client = GoogleClient(
            access or DeveloperAccess(KEY),
            base_url=base_url or server.url,
            timeout_seconds=timeout_seconds,
        )
        providers = google_providers(client)
        yield Scene(
            server=server,
            client=client,
            analyst=providers.analysts[GOOGLE],
            planner=providers.planners[GOOGLE],
            critic=providers.critics[GOOGLE],
            images=providers.images[GOOGLE],
            music=providers.music[GOOGLE],
            voice=providers.voices[GOOGLE],
            folder=folder,
            asked=[],
        )
        await client.aclose()


def picture(folder: Path, size: tuple[int, int] = (320, 180), name: str = "still.png") -> Path:
    path = folder / name
    Image.new("RGBA", size, (200, 80, 40, 255)).save(path)
    return path


def recording(folder: Path, seconds: float = 1.0) -> Path:
    path = folder / "voice.wav"
    times = np.arange(int(seconds * 44_100)) / 44_100
    with wave.open(str(path), "wb") as wav:
        wav.setnchannels(2)
        wav.setsampwidth(2)
        wav.setframerate(44_100)
        tone = (np.sin(times * 2_000) * 8_000).astype("<i2")
        wav.writeframes(np.repeat(tone, 2).tobytes())
    return path


def clip(folder: Path, frames: int = 24) -> Path:
    path = folder / "clip.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=24)
        stream.width, stream.height, stream.pix_fmt = 320, 180, "yuv420p"
        for number in range(frames):
            grey = np.full((180, 320, 3), number * 8 % 256, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(grey, format="rgb24")))
        container.mux(stream.encode(None))
    return path


def shot(**fields: object) -> ShotScript:
    known: dict[str, object] = {
        "index": 1,
        "title": "The red door",
        "description": "Mara stands before a red door in falling snow.",
        "camera_move": "slow push in",
        "characters": ("Mara",),
        "place": "Harbour",
    }
    return ShotScript.model_validate(known | fields)


MARA = CharacterSheet(name="Mara", description="A woman of sixty with short silver hair.")


def image_request(**fields: object) -> ImageRequest:
    known: dict[str, object] = {
        "model": IMAGE_MODEL,
        "title": "Snow",
        "shot": shot(),
        "shot_count": 3,
        "style": "Soft watercolour.",
        "resolution": "1K",
        "width": 1280,
        "height": 720,
        "seed": 2**40 + 7,
        "characters": (MARA,),
    }
    return ImageRequest(**{**known, **fields})  # type: ignore[arg-type] # a test's own fields


def review_request(media: Path, lens: str, **fields: object) -> ReviewRequest:
    known: dict[str, object] = {
        "model": TEXT_MODEL,
        "lens": lens,
        "shot": shot(),
        "style": "Soft watercolour.",
        "media": media,
        "characters": (MARA,),
    }
    return ReviewRequest(**{**known, **fields})  # type: ignore[arg-type] # a test's own fields


def plan_request(**fields: object) -> PlanRequest:
    """Three shots of 4, 6 and 2 seconds."""
    known: dict[str, object] = {
        "model": TEXT_MODEL,
        "name": "Snow",
        "screenplay": "Mara waits at the harbour, finds a red door, and goes in.",
        "instructions": "",
        "additional_lore": "",
        "style": "Soft watercolour.",
        "mode": "scene",
        "shots": tuple(
            ShotTiming(index=number, frames=seconds * 24, filmed_seconds=seconds)
            for number, seconds in enumerate((4, 6, 2), start=1)
        ),
        "frames_per_second": 24,
        "assets": AssetReport(),
    }
    return PlanRequest(**{**known, **fields})  # type: ignore[arg-type] # a test's own fields


def upload(index: int, **fields: object) -> AssetNote:
    known: dict[str, object] = {
        "index": index,
        "kind": AssetKind.IMAGE,
        "filename": f"upload-{index}.png",
    }
    return AssetNote.model_validate(known | fields)


def planned_shot(number: int, **fields: object) -> Json:
    known: Json = {
        "index": number,
        "title": f"Moment {number}",
        "description": f"Mara does thing number {number} in falling snow.",
        "camera_move": "static",
        "motion": "Snow falls.",
        "characters": ["Mara"],
        "place": "Harbour",
        "reference_indices": [],
        "narration": "",
        "continues": False,
        "dissolves": False,
    }
    return known | fields


def planned_film(*shots: Json, **fields: object) -> Json:
    """A good answer for `plan_request`, with these shots instead of the usual three."""
    known: Json = {
        "characters": [{"name": "Mara", "description": "Sixty.", "reference_indices": []}],
        "places": [{"name": "Harbour", "description": "Old piers.", "reference_indices": []}],
        "shots": list(shots) or [planned_shot(number) for number in (1, 2, 3)],
    }
    return known | fields


def music_request(**fields: object) -> MusicRequest:
    known: dict[str, object] = {
        "model": MUSIC_MODEL,
        "film_title": "Snow",
        "style_prompt": "slow piano",
        "lyrics_prompt": "",
        "duration_seconds": 30.0,
        "seed": 7,
    }
    return MusicRequest(**{**known, **fields})  # type: ignore[arg-type] # a test's own fields


async def describe(scene: Scene) -> object:
    still = picture(scene.folder)
    request = DescribeRequest(
        TEXT_MODEL, AssetKind.IMAGE, [still], "mara.png", label="Mara", purpose="the lead"
    )
    return await scene.analyst.describe(request)


async def transcribe(scene: Scene) -> object:
    request = TranscribeRequest(TEXT_MODEL, recording(scene.folder), 1.0)
    return await scene.analyst.transcribe(request)


async def plan(scene: Scene) -> object:
    return await scene.planner.plan(plan_request())


async def review(scene: Scene) -> object:
    request = review_request(picture(scene.folder), scene.critic.lenses[0])
    return await scene.critic.review_image(request)


async def draw(scene: Scene) -> object:
    await scene.images.draw(image_request(), scene.folder / "drawn.png")
    return None


async def speak(scene: Scene) -> object:
    request = SpeechRequest(SPEECH_MODEL, "Planning is done.", "calm narrator")
    await scene.voice.speak(request, scene.folder / "spoken.wav")
    return None


async def compose(scene: Scene) -> object:
    return await scene.music.compose(music_request(), scene.folder / "song")
