"""What an agent finds that was told nothing but the address."""

import json
from collections.abc import Iterator

import httpx2
import pytest

from gateway.discovery import DISCOVERY_BYTES_MAX
from gateway.quote_openapi import EXAMPLE_QUOTE
from gateway.services.payment_setup import MissingSettings, PaymentSetup
from studio.contracts.limits import PAYMENT_CENTS_MAX, PAYMENT_CENTS_MIN, QUOTE_LIFETIME_SECONDS
from studio.contracts.quote_request import QuoteRequest
from studio.contracts.request import RenderRequest
from tests.api.kit import BASE_URL, ApiStack

DISCOVERY = "/openapi.json"
LLMS = "/llms.txt"
FULL = "/api/agent/openapi.json"
QUOTES = "/api/agent/render-quotes"
SIZE_BYTES_WANTED = 28 * 1024
"""Far below what crawlers read, and little for a model."""


@pytest.fixture
def stack(stack: ApiStack) -> ApiStack:
    """One that takes payments."""
    stack.configure(
        payments=PaymentSetup.of(["s" * 32], realm="gateway.test", network_id="profile_test_1")
    )
    return stack


async def get(stack: ApiStack, path: str, **headers: str) -> httpx2.Response:
    async with stack.client() as client:
        answer = await client.get(path, headers=headers)
    assert answer.status_code == 200
    return answer


def references(node: object) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for value in node.values():
            yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


def untitled(node: object) -> object:
    """A schema without the framework's titles; a property of that name has no text for a value."""
    if isinstance(node, list):
        return [untitled(each) for each in node]
    if not isinstance(node, dict):
        return node
    titles = {key for key, value in node.items() if key == "title" and isinstance(value, str)}
    return {
        key: value if key == "examples" else untitled(value)
        for key, value in node.items()
        if key not in titles
    }


async def test_the_small_document_has_the_routes_of_quotes_and_no_other(stack: ApiStack) -> None:
    document = (await get(stack, DISCOVERY)).json()

    assert document["openapi"].startswith("3.")
    assert {(method, path) for path, item in document["paths"].items() for method in item} == {
        ("post", QUOTES),
        ("get", f"{QUOTES}/{{quote_id}}/pay"),
        ("post", f"{QUOTES}/{{quote_id}}/pay"),
        ("get", "/api/agent/paid-renders/{quote_id}"),
        ("post", "/api/agent/paid-renders/{quote_id}/cancel"),
    }


async def test_it_offers_a_charge_whose_amount_the_challenge_says(stack: ApiStack) -> None:
    document = (await get(stack, DISCOVERY)).json()

    quoting = document["paths"][QUOTES]["post"]
    [offer] = quoting["x-payment-info"]["offers"]
    described = offer.pop("description")
    assert offer == {"intent": "charge", "method": "stripe", "amount": None, "currency": "usd"}
    assert f"{PAYMENT_CENTS_MIN} to {PAYMENT_CENTS_MAX}" in described
    assert "402" in quoting["responses"]
    # Whoever checks the routes with an offer has no quote to put into the others' addresses.
    assert [
        path for path, item in document["paths"].items() if "x-payment-info" in json.dumps(item)
    ] == [QUOTES]


async def test_its_schemas_are_those_of_the_full_document_and_all_are_there(
    stack: ApiStack,
) -> None:
    small, full = (await get(stack, DISCOVERY)).json(), (await get(stack, FULL)).json()

    schemas = small["components"]["schemas"]
    wanted = {reference.removeprefix("#/components/schemas/") for reference in references(small)}
    assert wanted == set(schemas)
    for name, schema in schemas.items():
        assert schema == untitled(full["components"]["schemas"][name])
    assert set(small["paths"]) < set(full["paths"])
    body = small["paths"][QUOTES]["post"]["requestBody"]["content"]["application/json"]
    assert body["schema"] == {"$ref": "#/components/schemas/QuoteRequest"}
    assert set(schemas["QuoteRequest"]["properties"]) == set(QuoteRequest.model_fields)
    assert set(schemas["RenderRequest"]["properties"]) == set(RenderRequest.model_fields)


async def test_its_example_gets_a_quote_of_the_references_price(stack: ApiStack) -> None:
    document = (await get(stack, DISCOVERY)).json()
    body = document["paths"][QUOTES]["post"]["requestBody"]["content"]["application/json"]
    async with stack.client() as client:
        quoted = await client.post(QUOTES, json=body["example"])

    assert body["example"] == EXAMPLE_QUOTE
    assert quoted.status_code == 402
    assert quoted.headers["WWW-Authenticate"].startswith("Payment ")
    assert quoted.json()["amount_cents"] == 120
    assert not body["example"].get("upload_urls")  # nothing to fetch that may be gone


async def test_a_look_without_a_body_is_told_that_it_needs_one(stack: ApiStack) -> None:
    """Programs that check paid routes send their example after a 400 or 422, and only then."""
    async with stack.client() as client:
        answer = await client.post(QUOTES)

    assert answer.status_code == 422


async def test_it_is_small_enough_for_crawlers_and_may_be_kept_for_minutes(
    stack: ApiStack,
) -> None:
    answer = await get(stack, DISCOVERY)

    assert len(answer.content) <= SIZE_BYTES_WANTED < DISCOVERY_BYTES_MAX
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Cache-Control"] == "public, max-age=300"


async def test_it_says_where_everything_is_on_the_callers_host(stack: ApiStack) -> None:
    named = (await get(stack, DISCOVERY, Host="studio.example")).json()
    other = (await get(stack, DISCOVERY)).json()

    assert named["servers"] == [{"url": "http://studio.example"}]
    assert named["x-service-info"] == {
        "categories": ["media"],
        "docs": {
            "homepage": "http://studio.example/llms.txt",
            "apiReference": "http://studio.example/api/agent/openapi.json",
            "llms": "http://studio.example/llms.txt",
        },
    }
    assert other["servers"] == [{"url": BASE_URL}]


@pytest.mark.parametrize("document", ["homepage", "apiReference", "llms"])
async def test_every_document_that_is_named_is_there(stack: ApiStack, document: str) -> None:
    docs = (await get(stack, DISCOVERY)).json()["x-service-info"]["docs"]
    await get(stack, docs[document].removeprefix(BASE_URL))


async def test_the_text_says_what_this_is_and_how_a_film_is_paid(stack: ApiStack) -> None:
    answer = await get(stack, LLMS)
    text = answer.text

    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.headers["Cache-Control"] == "public, max-age=300"
    heading, _, summary = text.splitlines()[:3]
    assert heading.startswith("# ")
    assert summary.startswith("> ")
    assert f"{PAYMENT_CENTS_MIN} to {PAYMENT_CENTS_MAX} cents" in text
    assert f"{QUOTE_LIFETIME_SECONDS // 60}\nminutes" in text
    words = ("WWW-Authenticate", "Payment-Receipt", "Retry-After", "claim_token", "payment_url")
    assert [word for word in words if word not in text] == []
    assert json.loads(text.split("```json\n")[1].split("```")[0]) == EXAMPLE_QUOTE


async def test_the_text_lists_the_routes_and_links_to_what_there_is(stack: ApiStack) -> None:
    document, text = (await get(stack, DISCOVERY)).json(), (await get(stack, LLMS)).text

    for path, item in document["paths"].items():
        for method, operation in item.items():
            assert f"- `{method.upper()} {path}`: {operation['summary']}" in text
    links = [line.split("](")[1].split(")")[0] for line in text.splitlines() if "](" in line]
    assert links
    for link in links:
        await get(stack, link.removeprefix(BASE_URL))


async def test_without_the_settings_for_payments_both_say_so_and_nothing_is_offered(
    stack: ApiStack,
) -> None:
    stack.configure(payments=MissingSettings(("FVS_MPP_SECRET",)))

    document, text = await get(stack, DISCOVERY), (await get(stack, LLMS)).text

    assert "FVS_MPP_SECRET" in document.json()["info"]["description"]
    assert "x-payment-info" not in document.text
    assert "FVS_MPP_SECRET" in text
    assert "1. `POST" not in text
