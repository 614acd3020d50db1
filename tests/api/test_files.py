"""Signed downloads: whole, in ranges, and not without the signature."""

from datetime import timedelta

import pytest

from tests.api.kit import BASE_URL, FILM, ApiStack

KEY = "projects/proj_api_0_final.mp4"


def signed(stack: ApiStack, *, base_url: str = BASE_URL, download_name: str = "film.mp4") -> str:
    stack.storage.put_bytes(KEY, FILM, content_type="video/mp4")
    return stack.storage.sign_url(
        KEY,
        base_url=base_url,
        now=stack.time.now(),
        lifetime=timedelta(hours=1),
        download_name=download_name,
    ).url


@pytest.mark.requirement("REND-5")
async def test_a_signed_url_needs_no_key(stack: ApiStack) -> None:
    async with stack.client() as client:
        answer = await client.get(signed(stack))

    assert (answer.status_code, answer.content) == (200, FILM)
    assert answer.headers["Content-Type"] == "video/mp4"
    assert answer.headers["Accept-Ranges"] == "bytes"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    ("range_", "status", "content"),
    [
        ("bytes=0-99", 206, FILM[:100]),
        ("bytes=1000-", 206, FILM[1000:]),
        ("bytes=-24", 206, FILM[-24:]),
        ("bytes=0-99999999999", 206, FILM),
        ("bytes=-99999999999", 206, FILM),
        ("BYTES = 0 - 9", 200, FILM),
        ("bytes=0-9,9-19", 206, FILM[:20]),
    ],
)
async def test_a_range_is_answered_with_that_part(
    stack: ApiStack, range_: str, status: int, content: bytes
) -> None:
    async with stack.client() as client:
        answer = await client.get(signed(stack), headers={"Range": range_})

    assert (answer.status_code, answer.content) == (status, content)
    if status == 206:
        assert answer.headers["Content-Range"].endswith(f"/{len(FILM)}")


@pytest.mark.parametrize("range_", ["bytes=1024-", "bytes=-0", "bytes=0-1,5000-", "bytes=9999-"])
async def test_a_range_behind_the_end_is_416_and_tells_the_size(
    stack: ApiStack, range_: str
) -> None:
    async with stack.client() as client:
        answer = await client.get(signed(stack), headers={"Range": range_})

    assert (answer.status_code, answer.json()["code"]) == (416, "range_not_satisfiable")
    assert answer.headers["Content-Range"] == f"bytes */{len(FILM)}"
    assert answer.json()["request_id"] == answer.headers["X-Request-Id"]


@pytest.mark.parametrize(
    "range_",
    [
        "lines=1-2",
        "bytes",
        "bytes=",
        "bytes=-",
        "bytes=a-b",
        "bytes=5-2",
        "bytes=+1-2",
        "bytes=1_0-",
    ],
)
async def test_a_range_that_is_none_is_passed_over(stack: ApiStack, range_: str) -> None:
    async with stack.client() as client:
        answer = await client.get(signed(stack), headers={"Range": range_})

    assert (answer.status_code, answer.content) == (200, FILM)


async def test_head_gives_the_headers_alone(stack: ApiStack) -> None:
    async with stack.client() as client:
        answer = await client.head(signed(stack))

    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["Content-Length"] == str(len(FILM))


async def test_an_unchanged_file_is_304(stack: ApiStack) -> None:
    url = signed(stack)
    async with stack.client() as client:
        etag = (await client.get(url)).headers["ETag"]
        resumed = await client.get(url, headers={"If-Range": etag, "Range": "bytes=0-9"})
        outdated = await client.get(url, headers={"If-Range": '"old"', "Range": "bytes=0-9"})
        for known in (etag, f"W/{etag}", f'"old", {etag}', "*"):
            again = await client.get(url, headers={"If-None-Match": known})
            assert (again.status_code, again.content) == (304, b"")
        other = await client.get(url, headers={"If-None-Match": etag[1:-1]})

    assert (resumed.status_code, resumed.content) == (206, FILM[:10])
    assert (outdated.status_code, outdated.content) == (200, FILM)
    assert other.status_code == 200


@pytest.mark.parametrize(
    "change",
    [
        ("X-FVS-Signature=", "X-FVS-Signature=0"),
        ("X-FVS-Expires=3600", "X-FVS-Expires=7200"),
        ("filename=film.mp4", "filename=evil.html"),
        ("proj_api_0_final", "proj_api_1_final"),
        ("&X-FVS-Signature", "&x"),
    ],
)
async def test_a_changed_url_is_403(stack: ApiStack, change: tuple[str, str]) -> None:
    async with stack.client() as client:
        answer = await client.get(signed(stack).replace(*change))

    assert answer.status_code == 403
    assert answer.headers["Content-Type"] == "application/problem+json"


async def test_a_url_signed_for_another_host_is_403(stack: ApiStack) -> None:
    path = signed(stack, base_url="http://elsewhere.test").removeprefix("http://elsewhere.test")
    async with stack.client() as client:
        answer = await client.get(path)

    assert answer.status_code == 403


@pytest.mark.requirement("REND-5")
async def test_an_expired_url_says_to_poll_again(stack: ApiStack) -> None:
    url = signed(stack)
    stack.time.elapsed_seconds += 3600
    async with stack.client() as client:
        answer = await client.get(url)

    assert answer.status_code == 403
    assert answer.json()["code"] == "signature_expired"
    assert "status again" in answer.json()["detail"]


async def test_a_signed_file_that_is_gone_is_404(stack: ApiStack) -> None:
    url = signed(stack)
    stack.storage.delete(KEY)
    async with stack.client() as client:
        answer = await client.get(url)

    assert answer.status_code == 404


async def test_a_url_signed_before_its_file_was_moved_is_404(stack: ApiStack) -> None:
    url = signed(stack)
    stack.storage.move(KEY, "withheld/film.mp4")
    async with stack.client() as client:
        answer = await client.get(url)

    assert answer.status_code == 404
    assert FILM not in answer.content


@pytest.mark.parametrize("path", ["/files/../fvs.db", "/files/%2e%2e/fvs.db", "/files//etc/passwd"])
async def test_nothing_outside_the_store_is_served(stack: ApiStack, path: str) -> None:
    async with stack.client() as client:
        answer = await client.get(path)

    assert answer.status_code in {403, 404}
