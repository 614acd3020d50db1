"""Only films of our own are fetched, from where they are for sure."""

import ssl
from pathlib import Path

import pytest

from gateway.services.film_addresses import FILM_URL_LENGTH_MAX, FilmOrigins
from tests.kit.tls_host import Internet, answer
from tests.mcp.downloads.film_scenes import BUCKET, FILM, FOUND, OURS, URL, Scene

ELSEWHERE = "https://cdn.example/another-bucket/film.mp4?sig=1"
NOT_OURS = [
    "",
    "not a url",
    "media.example/files/film.mp4",
    "//media.example/files/film.mp4",
    "http://media.example/files/film.mp4",
    "ftp://media.example/files/film.mp4",
    "file:///etc/passwd",
    "data:video/mp4;base64,AAAA",
    "https://media.example/files/",
    "https://media.example/other/film.mp4",
    "https://media.example/files/../other/film.mp4",
    "https://media.example/files/%2e%2e/other/film.mp4",
    "https://media.example/files/%2E%2e%2fother/film.mp4",
    "https://media.example/filesystem/film.mp4",
    "https://media.example:8443/files/film.mp4",
    "https://media.example:80/files/film.mp4",
    "https://media.example./files/film.mp4",
    "https://media.example.evil.example/files/film.mp4",
    "https://evil-media.example/files/film.mp4",
    "https://evil.example/files/film.mp4",
    "https://media.example@evil.example/files/film.mp4",
    "https://evil.example@media.example/files/film.mp4",
    "https://@media.example/files/film.mp4",
    "https://evil.example\\@media.example/files/film.mp4",
    "https://media.example\\.evil.example/files/film.mp4",
    "https://media.example/files/film.mp4#part",
    "https://media.example/files/film.mp4\r\nX-Header: 1",
    "https://media.example/files/\tfilm.mp4",
    " https://media.example/files/film.mp4",
    "https://mediа.example/files/film.mp4",  # noqa: RUF001 - a Cyrillic letter
    "https://127.0.0.1/files/film.mp4",
    "http://127.0.0.1/files/film.mp4",
    "http://127.1/files/film.mp4",
    "http://2130706433/files/film.mp4",
    "http://[::1]/files/film.mp4",
    "http://localhost/files/film.mp4",
    "http://169.254.169.254/latest/meta-data/",
    "https://cdn.example/bucket-one",
    "https://cdn.example/bucket-one-and-more/film.mp4",
    "https://media.example/files/" + "x" * FILM_URL_LENGTH_MAX,
]


@pytest.mark.requirement("DOWN-1")
@pytest.mark.mcp_case("9.1")
@pytest.mark.parametrize("url", NOT_OURS)
async def test_an_address_that_is_none_of_our_films_is_refused_without_a_connection(
    scene: Scene, internet: Internet, url: str
) -> None:
    code, _ = await scene.refusal(url)

    assert code == "url_not_allowed"
    assert (internet.looked_up, internet.connected, scene.files()) == ([], [], [])


@pytest.mark.parametrize("origin", [OURS, BUCKET])
async def test_a_film_of_each_origin_is_fetched_whatever_the_case_of_its_host(
    scene: Scene, internet: Internet, origin: str
) -> None:
    host = origin.split("/")[2]
    url = origin.replace(host, host.upper()) + "deep/film.mp4?sig=a%2Fb"
    internet.answers[f"{origin.removeprefix('https://')}deep/film.mp4?sig=a%2Fb"] = answer(FILM)

    assert (await scene.saved(url)).size_bytes == len(FILM)


@pytest.mark.requirement("DOWN-1")
@pytest.mark.mcp_case("9.4")
async def test_nothing_that_could_be_a_credential_is_sent(scene: Scene, internet: Internet) -> None:
    await scene.saved()

    [head] = internet.requests
    names = {line.partition(":")[0].lower() for line in head.split("\r\n")[1:] if line}
    assert names == {"host", "accept", "accept-encoding", "connection", "user-agent"}
    assert head.startswith(f"GET {FOUND.removeprefix('media.example')} HTTP/1.1\r\n")
    assert internet.handshakes == ["media.example"]


@pytest.mark.mcp_case("9.2")
@pytest.mark.parametrize(
    "address",
    ["10.0.0.1", "127.0.0.1", "169.254.169.254", "100.64.0.1", "::1", "fd00::1", "64:ff9b::a00:1"],
)
async def test_a_name_of_ours_that_points_inside_is_not_connected_to(
    scene: Scene, internet: Internet, address: str
) -> None:
    internet.addresses["media.example"] = [("93.184.215.14", address)]

    code, _ = await scene.refusal()

    assert code == "url_not_allowed"
    assert internet.connected == []


@pytest.mark.mcp_case("9.2")
async def test_the_connection_goes_to_the_address_that_was_checked(
    scene: Scene, internet: Internet
) -> None:
    internet.addresses["media.example"] = [("93.184.215.14",), ("127.0.0.1",)]

    await scene.saved()

    assert internet.looked_up == ["media.example"]
    assert internet.connected == [("93.184.215.14", 443)]


async def test_a_name_of_ours_may_be_private_where_that_is_set(
    internet: Internet, trust: ssl.SSLContext, tmp_path: Path
) -> None:
    internet.answers[FOUND] = answer(FILM)
    scene = Scene(internet, trust, tmp_path, may_be_private=True)

    await scene.saved()

    assert internet.connected == [("media.example", 443)]


async def test_an_address_that_the_gateway_gave_is_fetched_but_from_public_hosts_only(
    internet: Internet, trust: ssl.SSLContext, tmp_path: Path
) -> None:
    internet.answers[ELSEWHERE.removeprefix("https://")] = answer(FILM)
    scene = Scene(internet, trust, tmp_path, issued=frozenset({ELSEWHERE}), may_be_private=True)
    internet.addresses["cdn.example"] = [("93.184.215.14",), ("10.0.0.1",)]

    await scene.saved(ELSEWHERE)
    code, _ = await scene.refusal(ELSEWHERE, "again.mp4")

    assert code == "url_not_allowed"
    assert internet.connected == [("93.184.215.14", 443)]
    assert (await scene.refusal(ELSEWHERE + "2"))[0] == "url_not_allowed"


@pytest.mark.mcp_case("9.3")
@pytest.mark.parametrize("location", ["https://evil.example/film.mp4", URL, "/files/other.mp4"])
async def test_no_redirect_is_followed(scene: Scene, internet: Internet, location: str) -> None:
    internet.answers[FOUND] = answer(status="302 Found", headers={"Location": location})

    code, _ = await scene.refusal()

    assert (code, len(internet.requests), scene.files()) == ("url_not_allowed", 1, [])


async def test_a_host_without_a_certificate_that_is_believed_gets_no_request(
    internet: Internet, tmp_path: Path
) -> None:
    internet.answers[FOUND] = answer(FILM)

    code, sentence = await Scene(internet, ssl.create_default_context(), tmp_path).refusal()

    assert (code, internet.requests) == ("url_not_allowed", [])
    assert "certificate" in sentence


@pytest.mark.parametrize(
    "origin",
    [
        "http://media.example/files/",
        "http://10.0.0.1/files/",
        "https://media.example",
        "https://media.example/files",
        "https://user@media.example/files/",
        "https://media.example/files/?x=1/",
        "file:///files/",
    ],
)
def test_an_origin_is_https_or_this_machine_and_has_a_folder(origin: str) -> None:
    with pytest.raises(ValueError, match="origin"):
        FilmOrigins([origin])
