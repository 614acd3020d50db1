"""Whose word counts for the host in links."""

import pytest

from gateway.hosts import CallerHost, parse_networks

Headers = dict[str, str]
FORWARDED = {"x-forwarded-proto": "https", "x-forwarded-host": "studio.example"}


def base_url(
    headers: Headers, *, client: str = "203.0.113.9", trusted: str = "", public: str | None = None
) -> str:
    networks = parse_networks(trusted.split(",") if trusted else ())
    scope = {
        "type": "http",
        "scheme": "http",
        "server": ("127.0.0.1", 8080),
        "client": (client, 50_000),
        "headers": [(name.encode(), value.encode("latin-1")) for name, value in headers.items()],
    }
    return CallerHost(public_base_url=public, trusted_proxies=networks).base_url(scope)


def test_links_are_on_the_host_that_the_caller_used() -> None:
    assert base_url({"host": "gateway.local:8080"}) == "http://gateway.local:8080"


def test_a_configured_base_url_wins() -> None:
    public = "https://api.studio.example/"
    assert base_url({"host": "x", **FORWARDED}, public=public) == "https://api.studio.example"


def test_forwarded_headers_count_from_a_trusted_proxy() -> None:
    url = base_url(
        {"host": "internal", **FORWARDED}, client="10.1.2.3", trusted="10.0.0.0/8,127.0.0.1"
    )
    assert url == "https://studio.example"


def test_forwarded_headers_do_not_count_from_anybody_else() -> None:
    assert base_url({"host": "real", **FORWARDED}, trusted="10.0.0.0/8") == "http://real"


def test_the_first_of_several_forwarded_hosts_is_the_callers() -> None:
    headers = {"host": "x", "x-forwarded-host": "studio.example, inner"}
    assert base_url(headers, client="10.0.0.1", trusted="10.0.0.1") == "http://studio.example"


@pytest.mark.parametrize("host", ["", "evil.test/path?", "a b", "user@evil.test", "x\r\ny", "[::1"])
def test_a_host_that_is_none_gives_way_to_the_servers_own_address(host: str) -> None:
    assert base_url({"host": host}) == "http://127.0.0.1:8080"


def test_an_address_of_version_six_is_a_host() -> None:
    assert base_url({"host": "[::1]:8080"}) == "http://[::1]:8080"
