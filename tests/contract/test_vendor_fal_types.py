"""fal's published types judge what our server takes and gives, for the endpoint that we order."""

from collections.abc import Iterator

import httpx
import pytest

from tests.kit.vendors.clients import fal_http_sync
from tests.kit.vendors.documents import Json
from tests.kit.vendors.fal_kling import KLING_KEYS
from tests.kit.vendors.server import VendorServer
from tests.kit.vendors.sources import vendor_modules
from tests.kit.vendors.typescript import Declarations

ENDPOINT = "fal-ai/kling-video/v3/pro/image-to-video"
SUBMIT = f"https://queue.fal.run/{ENDPOINT}"
ORDER: Json = {
    "prompt": "Slow push in.",
    "start_image_url": "https://v3.fal.media/files/b/vendor/key.png",
    "end_image_url": "https://v3.fal.media/files/b/vendor/last.png",
    "duration": "5",
    "generate_audio": False,
    "negative_prompt": "blur",
    "cfg_scale": 0.5,
    "elements": [
        {
            "frontal_image_url": "https://v3.fal.media/files/b/vendor/a.png",
            "reference_image_urls": ["https://v3.fal.media/files/b/vendor/b.png"],
        }
    ],
}


@pytest.fixture(scope="module")
def published() -> Declarations:
    return Declarations(vendor_modules() / "@fal-ai/client/src/types/endpoints.d.ts")


@pytest.fixture(scope="module")
def common() -> Declarations:
    return Declarations(vendor_modules() / "@fal-ai/client/src/types/common.d.ts")


@pytest.fixture
def vendors() -> Iterator[VendorServer]:
    with VendorServer() as server:
        yield server


@pytest.fixture
def fal(vendors: VendorServer) -> Iterator[httpx.Client]:
    with fal_http_sync(vendors.url) as client:
        yield client


def _finished(fal: httpx.Client, order: Json) -> httpx.Response:
    accepted = fal.post(SUBMIT, json=order).json()
    while fal.get(accepted["status_url"]).json()["status"] != "COMPLETED":
        pass
    return fal.get(accepted["response_url"])


def test_our_server_takes_exactly_the_fields_that_are_published(published: Declarations) -> None:
    takes, _ = published.endpoint(ENDPOINT)
    assert published.fields(takes).keys() == KLING_KEYS


def test_a_full_order_is_right_by_the_types_and_by_our_server(
    published: Declarations, fal: httpx.Client
) -> None:
    takes, gives = published.endpoint(ENDPOINT)
    assert published.errors(ORDER, takes) == []
    answer = _finished(fal, ORDER)
    assert answer.status_code == 200, answer.text
    assert published.errors(answer.json(), gives) == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"duration": 5},
        {"duration": "2"},
        {"duration": "16"},
        {"aspect_ratio": "16:9"},
        {"start_image_url": None},
        {"generate_audio": "no"},
        {"cfg_scale": "0.5"},
        {"elements": {"frontal_image_url": "x"}},
    ],
)
def test_what_the_types_refuse_our_server_refuses(
    wrong: Json, published: Declarations, fal: httpx.Client
) -> None:
    takes, _ = published.endpoint(ENDPOINT)
    order = {name: value for name, value in (ORDER | wrong).items() if value is not None}
    assert published.errors(order, takes) != []
    assert _finished(fal, order).status_code == 422


@pytest.mark.parametrize("duration", ["3", "15"])
def test_the_shortest_and_the_longest_clip_are_taken_by_both(
    duration: str, published: Declarations
) -> None:
    takes, _ = published.endpoint(ENDPOINT)
    assert published.errors(ORDER | {"duration": duration}, takes) == []


def test_answers_of_the_queue_are_of_the_published_types(
    vendors: VendorServer, fal: httpx.Client, common: Declarations
) -> None:
    vendors.latencies.polls = 2
    accepted = fal.post(SUBMIT, json=ORDER).json()
    assert common.errors(accepted, "InQueueQueueStatus") == []
    url = accepted["status_url"] + "?logs=1"
    statuses = [fal.get(url).json() for _ in range(3)]
    assert [status["status"] for status in statuses] == ["IN_QUEUE", "IN_PROGRESS", "COMPLETED"]
    assert common.errors(statuses[0], "InQueueQueueStatus") == []
    assert common.errors(statuses[1], "InProgressQueueStatus") == []
    assert common.errors(statuses[2], "CompletedQueueStatus") == []


def test_a_validation_error_is_of_the_published_type(
    fal: httpx.Client, common: Declarations
) -> None:
    (detail,) = _finished(fal, ORDER | {"aspect_ratio": "16:9"}).json()["detail"]
    published = {name: detail[name] for name in common.fields("ValidationErrorInfo")}
    assert isinstance(published["msg"], str)
    assert published["loc"] == ["body", "aspect_ratio"]
    assert published["type"] == "extra_forbidden"
