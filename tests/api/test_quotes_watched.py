"""What a claim token shows before a quote is paid and after it, and how it cancels."""

from datetime import timedelta
from typing import Any

import httpx2
import pytest

from studio.contracts.payment import PaymentState, RefundState
from studio.contracts.status import ClipSnapshot, ClipState, RenderSnapshot, RenderState
from studio.ledger.service import release_open
from studio.quotes.progress import conclude, mark_disputed, note_refund, open_refund
from tests.api.kit import FILM, KEY_HEADER, ApiStack
from tests.api.quote_kit import PAID, PRICE_CENTS, Quote, Till, ask, pay, problem_of


async def status_of(client: httpx2.AsyncClient, quote: Quote) -> dict[str, Any]:
    answer = await client.get(quote.status_url)
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "private, no-store"
    assert answer.headers["referrer-policy"] == "no-referrer"
    return dict(answer.json())


async def cancel(client: httpx2.AsyncClient, quote: Quote) -> dict[str, Any]:
    answer = await client.post(quote.cancel_url)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def rendering(client: httpx2.AsyncClient, till: Till) -> tuple[Quote, str]:
    """A quote that is paid and whose render has begun, and the render's project."""
    till.begins = True
    quote = await ask(client)
    paid = await pay(client, quote)
    assert paid.json()["payment_status"] == "rendering"
    return quote, str(paid.json()["project_id"])


async def test_before_payment_the_status_says_what_is_to_be_paid(
    stack: ApiStack, till: Till
) -> None:
    async with stack.client() as client:
        quote = await ask(client)
        status = await status_of(client, quote)

    assert (status["status"], status["payment_status"]) == ("quoted", "quoted")
    assert status["project_id"] is None
    assert (status["amount_cents"], status["currency"]) == (PRICE_CENTS, "usd")
    assert status["payment_url"] == quote.payment_url
    assert (status["status_url"], status["cancel_url"]) == (quote.status_url, quote.cancel_url)
    assert status["lines"] == [{"shot": None, **line} for line in quote.document["lines"]]
    assert status["expires_at"] == quote.document["expires_at"]
    assert status["is_running"] is False
    assert till.stack_row(quote.id).state is PaymentState.QUOTED


async def test_the_status_follows_a_quote_until_it_is_over(stack: ApiStack, till: Till) -> None:
    till.behaviour = "silent"
    async with stack.client() as client:
        quote, left = await ask(client), await ask(client)
        await pay(client, quote)
        settling = await status_of(client, quote)
        stack.time.elapsed_seconds += 30 * 60
        expired = await status_of(client, left)
        still = await status_of(client, quote)

    assert (settling["status"], settling["is_running"]) == ("settling", True)
    assert settling["project_id"] is None
    assert still["status"] == "settling"
    assert (expired["status"], expired["payment_status"]) == ("expired", "expired")
    assert expired["payment_url"] is None
    assert "expired" in expired["last_error"]


async def test_the_claim_token_is_taken_from_a_header_as_well(stack: ApiStack, till: Till) -> None:
    async with stack.client() as client:
        quote = await ask(client)
        header = {"X-FVS-Claim-Token": quote.token}
        shown = await client.get(f"{PAID}/{quote.id}", headers=header)
        offered = await client.get(f"/api/agent/render-quotes/{quote.id}/pay", headers=header)
        wrong = await client.get(f"{PAID}/{quote.id}", headers={"X-FVS-Claim-Token": "no"})

    assert shown.json()["status_url"] == quote.status_url
    assert offered.json()["payment_url"] == quote.payment_url
    assert wrong.status_code == 404
    assert till.charges == {}


async def test_a_paid_render_is_queued_until_it_begins(stack: ApiStack, till: Till) -> None:
    """Case 27, the gateway's half: no worker is needed to say so."""
    async with stack.client() as client:
        quote = await ask(client)
        await pay(client, quote)
        status = await status_of(client, quote)

    assert (status["status"], status["payment_status"]) == ("queued", "paid")
    assert status["project_id"] == till.stack_row(quote.id).project_id
    assert (status["clip_count"], status["credits_reserved"]) == (1, PRICE_CENTS)
    assert status["clips"][0]["duration_seconds"] == 4.0
    assert status["warnings"] == quote.document["warnings"]
    assert status["finished_at"] is None


async def test_a_paid_render_is_shown_live_and_belongs_to_no_account(
    stack: ApiStack, till: Till
) -> None:
    """Case 36: no key reads or cancels a guest's render."""
    key = stack.open_account()
    async with stack.client() as client:
        quote, project = await rendering(client, till)
        stack.record(project, status=RenderState.RUNNING, progress=0.2)
        stack.workflows.answers[project] = RenderSnapshot(
            revision=7, status=RenderState.RUNNING, progress=0.5
        )
        live = await status_of(client, quote)
        theirs = f"/api/agent/renders/{project}"
        read = await client.get(theirs, headers={KEY_HEADER: key})
        canceled = await client.post(f"{theirs}/cancel", headers={KEY_HEADER: key})
        listed = await client.get("/api/agent/renders", headers={KEY_HEADER: key})

    assert (live["status"], live["progress"], live["revision"]) == ("running", 0.5, 7)
    assert (read.status_code, canceled.status_code) == (404, 404)
    assert listed.json()["items"] == []
    assert stack.workflows.canceled == {}


CLIP = ClipSnapshot(
    index=0,
    status=ClipState.COMPLETED,
    video_key="projects/one/clip.mp4",
    thumbnail_key="projects/one/clip.jpg",
    keyframe_key="projects/one/keyframe.png",
)


async def test_a_render_that_may_give_everything_back_gives_thumbnails_away_and_no_more(
    stack: ApiStack, till: Till
) -> None:
    """With more shots that are refused than not, everything goes back, but clips were filmed."""
    async with stack.client() as client:
        quote, project = await rendering(client, till)
        stack.record(project, status=RenderState.RUNNING, clips=(CLIP,), poster_key="poster.jpg")
        running = await status_of(client, quote)
        stack.record(project, status=RenderState.FAILED, last_error="No film.")
        failed = await status_of(client, quote)
        shown = await client.get(quote.payment_url)

    assert [clip["status"] for clip in running["clips"]] == ["completed"]
    for answer in (running, failed, shown.json()):
        assert "/clip.jpg" in answer["clips"][0]["thumbnail_url"]
        assert str(answer).count("/files/") == 1


async def test_a_canceled_render_links_what_was_delivered_and_charged(
    stack: ApiStack, till: Till
) -> None:
    async with stack.client() as client:
        quote, project = await rendering(client, till)
        stack.record(project, status=RenderState.CANCELED, clips=(CLIP,))
        canceled = await status_of(client, quote)

    assert "/files/" in canceled["clips"][0]["video_url"]


@pytest.mark.payment_case(41)
@pytest.mark.requirement("QUOTE-5")
async def test_the_film_has_a_url_that_works_at_every_poll_however_late(
    stack: ApiStack, till: Till
) -> None:
    """Case 41."""
    async with stack.client() as client:
        quote, project = await rendering(client, till)
        stack.finish(project)
        with stack.database.transaction() as session:
            conclude(session, quote.id, has_film=True, refund_cents=0, now=stack.time.now())
        first = await status_of(client, quote)
        film = await client.get(first["final_video_url"])
        stack.time.elapsed_seconds += timedelta(days=40).total_seconds()
        stale = await client.get(first["final_video_url"])
        second = await status_of(client, quote)
        again = await client.get(second["final_video_url"])
        shown = await client.get(quote.payment_url)

    assert (first["status"], first["payment_status"]) == ("completed", "completed")
    assert film.content == again.content == FILM
    assert stale.status_code == 403
    assert (second["status"], shown.status_code) == ("completed", 200)


async def test_a_refund_is_shown_on_its_way_and_back_on_the_card(
    stack: ApiStack, till: Till
) -> None:
    async with stack.client() as client:
        quote, project = await rendering(client, till)
        stack.record(project, status=RenderState.FAILED, last_error="It failed.")
        now = stack.time.now()
        with stack.database.transaction() as session:
            conclude(session, quote.id, has_film=False, refund_cents=PRICE_CENTS, now=now)
        owed = await status_of(client, quote)
        with stack.database.transaction() as session:
            open_refund(session, quote.id, refund_id="re_1", state=RefundState.PENDING, now=now)
            note_refund(session, quote.id, refund_id="re_1", state=RefundState.SUCCEEDED, now=now)
        back = await status_of(client, quote)

    assert (owed["status"], owed["payment_status"]) == ("failed", "refunding")
    assert (owed["refund_cents"], owed["refunded_cents"]) == (PRICE_CENTS, 0)
    assert back["payment_status"] == "refunded"
    assert (back["refund_cents"], back["refunded_cents"]) == (PRICE_CENTS, PRICE_CENTS)


@pytest.mark.payment_case(40)
async def test_a_disputed_payment_takes_every_file_off_the_status(
    stack: ApiStack, till: Till
) -> None:
    """Case 40."""
    async with stack.client() as client:
        quote, project = await rendering(client, till)
        stack.finish(project)
        before = await status_of(client, quote)
        with stack.database.transaction() as session:
            mark_disputed(session, quote.id, now=stack.time.now())
        after = await status_of(client, quote)
        shown = await client.get(quote.payment_url)

    assert before["final_video_url"] is not None
    assert after["status"] == "completed"
    assert any("disputed" in warning for warning in after["warnings"])
    assert not any("could not be signed" in warning for warning in after["warnings"])
    assert "/files/" not in str(after)
    assert "/files/" not in shown.text


@pytest.mark.payment_case(26)
async def test_a_quote_that_nobody_paid_is_over_when_it_is_canceled(
    stack: ApiStack, till: Till
) -> None:
    """Case 26, before the payment. Temporal is not needed for it."""
    async with stack.client() as client:
        quote = await ask(client)
        stack.workflows.away = True
        canceled = await cancel(client, quote)
        again = await cancel(client, quote)
        stack.workflows.away = False
        paid = await pay(client, quote)
        asked = await pay(client, quote, at_quotes=True)

    assert canceled["status"] == again["status"] == "expired"
    assert "closed" in canceled["last_error"]
    assert problem_of(paid) == (410, "payment-expired")
    assert "canceled" in paid.json()["detail"]
    assert problem_of(asked) == (402, "payment-expired")
    assert till.charges == {}


@pytest.mark.payment_case(26)
async def test_a_wish_to_cancel_while_the_payment_is_settled_is_kept_for_its_run(
    stack: ApiStack, till: Till
) -> None:
    """Case 26, between payment and render."""
    till.behaviour = "silent"
    async with stack.client() as client:
        quote = await ask(client)
        await pay(client, quote)
        canceled = await cancel(client, quote)
        woken = len(stack.workflows.settled)
        till.resolve("approve")
        paid = await status_of(client, quote)
        now = stack.time.now()
        with stack.database.transaction() as session:
            conclude(session, quote.id, has_film=False, refund_cents=PRICE_CENTS, now=now)
        ended = await status_of(client, quote)

    assert (canceled["status"], canceled["cancel_requested"]) == ("settling", True)
    assert woken == 2
    assert (paid["status"], paid["cancel_requested"]) == ("queued", True)
    assert (ended["status"], ended["payment_status"]) == ("canceled", "refunding")
    assert "canceled before it began" in ended["last_error"]
    assert ended["finished_at"] is not None
    assert ended["revision"] > paid["revision"]


async def test_a_card_that_declines_a_canceled_quote_leaves_it_over(
    stack: ApiStack, till: Till
) -> None:
    till.behaviour = "silent"
    async with stack.client() as client:
        quote = await ask(client)
        await pay(client, quote)
        await cancel(client, quote)
        till.resolve("decline")
        status = await status_of(client, quote)
        shown = await client.get(quote.payment_url)

    assert status["status"] == "expired"
    assert shown.status_code == 410


@pytest.mark.payment_case(26)
async def test_a_render_that_has_begun_is_asked_to_end(stack: ApiStack, till: Till) -> None:
    """Case 26, after the start: the render is told, and the wish is in the quote's row."""
    async with stack.client() as client:
        quote, project = await rendering(client, till)
        canceled = await cancel(client, quote)
        await cancel(client, quote)

    row = till.stack_row(quote.id)
    assert canceled["cancel_requested"] is True
    assert stack.workflows.signals == [project]
    assert stack.workflows.started_canceled == []
    assert (row.cancel_requested, row.state) == (True, PaymentState.RENDERING)


async def test_a_wish_to_cancel_is_told_once_however_often_it_is_sent(
    stack: ApiStack, till: Till
) -> None:
    """Every signal is an event of the run's history, and a step of the worker's."""
    async with stack.client() as client:
        quote, _project = await rendering(client, till)
        told = len(stack.workflows.settled)
        wishes = [await cancel(client, quote) for _ in range(5)]

    assert len(stack.workflows.settled) == told + 1
    assert all(wish["cancel_requested"] for wish in wishes)


async def test_a_render_whose_run_is_not_there_yet_is_not_started_behind_its_quote(
    stack: ApiStack, till: Till
) -> None:
    async with stack.client() as client:
        quote, project = await rendering(client, till)
        del stack.workflows.started[project]
        woken = len(stack.workflows.settled)
        await cancel(client, quote)

    assert stack.workflows.started == {}
    assert stack.workflows.started_canceled == []
    assert len(stack.workflows.settled) == woken + 1


async def test_what_has_ended_is_not_canceled(stack: ApiStack, till: Till) -> None:
    async with stack.client() as client:
        quote, project = await rendering(client, till)
        stack.finish(project)
        woken = len(stack.workflows.settled)
        unconcluded = await cancel(client, quote)
        with stack.database.transaction() as session:
            conclude(session, quote.id, has_film=True, refund_cents=0, now=stack.time.now())
        concluded = await cancel(client, quote)

    for status in (unconcluded, concluded):
        assert (status["status"], status["cancel_requested"]) == ("completed", False)
    assert till.stack_row(quote.id).cancel_requested is False
    assert len(stack.workflows.settled) == woken


async def test_a_paid_render_is_not_canceled_while_temporal_is_away(
    stack: ApiStack, till: Till
) -> None:
    async with stack.client() as client:
        quote, _project = await rendering(client, till)
        stack.workflows.away = True
        answer = await client.post(quote.cancel_url)

    assert (answer.status_code, answer.json()["code"]) == (503, "workflows_unavailable")
    assert till.stack_row(quote.id).cancel_requested is False


async def test_the_receipt_of_a_paid_render_adds_up_at_every_stage(
    stack: ApiStack, till: Till
) -> None:
    async with stack.client() as client:
        quote = await ask(client)
        url = quote.status_url.replace("?", "/receipt?")
        unpaid = await client.get(url)
        await pay(client, quote)
        waiting = (await client.get(url)).json()
        project = till.begin(quote.id)
        stack.settle(project, "project")
        begun = (await client.get(url)).json()
        with stack.database.transaction() as session:
            release_open(session, subject=project, now=stack.time.now())
        ended = (await client.get(url)).json()

    sums = [
        tuple(each[f"credits_{name}"] for name in ("reserved", "settled", "held", "released"))
        for each in (waiting, begun, ended)
    ]
    assert (unpaid.status_code, unpaid.json()["code"]) == (409, "quote_not_paid")
    assert sums == [(120, 0, 120, 0), (120, 12, 108, 0), (120, 12, 0, 108)]
    assert {line["line_id"] for line in waiting["lines"]} == {
        line["line_id"] for line in quote.document["lines"]
    }


async def test_a_database_that_is_away_is_no_reason_to_pay_again(
    stack: ApiStack, till: Till
) -> None:
    async with stack.client() as client:
        quote = await ask(client)
        with stack.database.engine.begin() as connection:
            connection.exec_driver_sql("ALTER TABLE quote RENAME TO quote_away")
        answers = [
            await pay(client, quote),
            await pay(client, quote, at_quotes=True),
            await client.get(quote.status_url),
        ]

    for answer in answers:
        assert (answer.status_code, answer.json()["code"]) == (503, "database_unavailable")
        assert "www-authenticate" not in answer.headers
    assert till.charges == {}
