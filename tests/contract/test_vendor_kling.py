"""Kling's own API of the local server, over HTTP: it has no SDK."""

from collections.abc import Iterator

import httpx
import pytest

from tests.kit.vendors.clients import kling_http
from tests.kit.vendors.documents import Json
from tests.kit.vendors.faults import Fault
from tests.kit.vendors.server import VendorServer

BASE = "https://api-singapore.klingai.com"
SUBMIT = f"{BASE}/image-to-video/kling-3.0"


@pytest.fixture
def vendors() -> Iterator[VendorServer]:
    with VendorServer() as server:
        yield server


@pytest.fixture
def kling(vendors: VendorServer) -> Iterator[httpx.Client]:
    with kling_http(vendors.url) as client:
        yield client


def _order(external_id: str = "a1", settings: Json | None = None) -> Json:
    return {
        "contents": [
            {"type": "prompt", "text": "Slow push in."},
            {"type": "first_frame", "url": "https://studio.example/key.png"},
        ],
        "settings": {"resolution": "720p", "duration": 3, "audio": "native"} | (settings or {}),
        "options": {"external_task_id": external_id, "watermark_info": {"enabled": False}},
    }


def _task(kling: httpx.Client, **query: str) -> Json:
    while True:
        (task,) = kling.get(f"{BASE}/tasks", params=query).json()["data"]
        if task["status"] in {"succeeded", "failed"}:
            assert isinstance(task, dict)
            return task


def test_a_clip_is_ordered_awaited_and_downloaded(
    vendors: VendorServer, kling: httpx.Client
) -> None:
    accepted = kling.post(SUBMIT, json=_order()).json()
    assert accepted["code"] == 0
    assert accepted["data"]["status"] == "submitted"
    task = _task(kling, task_ids=accepted["data"]["id"])
    outputs = task["outputs"]
    assert isinstance(outputs, list)
    assert kling.get(outputs[0]["url"]).content[4:8] == b"ftyp"
    (booked,) = vendors.books.billed("kling")
    assert (booked.delivered, booked.units) == (True, 3)
    assert booked.fingerprint == {"external_task_id": "a1"}


def test_an_id_of_the_callers_choice_is_taken_once(
    vendors: VendorServer, kling: httpx.Client
) -> None:
    first = kling.post(SUBMIT, json=_order("a1")).json()
    again = kling.post(SUBMIT, json=_order("a1"))
    assert again.status_code == 400
    assert again.json()["code"] == 1201
    assert len(vendors.books.jobs("kling")) == 1
    assert _task(kling, external_task_ids="a1")["id"] == first["data"]["id"]


def test_an_order_whose_reply_was_lost_is_found_by_its_id(
    vendors: VendorServer, kling: httpx.Client
) -> None:
    vendors.faults.add("kling.submit", Fault.CLOSED_AFTER)
    with pytest.raises(httpx.RemoteProtocolError):
        kling.post(SUBMIT, json=_order("a1"))
    assert _task(kling, external_task_ids="a1")["id"] == vendors.books.jobs("kling")[0].id
    assert kling.get(f"{BASE}/tasks", params={"external_task_ids": "a2"}).json()["data"] == []


def test_the_list_has_pages_newest_first(kling: httpx.Client) -> None:
    ids = [kling.post(SUBMIT, json=_order(f"a{n}")).json()["data"]["id"] for n in range(5)]
    found: list[str] = []
    page: Json = {"has_more": True, "next_cursor": ""}
    while page["has_more"]:
        asked = {"start_time": 0, "limit": 2, "cursor": page["next_cursor"]}
        page = kling.post(f"{BASE}/tasks", json=asked).json()["data"]
        tasks = page["tasks"]
        assert isinstance(tasks, list)
        found += [task["id"] for task in tasks]
    assert found == ids[::-1]


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        (Fault.BUSY, 429, 1303),
        (Fault.DENIED, 401, 1002),
        (Fault.MODEL_GONE, 404, 1203),
        (Fault.PROMPT_REFUSED, 400, 1301),
        (Fault.IMAGE_REFUSED, 400, 1301),
        (Fault.UNAVAILABLE_BEFORE, 503, 5001),
    ],
)
def test_refusals_carry_klings_own_codes_and_book_nothing(
    fault: Fault, status: int, code: int, vendors: VendorServer, kling: httpx.Client
) -> None:
    vendors.faults.add("kling.submit", fault)
    answer = kling.post(SUBMIT, json=_order())
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert vendors.books.jobs() == []


@pytest.mark.parametrize("fault", [Fault.OUTPUT_REFUSED, Fault.JOB_FAILED])
def test_a_failed_task_says_why_and_is_not_billed(
    fault: Fault, vendors: VendorServer, kling: httpx.Client
) -> None:
    vendors.faults.add("kling.submit", fault)
    kling.post(SUBMIT, json=_order("a1"))
    task = _task(kling, external_task_ids="a1")
    assert (task["status"], task["outputs"], task["billing"]) == ("failed", [], [])
    assert task["message"]
    assert vendors.books.billed() == []


@pytest.mark.parametrize(
    "settings", [{"duration": 2}, {"duration": "5"}, {"resolution": "8k"}, {"audio": "on"}]
)
def test_settings_out_of_range_are_refused(
    settings: Json, vendors: VendorServer, kling: httpx.Client
) -> None:
    assert kling.post(SUBMIT, json=_order(settings=settings)).json()["code"] == 1201
    assert vendors.books.jobs() == []


def test_both_kinds_of_ids_at_once_are_refused(kling: httpx.Client) -> None:
    both = {"task_ids": "1", "external_task_ids": "a1"}
    assert kling.get(f"{BASE}/tasks", params=both).status_code == 400


def test_a_request_without_a_key_is_refused(vendors: VendorServer) -> None:
    answer = httpx.post(f"{vendors.url}/host/api-singapore.klingai.com/tasks", json={})
    assert answer.status_code == 401
