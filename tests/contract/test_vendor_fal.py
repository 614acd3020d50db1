"""fal's queue, list and storage of the local server, through fal's real client."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import fal_client
import httpx
import pytest

from tests.kit.vendors.clients import fal_http_sync, fal_sync
from tests.kit.vendors.documents import Json
from tests.kit.vendors.faults import Fault
from tests.kit.vendors.server import VendorServer

ENDPOINT = "fal-ai/kling-video/v3/pro/image-to-video"
LIST = "https://api.fal.ai/v1/models/requests/by-endpoint"
ORDER: Json = {
    "prompt": "Slow push in.",
    "start_image_url": "https://v3.fal.media/files/b/vendor/a1.png",
    "duration": "3",
}


@pytest.fixture
def vendors() -> Iterator[VendorServer]:
    with VendorServer() as server:
        yield server


@pytest.fixture
def fal(vendors: VendorServer) -> Iterator[fal_client.SyncClient]:
    client = fal_sync(vendors.url)
    yield client
    client._client.close()


@pytest.fixture
def http(vendors: VendorServer) -> Iterator[httpx.Client]:
    with fal_http_sync(vendors.url) as client:
        yield client


def test_a_clip_is_ordered_awaited_and_downloaded(
    vendors: VendorServer, fal: fal_client.SyncClient, http: httpx.Client
) -> None:
    handle = fal.submit(ENDPOINT, ORDER, webhook_url="https://studio.example/hook?attempt=a1")
    assert isinstance(handle.status(), fal_client.InProgress)
    result = handle.get()
    (booked,) = vendors.books.billed("fal")
    assert not booked.delivered
    film = http.get(result["video"]["url"])
    assert len(film.content) == result["video"]["file_size"]
    assert booked.delivered
    assert booked.fingerprint == {
        "start_image_url": ORDER["start_image_url"],
        "webhook": "https://studio.example/hook?attempt=a1",
    }


def test_a_worker_that_was_not_there_resumes_from_the_id(fal: fal_client.SyncClient) -> None:
    first = fal.submit(ENDPOINT, ORDER)
    assert fal.get_handle(ENDPOINT, first.request_id).get()["video"]["url"]


def test_the_bill_is_told_with_the_result(fal: fal_client.SyncClient, http: httpx.Client) -> None:
    handle = fal.submit(ENDPOINT, ORDER)
    handle.get()
    assert http.get(handle.response_url).headers["x-fal-billable-units"] == "3"


@pytest.mark.parametrize(
    ("fault", "where"),
    [
        (Fault.PROMPT_REFUSED, ["body", "prompt"]),
        (Fault.IMAGE_REFUSED, ["body", "start_image_url"]),
        (Fault.OUTPUT_REFUSED, ["body"]),
    ],
)
def test_a_refusal_names_the_field_and_is_not_billed(
    fault: Fault, where: list[str], vendors: VendorServer, fal: fal_client.SyncClient
) -> None:
    vendors.faults.add("fal.submit", fault)
    handle = fal.submit(ENDPOINT, ORDER)
    with pytest.raises(fal_client.FalClientHTTPError) as refused:
        handle.get()
    assert refused.value.status_code == 422
    (detail,) = refused.value.response.json()["detail"]
    assert (detail["loc"], detail["type"]) == (where, "content_policy_violation")
    assert vendors.books.billed("fal") == []


def test_a_canceled_request_is_not_billed(
    vendors: VendorServer, fal: fal_client.SyncClient
) -> None:
    handle = fal.submit(ENDPOINT, ORDER)
    handle.cancel()
    assert isinstance(handle.status(), fal_client.Completed)
    assert vendors.books.billed("fal") == []


def test_it_can_be_too_late_to_cancel(vendors: VendorServer, fal: fal_client.SyncClient) -> None:
    vendors.faults.add("fal.cancel", Fault.CANCEL_REFUSED)
    handle = fal.submit(ENDPOINT, ORDER)
    with pytest.raises(fal_client.FalClientHTTPError):
        handle.cancel()
    assert len(vendors.books.billed("fal")) == 1


@pytest.mark.parametrize("status", [404, 410])
def test_an_output_can_be_expired(
    status: int, vendors: VendorServer, fal: fal_client.SyncClient, http: httpx.Client
) -> None:
    vendors.faults.add("fal.download", Fault.OUTPUT_EXPIRED, status=status)
    url = fal.submit(ENDPOINT, ORDER).get()["video"]["url"]
    assert http.get(url).status_code == status
    assert not vendors.books.jobs("fal")[0].delivered


def test_the_list_finds_an_order_by_its_picture_whose_reply_was_lost(
    vendors: VendorServer, http: httpx.Client
) -> None:
    vendors.faults.add("fal.submit", Fault.RESET_AFTER)
    with pytest.raises(httpx.TransportError):
        http.post(f"https://queue.fal.run/{ENDPOINT}", json=ORDER)
    page = http.get(LIST, params={"endpoint_id": ENDPOINT, "expand": "payloads"}).json()
    (item,) = page["items"]
    assert item["json_input"]["start_image_url"] == ORDER["start_image_url"]
    assert item["request_id"] == vendors.books.jobs("fal")[0].id
    assert (page["has_more"], page["next_cursor"]) == (False, None)


def test_the_list_can_lag_behind(vendors: VendorServer, http: httpx.Client) -> None:
    http.post(f"https://queue.fal.run/{ENDPOINT}", json=ORDER)
    vendors.faults.add("fal.list", Fault.NOT_LISTED)
    lengths = [
        len(http.get(LIST, params={"endpoint_id": ENDPOINT}).json()["items"]) for _ in range(2)
    ]
    assert lengths == [0, 1]


def test_the_list_has_pages_and_a_window_of_time(http: httpx.Client) -> None:
    ids = [
        http.post(f"https://queue.fal.run/{ENDPOINT}", json=ORDER).json()["request_id"]
        for _ in range(5)
    ]
    asked = {"endpoint_id": ENDPOINT, "limit": "2"}
    found: list[str] = []
    page = {"has_more": True, "next_cursor": ""}
    while page["has_more"]:
        page = http.get(LIST, params=asked | {"cursor": str(page["next_cursor"])}).json()
        found += [item["request_id"] for item in page["items"]]
    assert found == ids[::-1]
    later = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    assert http.get(LIST, params=asked | {"start": later}).json()["items"] == []


@pytest.mark.parametrize("repository", ["fal_v3", "fal"])
def test_every_upload_has_an_address_of_its_own(
    repository: str, vendors: VendorServer, http: httpx.Client
) -> None:
    """Not through `upload` of the SDK: its token request goes past the client that we replaced."""
    if repository == "fal_v3":
        token = http.post(
            "https://rest.fal.ai/storage/auth/token?storage_type=fal-cdn-v3", json={}
        ).json()
        headers = {
            "Authorization": f"{token['token_type']} {token['token']}",
            "X-Fal-File-Name": "key.png",
            "Content-Type": "image/png",
        }
        place = f"{token['base_url']}/files/upload"
        addresses = [
            http.post(place, content=b"png", headers=headers).json()["access_url"] for _ in range(2)
        ]
    else:
        addresses = []
        for _ in range(2):
            begun = http.post(
                "https://rest.fal.ai/storage/upload/initiate?storage_type=gcs",
                json={"file_name": "key.png", "content_type": "image/png"},
            ).json()
            http.put(begun["upload_url"], content=b"png").raise_for_status()
            addresses.append(begun["file_url"])
    assert len(set(addresses)) == 2
    assert vendors.uploads[addresses[0]] == (b"png", "image/png")
    assert http.get(addresses[1]).content == b"png"


def test_the_sdks_own_two_step_upload_works(
    vendors: VendorServer, fal: fal_client.SyncClient, tmp_path: Path
) -> None:
    picture = tmp_path / "key.png"
    picture.write_bytes(b"png")
    url = fal.upload(picture.read_bytes(), "image/png", "key.png", repository="fal")
    assert vendors.uploads[url] == (b"png", "image/png")


def test_a_model_can_be_run_at_once(vendors: VendorServer, http: httpx.Client) -> None:
    answer = http.post(f"https://fal.run/{ENDPOINT}", json=ORDER)
    assert answer.json()["video"]["url"]
    assert len(vendors.books.billed("fal")) == 1
