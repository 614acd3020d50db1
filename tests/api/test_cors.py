"""Pages of any origin may use the routes that need no account, and no other."""

from ipaddress import IPv4Network

import httpx2
import pytest

from tests.api.kit import ApiStack

QUOTE = "/api/agent/render-quotes/quote_0"
PAID = "/api/agent/paid-renders/quote_0"
OPEN = [
    "/openapi.json",
    "/llms.txt",
    "/api/agent/render-quotes",
    f"{QUOTE}/pay?claim_token=hush",
    f"{PAID}?claim_token=hush",
    f"{PAID}/cancel?claim_token=hush",
]
CLOSED = [
    "/api/agent/renders",
    "/api/agent/renders/proj_api_0",
    "/api/agent/renders/proj_api_0/cancel",
    "/api/agent/openapi.json",
    "/api/agent/render-quotes-of-mine",
    "/api/stripe/webhooks",
    "/health",
    "/openapi.jsonp",
]
PAGE = {"Origin": "https://agent.example"}
PREFLIGHT = {
    **PAGE,
    "Access-Control-Request-Method": "POST",
    "Access-Control-Request-Headers": "authorization, content-type, idempotency-key",
}


class BrokenNetwork(IPv4Network):
    """A network with a bug in it."""

    def __contains__(self, other: object) -> bool:
        raise ZeroDivisionError


def listed(answer: httpx2.Response, header: str) -> set[str]:
    return {name.strip().lower() for name in answer.headers[header].split(",")}


@pytest.mark.payment_case(43)
@pytest.mark.parametrize("path", OPEN)
async def test_a_page_may_ask_before_it_pays(stack: ApiStack, path: str) -> None:
    async with stack.client() as client:
        answer = await client.options(path, headers=PREFLIGHT)

    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert {"authorization", "content-type", "idempotency-key"} <= listed(
        answer, "Access-Control-Allow-Headers"
    )
    assert "options" in listed(answer, "Access-Control-Allow-Methods")
    assert "Access-Control-Allow-Credentials" not in answer.headers


@pytest.mark.payment_case(43)
@pytest.mark.parametrize("path", OPEN)
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
async def test_a_page_can_read_the_answer_and_the_challenge_whatever_they_are(
    stack: ApiStack, path: str, method: str
) -> None:
    async with stack.client() as client:
        answer = await client.request(method, path, headers=PAGE)

    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert {"www-authenticate", "payment-receipt", "retry-after", "location"} <= listed(
        answer, "Access-Control-Expose-Headers"
    )
    assert "Access-Control-Allow-Credentials" not in answer.headers


async def test_an_unforeseen_error_can_be_read_too(stack: ApiStack) -> None:
    stack.configure(trusted_proxies=(BrokenNetwork("10.0.0.0/8"),))
    async with stack.client() as client:
        answer = await client.get("/llms.txt", headers=PAGE)

    assert answer.status_code == 500
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


@pytest.mark.parametrize("path", CLOSED)
async def test_routes_of_accounts_are_not_for_pages(stack: ApiStack, path: str) -> None:
    async with stack.client() as client:
        asked = await client.options(path, headers=PREFLIGHT)
        got = await client.get(path, headers=PAGE)

    assert asked.status_code in {404, 405}
    for answer in (asked, got):
        assert not [name for name in answer.headers if name.startswith("access-control")]


@pytest.mark.parametrize(
    ("method", "path", "methods"),
    [
        ("POST", "/openapi.json", {"GET", "HEAD"}),
        ("DELETE", "/api/agent/renders", {"GET", "POST"}),
        ("PUT", f"{QUOTE}/pay", {"GET", "HEAD", "POST"}),
        ("GET", "/api/stripe/webhooks", {"POST"}),
        ("DELETE", "/api/agent/renders/estimate", {"POST"}),
    ],
)
async def test_a_method_that_is_not_taken_is_told_all_that_are(
    stack: ApiStack, method: str, path: str, methods: set[str]
) -> None:
    async with stack.client() as client:
        answer = await client.request(method, path, headers=PAGE)

    assert answer.status_code == 405
    assert set(answer.headers["Allow"].split(", ")) == methods


@pytest.mark.payment_case(43)
@pytest.mark.parametrize(
    ("path", "methods"),
    [
        ("/openapi.json", {"get", "head", "options"}),
        ("/api/agent/render-quotes", {"post", "options"}),
        (f"{QUOTE}/pay", {"get", "head", "post", "options"}),
        (f"{PAID}/cancel", {"post", "options"}),
    ],
)
async def test_options_says_what_an_address_takes(
    stack: ApiStack, path: str, methods: set[str]
) -> None:
    async with stack.client() as client:
        plain = await client.options(path)
        asked = await client.options(path, headers=PREFLIGHT)
        nowhere = await client.options("/api/agent/render-quotes/a/b/c")

    assert plain.status_code == 204
    assert listed(plain, "Allow") == listed(asked, "Access-Control-Allow-Methods") == methods
    assert "Access-Control-Allow-Methods" not in plain.headers
    assert nowhere.status_code == 404


@pytest.mark.payment_case(43)
@pytest.mark.parametrize("path", ["/openapi.json", "/llms.txt"])
async def test_head_gives_the_headers_of_get(stack: ApiStack, path: str) -> None:
    async with stack.client() as client:
        head, got = await client.head(path), await client.get(path)

    assert head.status_code == 200
    for name in ("Content-Type", "Content-Length", "Cache-Control"):
        assert head.headers[name] == got.headers[name]
