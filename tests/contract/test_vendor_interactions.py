"""Interactions through the real SDK; its own types, read strictly, judge every answer."""

import base64
from collections.abc import Iterator

import httpx2
import pytest
from google import genai
from google.genai import _interactions_errors as refusals
from google.genai._gaos.types.interactions import createmodelinteraction, interaction
from pydantic import BaseModel, ValidationError

from tests.kit.vendors.clients import LOCATION, PROJECT, developer_client, plain_http, vertex_client
from tests.kit.vendors.discovery import vertex
from tests.kit.vendors.documents import Json
from tests.kit.vendors.faults import Fault
from tests.kit.vendors.server import VendorServer

OMNI = "gemini-omni-1.2-flash"
STATUSES = ("queued", "requires_action", "incomplete", "budget_exceeded", "requires_continuation")
VERTEX_PATH = f"/v1beta1/projects/{PROJECT}/locations/{LOCATION}/interactions"


@pytest.fixture
def vendors() -> Iterator[VendorServer]:
    with VendorServer() as server:
        yield server


@pytest.fixture
def client(vendors: VendorServer) -> Iterator[genai.Client]:
    with developer_client(vendors.url) as made:
        yield made


def _order(**changes: object) -> Json:
    order: Json = {
        "model": OMNI,
        "background": True,
        "store": True,
        "labels": {"attempt": "a1"},
        "input": [{"type": "text", "text": "Slow pan."}],
        "generation_config": {"seed": 7, "video_config": {"task": "text_to_video"}},
        "response_format": {"type": "video", "duration": "4s", "resolution": "360p"},
    }
    return order | changes


def _strangers(value: object, where: str = "") -> Iterator[str]:
    """What the SDK let pass without knowing it: extra names, unknown kinds and words."""
    if isinstance(value, BaseModel):
        yield from (f"{where}/{name}" for name in value.model_extra or {})
        if type(value).__name__.startswith("Unknown"):
            yield f"{where} is {type(value).__name__}"
        # Not through the attributes: reading a deprecated one is a warning.
        for name, inner in vars(value).items():
            yield from _strangers(inner, f"{where}/{name}")
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from _strangers(item, f"{where}/{index}")
    elif type(value).__name__ == "UnrecognizedStr":
        yield f"{where} is the unknown word {value}"


def _checked(document: object) -> Json:
    """The answer, after the SDK's own types took it with nothing left over."""
    read = interaction.Interaction.model_validate(document, strict=True)
    assert list(_strangers(read)) == []
    assert isinstance(document, dict)
    return document


def _one(answer: object) -> interaction.Interaction:
    """The SDK's calls are typed as if each might stream."""
    assert isinstance(answer, interaction.Interaction)
    return answer


def _send(vendors: VendorServer, order: Json) -> httpx2.Response:
    with plain_http(vendors.url) as http:
        return http.post("/v1beta/interactions", json=order)


def _ended(vendors: VendorServer, order: Json) -> Json:
    answer = _checked(_send(vendors, order).json())
    while answer["status"] == "in_progress":
        with plain_http(vendors.url) as http:
            answer = _checked(http.get(f"/v1beta/interactions/{answer['id']}").json())
    return answer


@pytest.mark.parametrize(
    "order",
    [
        _order(),
        _order(response_format={"type": "video", "delivery": "uri", "duration": "3s"}),
        {"model": "lyria-3.5", "input": "Calm piano, 3 seconds"},
        {
            "model": "lyria-3.5",
            "input": "Calm, 3 seconds",
            "response_format": {"type": "audio", "mime_type": "audio/wav"},
        },
        {"model": "gemini-3.5-flash", "input": "Hello"},
        {
            "model": "gemini-3.1-flash-image",
            "input": "A lighthouse",
            "response_format": {"type": "image", "aspect_ratio": "16:9"},
        },
    ],
)
def test_orders_and_answers_are_of_the_sdks_types_with_nothing_left_over(
    order: Json, vendors: VendorServer
) -> None:
    model = createmodelinteraction.CreateModelInteraction.model_validate(order)
    assert list(_strangers(model)) == []
    assert _ended(vendors, order)["status"] == "completed"


@pytest.mark.parametrize(
    "fault", [Fault.PROMPT_REFUSED, Fault.IMAGE_REFUSED, Fault.OUTPUT_REFUSED, Fault.JOB_FAILED]
)
def test_a_job_that_fails_says_so_in_the_sdks_types(fault: Fault, vendors: VendorServer) -> None:
    vendors.faults.add("interactions.poll", fault)
    assert _ended(vendors, _order())["status"] == "failed"
    assert vendors.books.billed("interactions") == []


@pytest.mark.parametrize("status", STATUSES)
def test_every_odd_status_is_a_word_that_google_knows(status: str, vendors: VendorServer) -> None:
    vendors.faults.add("interactions.create", Fault.ODD_STATUS, detail=status)
    answer = _ended(vendors, _order())
    assert answer["status"] == status
    known = vertex().schemas["GenaiVertexV1beta1Interaction"]["properties"]
    assert isinstance(known, dict)
    assert status.upper() in known["status"]["enum"]


def test_the_types_notice_an_answer_that_is_wrong() -> None:
    with pytest.raises(ValidationError):
        interaction.Interaction.model_validate({"id": "v1_x", "status": "done"}, strict=True)
    odd = {"id": "v1_x", "status": "completed", "steps": [{"type": "smell"}], "colour": "red"}
    read = interaction.Interaction.model_validate(odd, strict=True)
    assert list(_strangers(read)) == ["/colour", "/steps/0 is UnknownStep"]


def test_the_sdk_orders_polls_and_downloads_a_clip(
    vendors: VendorServer, client: genai.Client
) -> None:
    job = _one(
        client.interactions.create(
            model=OMNI,
            background=True,
            stream=False,
            input="Slow pan.",
            response_format={"type": "video", "duration": "4s", "delivery": "uri"},
        )
    )
    assert (job.status, job.output_video) == ("in_progress", None)
    assert _one(client.interactions.get(id=job.id or "", stream=False)).status == "in_progress"
    done = _one(client.interactions.get(id=job.id or "", stream=False))
    assert done.status == "completed"
    assert done.output_video is not None
    assert done.output_video.uri is not None
    film = client.files.download(file=done.output_video.uri)
    assert film[4:8] == b"ftyp"
    assert vendors.books.billed("interactions")[0].units == 4


async def test_on_vertex_the_clip_goes_to_the_callers_bucket(vendors: VendorServer) -> None:
    with vertex_client(vendors.url) as client:
        job = _one(
            await client.aio.interactions.create(
                model=OMNI,
                background=True,
                stream=False,
                labels={"attempt": "a1"},
                input="Slow pan.",
                response_format={
                    "type": "video",
                    "duration": "4s",
                    "delivery": "uri",
                    "gcs_uri": "gs://bucket/attempts/a1/",
                },
            )
        )
        _one(await client.aio.interactions.get(id=job.id or "", stream=False))
        done = _one(await client.aio.interactions.get(id=job.id or "", stream=False))
        await client.aio.aclose()
    assert done.output_video is not None
    assert done.output_video.uri in vendors.objects
    assert vendors.books.requests[0].path == VERTEX_PATH
    (booked,) = vendors.books.jobs("interactions")
    assert booked.fingerprint == {"label": "a1", "gcs_uri": "gs://bucket/attempts/a1/"}


def test_music_comes_with_its_words(client: genai.Client) -> None:
    song = _one(
        client.interactions.create(model="lyria-3.5", input="Calm piano, 3 seconds", stream=False)
    )
    assert song.output_text
    assert song.output_audio is not None
    assert song.output_audio.mime_type == "audio/mpeg"
    assert base64.b64decode(song.output_audio.data or "")[:3] == b"ID3"


def test_a_canceled_job_stays_canceled_and_is_not_billed(
    vendors: VendorServer, client: genai.Client
) -> None:
    job = _one(
        client.interactions.create(model=OMNI, background=True, input="Slow pan.", stream=False)
    )
    assert _one(client.interactions.cancel(id=job.id or "")).status == "cancelled"
    assert _one(client.interactions.get(id=job.id or "", stream=False)).status == "cancelled"
    assert vendors.books.billed("interactions") == []


def test_it_is_too_late_to_cancel_what_is_done(vendors: VendorServer, client: genai.Client) -> None:
    vendors.latencies.polls = 0
    job = _one(
        client.interactions.create(model=OMNI, background=True, input="Slow pan.", stream=False)
    )
    _one(client.interactions.get(id=job.id or "", stream=False))
    with pytest.raises(refusals.BadRequestError):
        _one(client.interactions.cancel(id=job.id or ""))
    assert len(vendors.books.billed("interactions")) == 1


def test_a_deleted_job_is_gone(client: genai.Client) -> None:
    job = _one(
        client.interactions.create(model=OMNI, background=True, input="Slow pan.", stream=False)
    )
    client.interactions.delete(id=job.id or "")
    with pytest.raises(refusals.NotFoundError):
        _one(client.interactions.get(id=job.id or "", stream=False))


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault.BUSY, refusals.RateLimitError),
        (Fault.UNAVAILABLE_BEFORE, refusals.InternalServerError),
        (Fault.MODEL_GONE, refusals.NotFoundError),
        (Fault.DENIED, refusals.AuthenticationError),
        (Fault.PROMPT_REFUSED, refusals.BadRequestError),
        (Fault.RESET_BEFORE, refusals.APIConnectionError),
    ],
)
def test_the_sdk_raises_its_own_error_and_nothing_is_booked(
    fault: Fault,
    error: type[Exception],
    vendors: VendorServer,
    client: genai.Client,
) -> None:
    vendors.faults.add("interactions.create", fault)
    with pytest.raises(error):
        _one(
            client.interactions.create(model=OMNI, background=True, input="Slow pan.", stream=False)
        )
    assert vendors.books.jobs() == []
    assert len(vendors.books.submits("interactions")) == 1
