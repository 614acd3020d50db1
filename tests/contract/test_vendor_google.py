"""generateContent, Files and Veo of the local server, through Google's real SDK."""

import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from google import genai
from google.genai import errors, types
from PIL import Image
from pydantic import BaseModel, Field

from tests.kit.vendors import media
from tests.kit.vendors.clients import developer_client, vertex_client
from tests.kit.vendors.faults import Fault
from tests.kit.vendors.server import VendorServer

TEXT, IMAGE, SPEECH = "gemini-3.5-flash", "gemini-3-pro-image", "gemini-3.8-flash-tts"
VEO = "veo-3.1-fast-generate-001"
PREFIX = "gs://bucket/attempts/a1/"


class Shot(BaseModel):
    number: int = Field(ge=3)
    action: str
    mood: str | None


class Plan(BaseModel):
    shots: list[Shot] = Field(min_length=2)


@pytest.fixture
def vendors() -> Iterator[VendorServer]:
    with VendorServer() as server:
        yield server


@pytest.fixture(params=["developer v1", "developer v1beta", "vertex"])
def client(request: pytest.FixtureRequest, vendors: VendorServer) -> Iterator[genai.Client]:
    kind = str(request.param)
    made = (
        vertex_client(vendors.url)
        if kind == "vertex"
        else developer_client(vendors.url, kind.removeprefix("developer "))
    )
    with made:
        yield made


@pytest.fixture
def vertex(vendors: VendorServer) -> Iterator[genai.Client]:
    with vertex_client(vendors.url) as made:
        yield made


def test_text_is_answered_and_booked(vendors: VendorServer, client: genai.Client) -> None:
    vendors.responder = lambda ask: f"You said {ask.text!r} to {ask.model}, told {ask.system!r}."
    config = types.GenerateContentConfig(system_instruction="Be kind.")
    answer = client.models.generate_content(model=TEXT, contents="hello", config=config)
    assert answer.text == "You said 'hello' to gemini-3.5-flash, told 'Be kind.'."
    (booked,) = vendors.books.billed("google")
    assert (booked.call, booked.model, booked.delivered) == ("google.text", TEXT, True)


async def test_the_asynchronous_client_is_answered_too(vendors: VendorServer) -> None:
    async with vertex_client(vendors.url).aio as client:
        answer = await client.models.generate_content(model=TEXT, contents="hello")
    assert answer.text


@pytest.mark.parametrize("by_model", [True, False])
def test_json_is_valid_for_the_schema_of_the_request(
    by_model: bool,  # noqa: FBT001 # a parameter of the test
    client: genai.Client,
) -> None:
    config = types.GenerateContentConfig(response_mime_type="application/json")
    if by_model:
        config.response_schema = Plan
    else:
        config.response_json_schema = Plan.model_json_schema()
    answer = client.models.generate_content(model=TEXT, contents="Plan.", config=config)
    assert answer.text is not None
    assert len(Plan.model_validate_json(answer.text).shots) == 2


@pytest.mark.parametrize("fault", [Fault.MALFORMED_ANSWER, Fault.SCHEMA_BROKEN])
def test_json_can_be_cut_or_break_its_schema(
    fault: Fault, vendors: VendorServer, vertex: genai.Client
) -> None:
    vendors.faults.add("google.text", fault)
    config = types.GenerateContentConfig(
        response_mime_type="application/json", response_json_schema=Plan.model_json_schema()
    )
    answer = vertex.models.generate_content(model=TEXT, contents="Plan.", config=config)
    with pytest.raises(ValueError, match=r"JSON|Field required"):
        Plan.model_validate_json(answer.text or "")


@pytest.mark.parametrize(
    ("aspect", "size", "pixels"),
    [("16:9", "1K", (1376, 768)), ("9:16", "2K", (1536, 2752)), ("1:1", "4K", (4096, 4096))],
)
def test_a_picture_has_the_shape_that_was_asked_for(
    aspect: str, size: str, pixels: tuple[int, int], vertex: genai.Client
) -> None:
    config = types.GenerateContentConfig(
        response_modalities=["IMAGE"],
        image_config=types.ImageConfig(aspect_ratio=aspect, image_size=size),
    )
    answer = vertex.models.generate_content(model=IMAGE, contents="Draw.", config=config)
    assert answer.parts is not None
    blob = answer.parts[0].inline_data
    assert blob is not None
    assert blob.data is not None
    with Image.open(io.BytesIO(blob.data)) as picture:
        assert (picture.format, picture.size) == ("PNG", pixels)


def test_speech_is_raw_samples_as_long_as_its_words(client: genai.Client) -> None:
    config = types.GenerateContentConfig(response_modalities=["AUDIO"])
    answer = client.models.generate_content(
        model=SPEECH, contents="one two three four five six seven eight", config=config
    )
    assert answer.parts is not None
    blob = answer.parts[0].inline_data
    assert blob is not None
    assert blob.mime_type == "audio/L16;codec=pcm;rate=24000"
    assert len(blob.data or b"") == round(8 * 0.35 * 24_000) * 2


@pytest.mark.parametrize("fault", [Fault.PROMPT_REFUSED, Fault.IMAGE_REFUSED])
def test_a_refused_prompt_has_feedback_and_no_candidate(
    fault: Fault, vendors: VendorServer, vertex: genai.Client
) -> None:
    vendors.faults.add("google.image", fault)
    config = types.GenerateContentConfig(response_modalities=["IMAGE"])
    answer = vertex.models.generate_content(model=IMAGE, contents="Draw.", config=config)
    assert answer.candidates is None
    assert answer.prompt_feedback is not None
    assert answer.prompt_feedback.block_reason is not None
    assert vendors.books.billed("google.image") == []


def test_a_refused_picture_has_a_reason_and_no_parts(
    vendors: VendorServer, vertex: genai.Client
) -> None:
    vendors.faults.add("google.image", Fault.OUTPUT_REFUSED)
    config = types.GenerateContentConfig(response_modalities=["IMAGE"])
    answer = vertex.models.generate_content(model=IMAGE, contents="Draw.", config=config)
    assert answer.parts is None
    assert answer.candidates is not None
    assert answer.candidates[0].finish_reason is types.FinishReason.IMAGE_SAFETY


def test_a_quota_says_when_to_come_back(vendors: VendorServer, client: genai.Client) -> None:
    vendors.faults.add("google.text", Fault.BUSY, retry_after_seconds=7)
    with pytest.raises(errors.ClientError) as refused:
        client.models.generate_content(model=TEXT, contents="hello")
    assert (refused.value.code, refused.value.status) == (429, "RESOURCE_EXHAUSTED")
    assert '"retryDelay": "7s"' in json.dumps(refused.value.details)
    assert vendors.books.jobs() == []


def test_files_are_uploaded_under_a_name_of_the_callers_choice(
    vendors: VendorServer, tmp_path: Path
) -> None:
    picture = tmp_path / "key.png"
    picture.write_bytes(media.png(64, 36, 1))
    with developer_client(vendors.url) as client:
        config = types.UploadFileConfig(name="files/att-0001", mime_type="image/png")
        stored = client.files.upload(file=picture, config=config)
        again = client.files.get(name="files/att-0001")
        with pytest.raises(errors.ClientError) as refused:
            client.files.upload(file=picture, config=config)
        client.files.delete(name="files/att-0001")
    assert stored.name == again.name == "files/att-0001"
    assert again.size_bytes == picture.stat().st_size
    assert again.state is types.FileState.ACTIVE
    assert refused.value.code == 409


def _order(client: genai.Client, **config: object) -> types.GenerateVideosOperation:
    settings = {"duration_seconds": 4, "aspect_ratio": "9:16", "output_gcs_uri": PREFIX}
    return client.models.generate_videos(
        model=VEO,
        source=types.GenerateVideosSource(prompt="Slow push in."),
        config=types.GenerateVideosConfig.model_validate(settings | config),
    )


def _ended(client: genai.Client, name: str | None) -> types.GenerateVideosOperation:
    """Resume from the name alone, as a worker does that was not there before."""
    operation = types.GenerateVideosOperation.model_validate({"name": name})
    while not operation.done:
        operation = client.operations.get(operation)
    return operation


def test_a_clip_is_written_to_the_callers_bucket(
    vendors: VendorServer, vertex: genai.Client
) -> None:
    operation = _order(vertex, labels={"attempt": "a1"})
    assert not operation.done
    response = _ended(vertex, operation.name).response
    assert response is not None
    assert response.generated_videos is not None
    video = response.generated_videos[0].video
    assert video is not None
    assert (video.uri or "").startswith(PREFIX)
    assert list(vendors.objects) == [video.uri]
    (booked,) = vendors.books.billed("veo")
    assert booked.fingerprint == {"storage_uri": PREFIX, "label": "a1"}
    assert (booked.units, booked.delivered) == (4, True)


def test_without_a_bucket_the_clip_is_in_the_answer(vertex: genai.Client) -> None:
    operation = _order(vertex, output_gcs_uri=None)
    response = _ended(vertex, operation.name).response
    assert response is not None
    assert response.generated_videos is not None
    video = response.generated_videos[0].video
    assert video is not None
    assert (video.video_bytes or b"")[4:8] == b"ftyp"


def test_a_filtered_clip_is_counted_with_its_reason(
    vendors: VendorServer, vertex: genai.Client
) -> None:
    vendors.faults.add("veo.submit", Fault.OUTPUT_REFUSED)
    response = _ended(vertex, _order(vertex).name).response
    assert response is not None
    assert response.generated_videos is None
    assert response.rai_media_filtered_count == 1
    assert response.rai_media_filtered_reasons
    assert (vendors.books.billed("veo"), vendors.objects) == ([], {})


@pytest.mark.parametrize(
    ("fault", "code", "words"),
    [
        (Fault.PROMPT_REFUSED, 3, "prompt"),
        (Fault.IMAGE_REFUSED, 3, "input image"),
        (Fault.JOB_FAILED, 13, "internal"),
    ],
)
def test_an_operation_can_end_with_an_error(
    fault: Fault, code: int, words: str, vendors: VendorServer, vertex: genai.Client
) -> None:
    vendors.faults.add("veo.poll", fault)
    operation = _ended(vertex, _order(vertex).name)
    assert operation.error is not None
    assert operation.error["code"] == code
    assert words in operation.error["message"]


def test_slow_polls_say_that_the_job_runs(vendors: VendorServer, vertex: genai.Client) -> None:
    vendors.latencies.polls = 0
    vendors.faults.add("veo.poll", Fault.STILL_RUNNING, times=5)
    _ended(vertex, _order(vertex).name)
    assert len([seen for seen in vendors.books.requests if seen.call == "veo.poll"]) == 6


@pytest.mark.parametrize("wrong", [{"duration_seconds": 5}, {"aspect_ratio": "4:3"}])
def test_what_the_model_cannot_make_is_refused(
    wrong: dict[str, object], vendors: VendorServer, vertex: genai.Client
) -> None:
    with pytest.raises(errors.ClientError) as refused:
        _order(vertex, **wrong)
    assert refused.value.code == 400
    assert vendors.books.jobs("veo") == []


def test_an_output_can_be_gone_before_anyone_came(
    vendors: VendorServer, vertex: genai.Client
) -> None:
    vendors.faults.add("veo.submit", Fault.OUTPUT_EXPIRED)
    assert _ended(vertex, _order(vertex).name).response is not None
    assert vendors.objects == {}
    assert len(vendors.books.billed("veo")) == 1
