"""Whose word counts for the host in links, and for where a caller is."""

from collections.abc import Iterable

import pytest

from gateway.hosts import UNKNOWN_ADDRESS, CallerHost, parse_networks

Headers = dict[str, str]
FORWARDED = {"x-forwarded-proto": "https", "x-forwarded-host": "studio.example"}


def caller_host(trusted: str, public: str | None = None) -> CallerHost:
    networks = parse_networks(trusted.split(",") if trusted else ())
    return CallerHost(public_base_url=public, trusted_proxies=networks)


def scope_of(headers: Iterable[tuple[str, str]], client: str | None) -> dict[str, object]:
    return {
        "type": "http",
        "scheme": "http",
        "server": ("127.0.0.1", 8080),
        "client": (client, 50_000) if client is not None else None,
        "headers": [(name.encode(), value.encode("latin-1")) for name, value in headers],
    }


def base_url(
    headers: Headers, *, client: str = "203.0.113.9", trusted: str = "", public: str | None = None
) -> str:
    return caller_host(trusted, public).base_url(scope_of(headers.items(), client))


def client_address(
    *forwarded: str, client: str | None = "203.0.113.9", trusted: str = "10.0.0.0/8,fd00::/8"
) -> str:
    scope = scope_of([("x-forwarded-for", line) for line in forwarded], client)
    return caller_host(trusted).client_address(scope)


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


def test_a_caller_is_where_the_connection_comes_from() -> None:
    assert client_address() == "203.0.113.9"


def test_a_forwarded_address_is_not_believed_of_anybody() -> None:
    assert client_address("198.51.100.1") == "203.0.113.9"
    assert client_address("198.51.100.1", client="10.1.1.1", trusted="") == "10.1.1.1"


def test_behind_trusted_proxies_the_caller_is_the_first_address_that_is_none_of_them() -> None:
    assert client_address("198.51.100.1", client="10.0.0.1") == "198.51.100.1"
    assert client_address("198.51.100.1, 10.0.0.2", client="10.0.0.1") == "198.51.100.1"


def test_what_a_caller_wrote_before_it_came_to_a_proxy_is_not_believed() -> None:
    for spoofed in ("1.1.1.1", "10.9.9.9", "10.9.9.9, 1.1.1.1", "nonsense", ""):
        line = f"{spoofed}, 198.51.100.1"
        assert client_address(line, client="10.0.0.1") == "198.51.100.1"


def test_several_lines_are_one_list() -> None:
    forwarded = client_address("1.1.1.1, 198.51.100.1", "10.0.0.2", client="10.0.0.1")
    assert forwarded == "198.51.100.1"


def test_where_all_are_trusted_the_caller_is_the_furthest_of_them() -> None:
    assert client_address("10.0.0.3, 10.0.0.2", client="10.0.0.1") == "10.0.0.3"


@pytest.mark.parametrize("line", ["", "unknown", "198.51.100.1, ", "1.2.3", "_hidden", "[::1"])
def test_a_proxy_that_tells_no_address_is_taken_for_the_caller(line: str) -> None:
    assert client_address(line, client="10.0.0.1") == "10.0.0.1"


@pytest.mark.parametrize(
    ("told", "address"),
    [
        ("198.51.100.1:4711", "198.51.100.1"),
        ("[2001:db8:1:2:3::4]:4711", "2001:db8:1:2::/64"),
        ("[2001:db8:1:2:3::4]", "2001:db8:1:2::/64"),
        ("2001:DB8:1:2:ffff::5", "2001:db8:1:2::/64"),
        ("::ffff:198.51.100.1", "198.51.100.1"),
    ],
)
def test_an_address_is_read_in_every_form_and_a_network_of_version_six_is_one_caller(
    told: str, address: str
) -> None:
    assert client_address(told, client="fd00::1") == address


def test_a_proxy_on_a_dual_stack_socket_is_still_trusted() -> None:
    assert client_address("198.51.100.1", client="::ffff:10.0.0.1") == "198.51.100.1"


@pytest.mark.parametrize("client", [None, "", "testclient"])
def test_who_has_no_address_shares_one(client: str | None) -> None:
    assert client_address("198.51.100.1", client=client) == UNKNOWN_ADDRESS
