"""A caller's secrets over MCP, looked for wherever real processes keep, send or say anything."""

import asyncio
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

import pytest
from mcp.client.client import Client
from mcp.client.stdio import stdio_client
from sqlalchemy import update

from gateway.mcp.names import TOOLS
from studio.renders.tables import RenderRow
from tests.kit.collector import Collector
from tests.kit.customer import ONE_SHOT, read_offer
from tests.kit.leaks import (
    CARRIERS,
    CHALLENGE,
    CLAIM_TOKEN,
    KEY,
    SIGNATURE,
    Secrets,
    kept_of,
    metrics_of,
    strays,
    tell_all,
)
from tests.kit.market import Market
from tests.kit.mcp_talk import Talk, hang_up
from tests.kit.purse import Purse
from tests.kit.quick_worker import INSIDE
from tests.kit.stack import PEPPER, SIGNING_KEY, Stack
from tests.kit.till import DECLINED_CARD
from tests.mcp.kit import MODES, port_client, program

pytestmark = [pytest.mark.e2e, pytest.mark.temporal]

EXAMPLE, SUBMIT, QUOTE, STATUS, PAID_STATUS, CANCEL, DOWNLOAD, APP = (
    "fvs_example_render_request",
    "fvs_submit_render",
    "fvs_create_paid_render_quote",
    "fvs_get_render_status",
    "fvs_get_paid_render_status",
    "fvs_cancel_render",
    "fvs_download_final_video",
    "fvs_open_chatgpt_app",
)
UNKNOWN_KEY = "fvs_test_" + "4n0th3r" * 6
WRONG_TOKEN = "fvs_claim_" + "n0b0dy5" * 6
MARKED = "a-text-that-a-broken-row-has"
UPLOAD_SIGNATURE = "0f-an-upload" * 4
KEY_IN_A_BRIEF = "fvs_test_" + "br1efed" * 6
IN_ROWS = (MARKED, UPLOAD_SIGNATURE, KEY_IN_A_BRIEF)
"""Texts that the database has because they were put there; nobody else may have them."""


class Caller:
    """One program that uses every tool in one era, well and badly."""

    def __init__(self, market: Market, purse: Purse, mode: str) -> None:
        self.market, self.purse, self.mode = market, purse, mode
        self.talk = Talk()
        self.runs: list[str] = []

    @property
    def base_url(self) -> str:
        return self.market.stack.base_url

    async def use_everything(self) -> None:
        stack = self.market.stack
        async with port_client(stack.base_url, stack.headers, mode=self.mode) as client:
            await self._make_films(client)
            await self._err(client)
            await self._meet_what_is_broken(client)
        wrong = {"X-FVS-Agent-Key": UNKNOWN_KEY}
        async with port_client(stack.base_url, wrong, mode=self.mode) as client:
            told = await self.talk.ask(client, SUBMIT, request=ONE_SHOT)
            assert told["code"] == "invalid_agent_key"
        for secret in (stack.api_key, *self.purse.secrets.of(CLAIM_TOKEN)):
            await self.talk.blurt(stack.base_url, self.mode, secret)

    async def _make_films(self, client: Client) -> None:
        ask = self.talk.ask
        request = {**ONE_SHOT, "name": f"A film by {KEY_IN_A_BRIEF}"}
        submitted = await ask(client, SUBMIT, request=request, idempotency_key=f"one-{self.mode}")
        done = await self.talk.watch(client, STATUS, status_url=submitted["status_url"])
        assert done["status"] == "completed", done
        await ask(client, CANCEL, project_id=done["project_id"])
        await ask(client, DOWNLOAD, final_video_url=done["final_video_url"], output_path="a.mp4")
        await ask(client, EXAMPLE)
        await ask(client, APP)
        self.runs.append(done["project_id"])
        await self._buy_films(client)

        picture = f"https://{INSIDE}/a.png?X-Amz-Signature={UPLOAD_SIGNATURE}"
        given = await ask(client, SUBMIT, request=request, upload_urls=[picture])
        told = await self.talk.watch(client, STATUS, project_id=given["project_id"])
        assert told["status"] == "failed", told
        left = {"request": request, "idempotency_key": f"left-{self.mode}"}
        await hang_up(self.base_url, self.mode, SUBMIT, left, self.market.stack.headers)
        found = await ask(client, SUBMIT, **left)
        await self.talk.watch(client, STATUS, project_id=found["project_id"])
        self.runs += [given["project_id"], found["project_id"]]

    async def _buy_films(self, client: Client) -> None:
        quotes = [await self.talk.ask(client, QUOTE, request=ONE_SHOT) for _ in range(3)]
        offers = [read_offer(told, told["www_authenticate"]) for told in quotes]
        for offer in offers:
            self.purse.secrets.remember(CLAIM_TOKEN, offer.problem["claim_token"])
        made, failed, unpaid = offers
        self.market.moments.fail(self.market.row(failed).project_id, "plan_shots", "It refused.")
        self.purse.pay(made, card=DECLINED_CARD)
        self.purse.pay(self.market.customer.offer_at(made.problem["payment_url"]))
        self.purse.pay(failed)
        for offer, status in ((made, "completed"), (failed, "failed")):
            token = offer.problem["claim_token"]
            told = await self.talk.watch(client, PAID_STATUS, claim_token=token)
            assert told["status"] == status, told
            await self.talk.ask(client, CANCEL, status_url=offer.problem["status_url"])
            self.market.at_rest(offer)
            self.runs += [f"paid-render-{offer.quote_id}", told["project_id"]]
        url = unpaid.problem["status_url"]
        await self.talk.ask(client, PAID_STATUS, status_url=url)
        await self.talk.ask(client, CANCEL, claim_token=unpaid.problem["claim_token"])

    async def _err(self, client: Client) -> None:
        """Secrets where none belong; every answer is an error."""
        key, secrets = self.market.stack.api_key, self.purse.secrets
        token = min(secrets.of(CLAIM_TOKEN))
        paid = f"{self.base_url}/api/agent/paid-renders/quote_{'0' * 24}?claim_token={token}"
        film = f"{self.base_url}/files/projects/{key}.mp4?X-FVS-Signature={'5ae1' * 16}"
        before = len(self.talk.results)
        errors: tuple[tuple[str, dict[str, Any]], ...] = (
            (SUBMIT, {"request": ONE_SHOT, "api_key": key}),
            (SUBMIT, {"request": {**ONE_SHOT, "api_key": key}}),
            (SUBMIT, {"request": {**ONE_SHOT, key: token}}),
            (SUBMIT, {"request": {**ONE_SHOT, "shot_count": key}}),
            (SUBMIT, {"request": {**ONE_SHOT, "video_model": key}}),
            (SUBMIT, {"request": key}),
            (SUBMIT, {"request": ONE_SHOT, "upload_urls": [f"http://x.example/{key}"]}),
            (SUBMIT, {"request": ONE_SHOT, "idempotency_key": key}),
            (QUOTE, {"request": {**ONE_SHOT, "screenplay": 7}, "claim_token": token}),
            (STATUS, {"project_id": key}),
            (STATUS, {"project_id": token}),
            (STATUS, {"status_url": paid}),
            (STATUS, {"status_url": f"https://evil.example/?claim_token={token}"}),
            (STATUS, {"claim_token": token}),
            (PAID_STATUS, {"claim_token": key}),
            (PAID_STATUS, {"claim_token": WRONG_TOKEN}),
            (PAID_STATUS, {"status_url": paid}),
            (PAID_STATUS, {"status_url": paid.replace("paid-renders", "renders")}),
            (CANCEL, {"project_id": token, "status_url": paid}),
            (CANCEL, {"claim_token": WRONG_TOKEN}),
            (DOWNLOAD, {"final_video_url": film, "output_path": "a.mp4", "token": token}),
            (EXAMPLE, {"key": key}),
            (APP, {key: token}),
        )
        for tool, arguments in errors:
            await self.talk.ask(client, tool, **arguments)
        await self.talk.ask(client, key, token=token)
        assert [each.is_error for each in self.talk.results[before:]] == [True] * len(errors)

    async def _meet_what_is_broken(self, client: Client) -> None:
        stack, project_id = self.market.stack, self.runs[0]
        with row_broken(stack, project_id):
            told = await self.talk.ask(client, STATUS, project_id=project_id)
            assert told["code"] == "internal_error", told
        with keys_away(stack):
            told = await self.talk.ask(client, STATUS, project_id=project_id)
            assert told["code"] == "unavailable", told

    async def use_the_bridge(self, log: TextIO) -> None:
        """The same from a program's side of `fvs mcp`."""
        stack = self.market.stack
        started = program(stack.base_url, stack.directory / "films", stack.api_key)
        started.env = {**(started.env or {}), "FVS_LOG_LEVEL": "debug"}
        async with Client(stdio_client(started, errlog=log), mode=self.mode) as client:
            done = await self.talk.ask(client, STATUS, project_id=self.runs[0])
            url = done["final_video_url"]
            changed = url[:-4] + "0000"
            for film, path in ((url, "a.mp4"), (changed, "b.mp4"), (url, f"../{stack.api_key}")):
                await self.talk.ask(client, DOWNLOAD, final_video_url=film, output_path=path)
            await self._err(client)


@contextmanager
def row_broken(stack: Stack, project_id: str) -> Iterator[None]:
    """Nobody can read this render, and what is said of that would have its text."""
    with stack.database.reading() as session:
        kept = session.get_one(RenderRow, project_id).snapshot

    def store(snapshot: dict[str, Any]) -> None:
        with stack.database.transaction() as session:
            changed = update(RenderRow).where(RenderRow.project_id == project_id)
            session.execute(changed.values(snapshot=snapshot))

    store({"status": MARKED})
    yield
    store(kept)


@contextmanager
def keys_away(stack: Stack) -> Iterator[None]:
    """As in a database that is being restored."""
    with stack.database.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE api_key RENAME TO api_key_away")
    yield
    with stack.database.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE api_key_away RENAME TO api_key")


def remember_what_was_signed(purse: Purse, talk: Talk) -> None:
    said = " ".join(result.model_dump_json() for result in talk.results)
    signatures = re.findall(r"X-FVS-Signature=([0-9A-Za-z_-]+)", said)
    assert signatures
    purse.secrets.remember(SIGNATURE, *signatures)


@pytest.mark.mcp_case("6.1", "6.2")
def test_no_secret_of_a_caller_is_kept_or_said_where_it_does_not_belong(
    own_market: Market, collector: Collector, tmp_path: Path
) -> None:
    """Every tool in both eras and through `fvs mcp`, at the level that tells most."""
    stack, purse = own_market.stack, Purse(own_market)
    tell_all(stack, collector)
    stack.start_quick_worker()
    stack.start_gateway()
    purse.secrets.remember(KEY, stack.api_key, UNKNOWN_KEY)
    purse.secrets.remember("secret of signatures", SIGNING_KEY, PEPPER)
    purse.secrets.remember(CLAIM_TOKEN, WRONG_TOKEN)
    callers = [Caller(own_market, purse, mode) for mode in MODES]
    errors = tmp_path / "bridge.log"
    for caller in callers:
        asyncio.run(caller.use_everything())
        with errors.open("a") as log:
            asyncio.run(caller.use_the_bridge(log))
        remember_what_was_signed(purse, caller.talk)
    metrics = metrics_of(stack)
    stack.end("worker")
    stack.end("gateway")

    runs = [run for caller in callers for run in caller.runs]
    kept = kept_of(stack, collector, runs) | metrics
    assert purse.secrets.found_in(kept) == []
    assert errors.read_text() == ""
    del kept["database"]
    assert Secrets(dict.fromkeys(IN_ROWS, "text of a row")).found_in(kept) == []
    for talk in (caller.talk for caller in callers):
        check_what_was_said(purse, talk)
    check_that_the_places_are_real(kept, collector)
    with (stack.directory / "gateway.log").open("a") as log:
        log.write(f"a careless line with {stack.api_key}")
    assert purse.secrets.found_in(kept_of(stack, collector, [])) == ["a key is in the gateway log"]


def check_what_was_said(purse: Purse, talk: Talk) -> None:
    """Every field that may carry a secret did, and no other."""
    said = {f"answer {words}": words.encode() for words in talk.words}
    assert purse.secrets.found_in(said) == []
    challenges = [
        told["www_authenticate"]
        for told in (result.structured_content or {} for result in talk.results)
        if "www_authenticate" in told
    ]
    purse.secrets.remember(CHALLENGE, *challenges)
    carried = {pair for result in talk.results for pair in purse.secrets.carried_by(result)}
    assert strays(carried) == set()
    may = {(kind, name) for kind, names in CARRIERS.items() for name in names}
    assert may - carried == set()
    assert [text for text in IN_ROWS if text in str(talk.results)] == []


def check_that_the_places_are_real(kept: dict[str, bytes], collector: Collector) -> None:
    """The planted texts got there, but for what was secret in them."""
    assert b"A film by fvs_test_[redacted]" in kept["histories"]
    for words in (b'"tool failed"', b'"tool refused"', b"InvalidKey", b"ValidationError"):
        assert words in kept["gateway log"]
    assert b"/mcp" in kept["gateway metrics"]
    assert b"fvs_" in kept["worker metrics"]
    names = {span.name for span in collector.spans()}
    assert {"POST /mcp", "RunActivity:settle_payment"} <= names
    assert not {name for name in names if any(tool in name for tool in TOOLS)}
