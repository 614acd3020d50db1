"""Google's own discovery document judges what the real SDK sends and what our server answers."""

from collections.abc import Callable, Iterator

import pytest
from google import genai
from google.genai import types
from pydantic import BaseModel

from tests.kit.vendors import media
from tests.kit.vendors.clients import plain_http, vertex_client
from tests.kit.vendors.discovery import vertex
from tests.kit.vendors.documents import Json, dig
from tests.kit.vendors.faults import Fault
from tests.kit.vendors.server import VendorServer

TEXT, IMAGE, SPEECH = "gemini-3.5-flash", "gemini-3-pro-image", "gemini-3.8-flash-tts"
VEO = "veo-3.1-fast-generate-001"
PICTURE = media.png(64, 36, 1)
VIDEO_RESPONSES = (
    "CloudAiLargeModelsVisionGenerateVideoResponse",
    "GoogleCloudAiplatformV1beta1GenerateVideoResponse",
)


class Shot(BaseModel):
    number: int
    action: str
    tags: list[str]


class Plan(BaseModel):
    title: str
    shots: list[Shot]


@pytest.fixture
def vendors() -> Iterator[VendorServer]:
    with VendorServer() as server:
        yield server


@pytest.fixture
def client(vendors: VendorServer) -> Iterator[genai.Client]:
    with vertex_client(vendors.url) as made:
        yield made


def _plan_by_model(client: genai.Client) -> None:
    config = types.GenerateContentConfig(
        system_instruction="You plan films.",
        temperature=0.2,
        seed=7,
        response_mime_type="application/json",
        response_schema=Plan,
        thinking_config=types.ThinkingConfig(thinking_level=types.ThinkingLevel.LOW),
        labels={"attempt": "a1"},
    )
    client.models.generate_content(model=TEXT, contents="Plan it.", config=config)


def _plan_by_json_schema(client: genai.Client) -> None:
    config = types.GenerateContentConfig(
        response_mime_type="application/json", response_json_schema=Plan.model_json_schema()
    )
    client.models.generate_content(model=TEXT, contents="Plan it.", config=config)


def _look_and_listen(client: genai.Client) -> None:
    parts = [
        types.Part.from_bytes(data=PICTURE, mime_type="image/png"),
        types.Part.from_uri(file_uri="gs://bucket/song.mp3", mime_type="audio/mpeg"),
        types.Part.from_text(text="What is this?"),
    ]
    client.models.generate_content(model=TEXT, contents=types.UserContent(parts=parts))


def _draw(client: genai.Client) -> None:
    config = types.GenerateContentConfig(
        response_modalities=["IMAGE"],
        image_config=types.ImageConfig(aspect_ratio="16:9", image_size="1K"),
    )
    client.models.generate_content(model=IMAGE, contents="A lighthouse.", config=config)


def _speak(client: genai.Client) -> None:
    voice = types.VoiceConfig(prebuilt_voice_config=types.PrebuiltVoiceConfig(voice_name="Kore"))
    config = types.GenerateContentConfig(
        response_modalities=["AUDIO"], speech_config=types.SpeechConfig(voice_config=voice)
    )
    client.models.generate_content(model=SPEECH, contents="Say: good evening.", config=config)


def _film(client: genai.Client) -> None:
    operation = client.models.generate_videos(
        model=VEO,
        source=types.GenerateVideosSource(
            prompt="Slow push in.",
            image=types.Image(image_bytes=PICTURE, mime_type="image/png"),
        ),
        config=types.GenerateVideosConfig(
            duration_seconds=4,
            aspect_ratio="16:9",
            resolution="720p",
            generate_audio=False,
            output_gcs_uri="gs://bucket/attempts/a1/",
            labels={"attempt": "a1"},
        ),
    )
    while not operation.done:
        operation = client.operations.get(operation)


CALLS: tuple[Callable[[genai.Client], None], ...] = (
    _plan_by_model,
    _plan_by_json_schema,
    _look_and_listen,
    _draw,
    _speak,
    _film,
)


def _errors_of_answer(vendors: VendorServer, path: str, request: Json) -> list[str]:
    """Send the SDK's request again as it was, and judge the answer, down to what `Any` holds."""
    with plain_http(vendors.url) as http:
        answer = http.post(path, json=request).json()
    known = vertex().method_of("POST", path)
    assert known is not None
    errors = vertex().errors(answer, known[1])
    inner = dig(answer, "response")
    if isinstance(inner, dict):
        video = {name: value for name, value in inner.items() if name != "@type"}
        errors += [line for name in VIDEO_RESPONSES for line in vertex().errors(video, name)]
    return errors


@pytest.mark.parametrize("call", CALLS)
def test_the_document_finds_nothing_wrong_with_requests_and_answers(
    call: Callable[[genai.Client], None], vendors: VendorServer, client: genai.Client
) -> None:
    call(client)
    seen = list(vendors.books.requests)
    assert seen
    for request in seen:
        known = vertex().method_of(request.method, request.path)
        assert known is not None, request.path
        assert isinstance(request.body, dict)
        assert vertex().errors(request.body, known[0], lenient_case=True) == []
        assert _errors_of_answer(vendors, request.path, request.body) == []


@pytest.mark.parametrize("fault", [Fault.PROMPT_REFUSED, Fault.IMAGE_REFUSED, Fault.OUTPUT_REFUSED])
def test_the_document_knows_the_words_of_a_refusal(
    fault: Fault, vendors: VendorServer, client: genai.Client
) -> None:
    _draw(client)
    request = vendors.books.requests[-1]
    assert isinstance(request.body, dict)
    vendors.faults.add("google.image", fault)
    assert _errors_of_answer(vendors, request.path, request.body) == []


@pytest.mark.parametrize("fault", [Fault.PROMPT_REFUSED, Fault.OUTPUT_REFUSED, Fault.JOB_FAILED])
def test_the_document_knows_the_form_of_a_clip_that_was_not_made(
    fault: Fault, vendors: VendorServer, client: genai.Client
) -> None:
    vendors.faults.add("veo.poll", fault)
    _film(client)
    poll = vendors.books.requests[-1]
    assert isinstance(poll.body, dict)
    assert _errors_of_answer(vendors, poll.path, poll.body) == []
    assert vendors.books.billed("veo") == []


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        ({"contents": [{"role": "user", "parts": [{"txt": "hi"}]}]}, "/contents/0/parts/0/txt"),
        ({"generationConfig": {"seed": "seven"}}, "/generationConfig/seed"),
        ({"generationConfig": {"responseModalities": ["SMELL"]}}, ""),
        ({"contents": {}}, "/contents"),
    ],
)
def test_the_judge_refuses_what_is_wrong(wrong: Json, complaint: str) -> None:
    name = "GoogleCloudAiplatformV1beta1GenerateContentRequest"
    errors = vertex().errors(wrong, name, lenient_case=True)
    assert len(errors) == 1
    assert complaint in errors[0]
