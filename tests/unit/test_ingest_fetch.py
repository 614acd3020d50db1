"""Uploads from addresses: fetched under their own name, at an address that was checked."""

import hashlib
import ssl
from pathlib import Path

import pytest

from studio.ingest.fetch_errors import FetchReason
from tests.fetch_scenes import FOUND, URL, Scene
from tests.kit.tls_host import PUBLIC, Authority, Internet, answer, open_internet, redirect


@pytest.fixture
def scene(internet: Internet, trust: ssl.SSLContext, tmp_path: Path) -> Scene:
    return Scene(internet, trust, tmp_path)


async def test_a_file_is_fetched_under_its_name_from_an_address_that_was_checked(
    internet: Internet, scene: Scene
) -> None:
    body = b"\x89PNG" + bytes(700_000)
    internet.answers[FOUND] = answer(body)

    (upload,) = await scene.fetched()

    assert upload.path.read_bytes() == body
    assert (upload.filename, upload.size_bytes) == ("cat.png", len(body))
    assert upload.sha256 == hashlib.sha256(body).hexdigest()
    assert internet.connected == [(PUBLIC, 443)]
    assert internet.handshakes == ["media.example"]
    (request,) = internet.requests
    assert request.split("\r\n")[0] == "GET /cat.png?X-Amz-Signature=5ec4e7 HTTP/1.1"
    assert "host: media.example\r\n" in request.lower()
    assert "accept-encoding: identity\r\n" in request.lower()
    assert "cookie" not in request.lower()


@pytest.mark.mcp_case("11.1")
async def test_a_name_is_looked_up_once_so_a_second_answer_changes_nothing(
    internet: Internet, scene: Scene
) -> None:
    internet.addresses["media.example"] = [(PUBLIC,), ("127.0.0.1",)]
    internet.answers[FOUND] = answer(b"x")
    await scene.fetched()
    assert internet.looked_up == ["media.example"]
    assert internet.connected == [(PUBLIC, 443)]


async def test_a_name_that_changes_between_two_uploads_is_checked_for_each(
    internet: Internet, scene: Scene
) -> None:
    internet.addresses["media.example"] = [(PUBLIC,), ("127.0.0.1",)]
    internet.answers[FOUND] = answer(b"x")
    assert await scene.refusal(URL, URL) is FetchReason.ADDRESS
    assert internet.connected == [(PUBLIC, 443)]


async def test_an_address_that_does_not_answer_gives_way_to_the_next(
    internet: Internet, scene: Scene
) -> None:
    internet.addresses["media.example"] = [("2606:4700::1111", "8.8.8.8", PUBLIC)]
    internet.dead = {"8.8.8.8"}
    internet.answers[FOUND] = answer(b"x")
    await scene.fetched()
    assert internet.connected == [("8.8.8.8", 443), (PUBLIC, 443)]


async def test_a_host_with_hundreds_of_dead_addresses_is_not_tried_at_all_of_them(
    internet: Internet, scene: Scene
) -> None:
    addresses = [f"8.8.4.{number}" for number in range(200)]
    internet.addresses["media.example"] = [addresses]
    internet.dead = set(addresses)
    assert await scene.absence() is FetchReason.NO_ANSWER
    assert len(internet.connected) == 4


@pytest.mark.mcp_case("11.1")
@pytest.mark.parametrize(
    "inside",
    [
        ("127.0.0.1",),
        (PUBLIC, "10.0.0.1"),
        (PUBLIC, "::1"),
        ("169.254.169.254",),
        ("100.64.0.1",),
        ("::ffff:169.254.169.254",),
        ("64:ff9b::a9fe:a9fe",),
        ("2002:7f00:1::",),
        (),
    ],
)
async def test_a_host_with_any_address_of_the_inside_is_not_connected_to(
    internet: Internet, scene: Scene, inside: tuple[str, ...]
) -> None:
    internet.addresses["media.example"] = [inside]
    assert await scene.refusal() is FetchReason.ADDRESS
    assert internet.connected == []


@pytest.mark.mcp_case("11.1")
@pytest.mark.parametrize(
    "location",
    [
        "https://127.0.0.1/latest/meta-data",
        "https://[::1]/",
        "https://2852039166/",
        "https://inside.example/",
        "http://media.example/cat.png",
        "https://media.example:8443/cat.png",
        "https://user:word@media.example/cat.png",
        "file:///etc/passwd",
        "data:image/png;base64,AAAA",
        "//metadata.google.internal/computeMetadata",
        "https://m\u00e9dia.example/",
        "",
    ],
)
async def test_a_redirect_is_held_to_what_the_first_address_is(
    internet: Internet, scene: Scene, location: str
) -> None:
    internet.addresses["inside.example"] = [("169.254.169.254",)]
    internet.answers[FOUND] = redirect(location) if location else answer(status="302 Found")
    assert await scene.refusal() is FetchReason.ADDRESS
    assert internet.connected == [(PUBLIC, 443)]


async def test_a_redirect_with_two_targets_is_not_followed(
    internet: Internet, scene: Scene
) -> None:
    twice = "https://cdn.example/a\r\nLocation: https://cdn.example/b"
    internet.answers[FOUND] = redirect(twice)
    assert await scene.refusal() is FetchReason.ADDRESS


async def test_three_redirects_are_followed_each_on_a_connection_of_its_own(
    internet: Internet, scene: Scene
) -> None:
    internet.answers |= {
        FOUND: redirect("/moved"),
        "media.example/moved": redirect("https://cdn.example/a?b=c", "307 Temporary Redirect"),
        "cdn.example/a?b=c": redirect("//cdn.example/last", "308 Permanent Redirect"),
        "cdn.example/last": answer(b"x"),
    }
    (upload,) = await scene.fetched()
    assert upload.filename == "cat.png"
    assert internet.handshakes == ["media.example", "media.example", "cdn.example", "cdn.example"]
    assert internet.looked_up == internet.handshakes


async def test_redirects_in_a_circle_end(internet: Internet, scene: Scene) -> None:
    internet.answers[FOUND] = redirect(URL)
    assert await scene.refusal() is FetchReason.REDIRECTS
    assert len(internet.requests) == 4


async def test_a_certificate_of_another_name_is_not_believed(
    authority: Authority, trust: ssl.SSLContext, tmp_path: Path
) -> None:
    async with open_internet(authority.server_context(["other.example"])) as internet:
        scene = Scene(internet, trust, tmp_path)
        assert await scene.refusal() is FetchReason.CERTIFICATE
        assert internet.requests == []


async def test_a_certificate_of_an_unknown_authority_is_not_believed(
    internet: Internet, tmp_path: Path
) -> None:
    scene = Scene(internet, Authority().trust(), tmp_path)
    assert await scene.refusal() is FetchReason.CERTIFICATE
    assert internet.requests == []


@pytest.mark.parametrize("name", ["b\u00fccher.example", "\u0430\u0440\u0440\u04cf\u0435.example"])
async def test_a_name_of_another_script_is_looked_up_in_its_ascii_form(
    internet: Internet, scene: Scene, name: str
) -> None:
    ascii_name = name.encode("idna").decode()
    internet.answers[f"{ascii_name}/cat.png"] = answer(b"x")
    await scene.fetched(f"https://{name}/cat.png")
    assert internet.looked_up == internet.handshakes == [ascii_name]


async def test_the_environments_proxies_are_not_asked(
    internet: Internet, scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    internet.answers[FOUND] = answer(b"x")
    await scene.fetched()
    assert internet.connected == [(PUBLIC, 443)]
