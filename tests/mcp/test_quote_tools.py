"""Films without an account: `fvs_create_paid_render_quote`, and watching and ending its render."""

import json
from typing import Any

import pytest

from gateway.services.payment_setup import MissingSettings
from studio.contracts.limits import QUOTE_LIFETIME_SECONDS
from studio.contracts.status import RenderState, Stage
from studio.quotes.claims import record_payment
from tests.api.kit import ApiStack
from tests.api.quote_kit import BODY, PRICE_CENTS, Challenge, Quote, Till, ask
from tests.mcp.kit import MODES, called, content_of, mcp_client, refused

CREATE = "fvs_create_paid_render_quote"
STATUS = "fvs_get_paid_render_status"
CANCEL = "fvs_cancel_render"


async def paid_over_http(stack: ApiStack, told: dict[str, Any]) -> None:
    """Pay what the tool answered, as a payer who knows the protocol and not the tool."""
    challenge = Challenge.of(_Told(told["www_authenticate"]))  # type: ignore[arg-type]
    async with stack.client() as http:
        answer = await http.post(told["payment_url"], headers=challenge.paid_with("spt_1"))
    assert answer.status_code == 202, answer.text


class _Told:
    """A response, as far as its challenge is concerned."""

    def __init__(self, challenge: str) -> None:
        self.headers = {"www-authenticate": challenge}


@pytest.mark.requirement("MCP-4", "MCP-13", "MCP-6", "MCP-2")
@pytest.mark.mcp_case("24.2", "24.3", "24.4", "24.6")
@pytest.mark.parametrize("mode", MODES)
async def test_a_quote_is_made_paid_and_followed_to_its_film_without_a_key(
    stack: ApiStack, till: Till, mode: str
) -> None:
    till.begins = True
    async with mcp_client(stack, mode=mode) as client:
        quote = await called(client, CREATE, **BODY)
        unpaid = await called(client, STATUS, status_url=quote["status_url"])
        await paid_over_http(stack, quote)
        rendering = await called(client, STATUS, claim_token=quote["claim_token"])
        stack.finish(rendering["project_id"])
        done = await called(
            client, STATUS, quote_id=quote["quote_id"], claim_token=quote["claim_token"]
        )

    assert (quote["amount_cents"], quote["currency"]) == (PRICE_CENTS, "usd")
    assert quote["credits_quoted"] == PRICE_CENTS
    assert quote["payment_method"] == "stripe_mpp"
    assert quote["claim_token"] in quote["payment_url"]
    assert quote["claim_token"] in quote["status_url"]
    assert "$1.20" in quote["next_action"]
    assert (unpaid["status"], unpaid["payment_url"]) == ("quoted", quote["payment_url"])
    assert "project_id" not in unpaid
    assert (rendering["status"], rendering["payment_status"]) == ("queued", "rendering")
    assert (done["status"], done["poll_after_seconds"]) == ("completed", 0)
    assert done["final_video_url"].startswith("http")


async def test_a_quote_of_the_tool_is_that_of_the_api(stack: ApiStack, till: Till) -> None:
    async with mcp_client(stack) as client:
        told = await called(client, CREATE, **BODY)
    async with stack.client() as http:
        other: Quote = await ask(http)
    shared = told.keys() & other.document.keys()
    assert shared >= {"amount_cents", "currency", "credits_quoted", "payment_method", "status_url"}
    assert told["amount_cents"] == other.document["amount_cents"]
    challenge = Challenge.of(_Told(told["www_authenticate"]))  # type: ignore[arg-type]
    assert challenge.request["amount"] == other.challenge.request["amount"]
    assert till.charges == {}


async def test_what_a_price_is_made_of_is_told_to_the_widget_alone(
    stack: ApiStack, till: Till
) -> None:
    request = {**BODY["request"], "shot_count": 2, "scene_target_duration_seconds": 8}
    async with mcp_client(stack) as client:
        quote = await client.call_tool(CREATE, {"request": request})
        claim = {"claim_token": content_of(quote)["claim_token"]}
        unpaid = await client.call_tool(STATUS, claim)

    assert quote.meta is not None
    lines = quote.meta["video.future/lines"]
    assert [line["label"] for line in lines] == [
        "Project",
        "Planning, 2 shots",
        "Keyframe, 2 shots",
        "Critic, 2 shots",
        "Video, 2 shots",
        "Voice briefs",
        "Production",
    ]
    assert sum(line["credits"] for line in lines) == content_of(quote)["amount_cents"]
    assert unpaid.meta == quote.meta
    assert "lines" not in content_of(quote).keys() | content_of(unpaid).keys()
    assert till.charges == {}


@pytest.mark.mcp_case("24.2")
async def test_a_key_changes_nothing_about_a_quote(stack: ApiStack, till: Till) -> None:
    key = stack.open_account()
    async with mcp_client(stack, key) as client:
        told = await called(client, CREATE, **BODY)
        found = await called(client, STATUS, claim_token=told["claim_token"])
    assert (told["status"], found["status"]) == ("quoted", "quoted")
    assert (stack.available(), till.charges) == (1000, {})


@pytest.mark.mcp_case("24.5")
async def test_the_same_call_with_the_same_key_gives_the_same_quote_and_never_pays_twice(
    stack: ApiStack, till: Till
) -> None:
    async with mcp_client(stack) as client:
        first = await called(client, CREATE, **BODY, idempotency_key="film")
        second = await called(client, CREATE, **BODY, idempotency_key="film")
        await paid_over_http(stack, first)
        third = await called(client, CREATE, **BODY, idempotency_key="film")
    assert [told["replayed"] for told in (first, second, third)] == [False, True, True]
    assert first["claim_token"] == second["claim_token"] == third["claim_token"]
    assert third["payment_status"] == "paid"
    assert third.keys().isdisjoint({"payment_url", "www_authenticate"})
    assert len(till.charges) == 1


async def test_a_server_that_takes_no_payments_says_so(stack: ApiStack) -> None:
    stack.configure(payments=MissingSettings(("FVS_MPP_SECRET",)))
    async with mcp_client(stack) as client:
        told = await refused(client, CREATE, **BODY)
    assert told["code"] == "unavailable"


async def test_too_many_quotes_are_told_when_to_ask_again(stack: ApiStack, till: Till) -> None:
    stack.configure(quotes_per_minute_max=1)
    async with mcp_client(stack) as client:
        await called(client, CREATE, **BODY)
        told = await refused(client, CREATE, **BODY)
    assert (told["code"], told["retry_after_seconds"]) == ("rate_limited", 60)
    assert till.charges == {}


@pytest.mark.mcp_case("24.1")
async def test_what_is_wrong_with_a_quote_is_pointed_at(stack: ApiStack, till: Till) -> None:
    request = {**BODY["request"], "shot_count": 64}
    async with mcp_client(stack) as client:
        told = await refused(client, CREATE, request=request)
    assert told["code"] == "invalid_request"
    assert all(each["pointer"].startswith("/request/") for each in told["errors"])
    assert till.charges == {}


@pytest.mark.mcp_case("24.3")
async def test_a_quote_that_is_over_is_said_to_be_and_another_is_suggested(
    stack: ApiStack, till: Till
) -> None:
    async with mcp_client(stack) as client:
        quote = await called(client, CREATE, **BODY)
        stack.time.elapsed_seconds += QUOTE_LIFETIME_SECONDS
        told = await called(client, STATUS, claim_token=quote["claim_token"], wait_seconds=45)
    assert (told["status"], told["poll_after_seconds"]) == ("expired", 0)
    assert "payment_url" not in told
    assert CREATE in told["next_action"]
    assert (stack.time.elapsed_seconds, till.charges) == (QUOTE_LIFETIME_SECONDS, {})


@pytest.mark.mcp_case("4.2")
@pytest.mark.parametrize("tool", [STATUS, CANCEL])
async def test_whatever_is_wrong_with_a_claim_the_answer_is_the_same(
    stack: ApiStack, till: Till, tool: str
) -> None:
    async with mcp_client(stack) as client:
        first, second = await called(client, CREATE, **BODY), await called(client, CREATE, **BODY)
        tokens = (
            {"claim_token": second["claim_token"], "quote_id": first["quote_id"]},
            {"claim_token": first["claim_token"][:-1] + "x"},
            {"claim_token": "fvs_claim_"},
            {"claim_token": "\x00"},
            {"claim_token": first["claim_token"], "quote_id": "quote_\x00"},
            {"status_url": first["status_url"].replace(first["quote_id"], second["quote_id"])},
        )
        answers = [await refused(client, tool, **each) for each in tokens]
    assert {told["code"] for told in answers} == {"not_found"}
    assert len({told["message"] for told in answers}) == 1
    assert till.charges == {}


@pytest.mark.mcp_case("8.1", "8.2")
async def test_what_a_paid_status_is_asked_of_must_be_clear(stack: ApiStack, till: Till) -> None:
    async with mcp_client(stack) as client:
        quote = await called(client, CREATE, **BODY)
        neither = await refused(client, STATUS)
        only_id = await refused(client, STATUS, quote_id=quote["quote_id"])
        both = await refused(
            client, STATUS, status_url=quote["status_url"], claim_token="fvs_claim_other"
        )
        project = await refused(client, STATUS, project_id="proj_api_0000000000000001")
        other_kind = await refused(
            client,
            STATUS,
            status_url="http://localhost/api/agent/renders/proj_api_0000000000000001",
        )
    for told in (neither, only_id, both, project, other_kind):
        assert told["code"] == "invalid_request"
        assert quote["claim_token"] not in json.dumps(told)
    assert project["use_tool"] == other_kind["use_tool"] == "fvs_get_render_status"
    assert till.charges == {}


async def test_a_wait_ends_when_the_quote_is_paid(stack: ApiStack, till: Till) -> None:
    told: list[tuple[float, float | None, str | None]] = []

    async def note(progress: float, total: float | None, message: str | None) -> None:
        told.append((progress, total, message))

    async with mcp_client(stack) as client:
        quote = await called(client, CREATE, **BODY)

        def have_it_paid() -> None:
            if stack.time.elapsed_seconds == 7:
                with stack.database.transaction() as session:
                    record_payment(
                        session,
                        quote["quote_id"],
                        payment_id="pi_1",
                        challenge_id=None,
                        now=stack.time.now(),
                    )

        stack.time.on_pause = have_it_paid
        result = await client.call_tool(
            STATUS,
            {"claim_token": quote["claim_token"], "wait_seconds": 45},
            progress_callback=note,
        )
    assert stack.time.elapsed_seconds == 7
    assert result.structured_content is not None
    assert result.structured_content["payment_status"] == "paid"
    assert told == [(0, 45, "quoted: not paid yet"), (5, 45, "quoted: not paid yet")]
    assert till.charges == {}


@pytest.mark.requirement("MCP-7")
@pytest.mark.mcp_case("23.3")
async def test_a_quote_and_its_render_are_canceled_with_the_claim_token(
    stack: ApiStack, till: Till
) -> None:
    till.begins = True
    async with mcp_client(stack) as client:
        unpaid = await called(client, CREATE, **BODY)
        over = await called(client, CANCEL, claim_token=unpaid["claim_token"])
        quote = await called(client, CREATE, **BODY)
        await paid_over_http(stack, quote)
        ending = await called(client, CANCEL, status_url=quote["status_url"])
        stack.record(ending["project_id"], status=RenderState.CANCELED, stage=Stage.INPUT)
        ended = await called(client, CANCEL, claim_token=quote["claim_token"])
    assert (over["status"], over["payment_status"]) == ("expired", "expired")
    assert (ending["cancel_requested"], ending["payment_status"]) == (True, "rendering")
    assert stack.workflows.signals == [ending["project_id"]]
    assert ended["status"] == "canceled"


async def test_a_paid_quote_is_found_while_its_render_has_not_begun(
    stack: ApiStack, till: Till
) -> None:
    async with mcp_client(stack) as client:
        quote = await called(client, CREATE, **BODY)
        await paid_over_http(stack, quote)
        told = await called(client, STATUS, claim_token=quote["claim_token"])
    assert (told["status"], told["payment_status"]) == ("queued", "paid")
    assert len(till.charges) == 1
