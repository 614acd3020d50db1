"""aimock, written by others for the same protocols, answers the same calls in the same shape."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.kit.vendors.clients import FAL_KEY, developer_client, fal_http_sync, plain_http
from tests.kit.vendors.documents import Json
from tests.kit.vendors.server import VendorServer
from tests.kit.vendors.sources import running_aimock

MODEL = "gemini-3.5-flash"
ENDPOINT = "fal-ai/kling-video/v3/pro/image-to-video"
ORDER: Json = {"prompt": "x", "start_image_url": "https://v3.fal.media/files/b/vendor/a.png"}
VIDEO = {
    "url": "https://v3.fal.media/files/b/x.mp4",
    "content_type": "video/mp4",
    "file_name": "x.mp4",
    "file_size": 3,
}
ANSWERS = [
    {"match": {"userMessage": "hello"}, "response": {"content": "Hi there."}},
    {"match": {"model": ENDPOINT}, "response": {"json": {"video": VIDEO}}},
]


@pytest.fixture(scope="module")
def peer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder: Path = tmp_path_factory.mktemp("aimock")
    with running_aimock(folder, ANSWERS) as url:
        yield url


@pytest.fixture
def vendors() -> Iterator[VendorServer]:
    with VendorServer() as server:
        server.latencies.polls = 0
        yield server


@pytest.fixture
def ours(vendors: VendorServer) -> Iterator[httpx.Client]:
    with fal_http_sync(vendors.url) as client:
        yield client


@pytest.fixture
def theirs(peer: str) -> Iterator[httpx.Client]:
    """aimock takes fal's calls under /fal, with the real host in a header."""

    class ToPeer(httpx.HTTPTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            headers = {**request.headers, "x-fal-target-host": request.url.host}
            url = f"{peer}/fal{request.url.raw_path.decode()}"
            moved = httpx.Request(request.method, url, headers=headers, stream=request.stream)
            moved.extensions["timeout"] = request.extensions["timeout"]
            return super().handle_request(moved)

    with httpx.Client(transport=ToPeer(), headers={"Authorization": f"Key {FAL_KEY}"}) as client:
        yield client


def shape(value: object) -> object:
    """The names and kinds of values in a JSON document, without the values."""
    if isinstance(value, dict):
        return {name: shape(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [shape(value[0])] if value else []
    return "number" if isinstance(value, int | float) else type(value).__name__


def missing(theirs: object, ours: object, where: str = "") -> list[str]:
    """What the peer answers with and we do not, or in another kind."""
    if isinstance(theirs, dict) and isinstance(ours, dict):
        return [
            line
            for name, inner in theirs.items()
            for line in (
                missing(inner, ours[name], f"{where}/{name}")
                if name in ours
                else [f"{where}/{name} is only theirs"]
            )
        ]
    if isinstance(theirs, list) and isinstance(ours, list):
        return missing(theirs[0], ours[0], f"{where}/0") if theirs and ours else []
    return [] if theirs == ours else [f"{where} is {theirs} there and {ours} here"]


def test_text_of_the_developer_api_has_the_shape_of_the_peers(
    peer: str, vendors: VendorServer
) -> None:
    body = {"contents": [{"role": "user", "parts": [{"text": "hello"}]}]}
    path = f"/v1beta/models/{MODEL}:generateContent"
    answers = []
    for url in (peer, vendors.url):
        with plain_http(url) as http:
            answers.append(http.post(path, json=body).json())
    assert missing(shape(answers[0]), shape(answers[1])) == []
    assert answers[1].keys() - answers[0].keys() <= {"modelVersion", "responseId"}


def test_the_sdk_reads_the_same_from_both(peer: str, vendors: VendorServer) -> None:
    vendors.responder = lambda _ask: "Hi there."
    read = []
    for url in (peer, vendors.url):
        with developer_client(url) as client:
            answer = client.models.generate_content(model=MODEL, contents="hello")
            assert answer.candidates is not None
            read.append((answer.text, answer.candidates[0].finish_reason))
    assert read[0] == read[1]


def _orders(client: httpx.Client) -> dict[str, httpx.Response]:
    """Submit, status, result, and two cancels that come too late."""
    host = "https://queue.fal.run"
    submit = client.post(f"{host}/{ENDPOINT}", json=ORDER)
    request = f"{host}/fal-ai/kling-video/requests/{submit.json()['request_id']}"
    return {
        "submit": submit,
        "status": client.get(f"{request}/status?logs=1"),
        "result": client.get(request),
        "late_cancel": client.put(f"{request}/cancel"),
        "cancel_of_none": client.put(f"{host}/fal-ai/kling-video/requests/none/cancel"),
        "status_of_none": client.get(f"{host}/fal-ai/kling-video/requests/none/status"),
    }


def test_the_queue_answers_with_the_status_codes_and_shapes_of_the_peers(
    ours: httpx.Client, theirs: httpx.Client
) -> None:
    there, here = _orders(theirs), _orders(ours)
    assert {call: answer.status_code for call, answer in here.items()} == {
        call: answer.status_code for call, answer in there.items()
    }
    for call in ("submit", "status", "result", "late_cancel", "cancel_of_none"):
        assert missing(shape(there[call].json()), shape(here[call].json())) == [], call
    assert here["late_cancel"].json() == there["late_cancel"].json()
    assert here["cancel_of_none"].json() == there["cancel_of_none"].json()


def test_a_shape_that_differs_is_noticed() -> None:
    assert missing({"a": "str", "b": ["int"]}, {"a": "int"}) == [
        "/a is str there and int here",
        "/b is only theirs",
    ]
