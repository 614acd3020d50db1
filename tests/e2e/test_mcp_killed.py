"""`kill -9` of the gateway at every await of a submission over MCP, and a stop during a wait.

Whoever submits again with the same idempotency key, at the gateway that took over and by whichever
door, finds the one render or makes it. Its credits are held once.
"""

import asyncio
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import httpx2
import pytest
from mcp.types import CallToolResult
from sqlalchemy import select

from runtime.processes import STOP_GRACE_SECONDS
from runtime.temporal_server import RunningTemporal
from studio.ledger import service as ledger
from studio.renders.tables import RenderRow
from tests.kit.client import SHORT_FILM
from tests.kit.moments import GATEWAY, Moments
from tests.kit.operator import is_known, sweep
from tests.kit.quick_worker import ORDERS
from tests.kit.stack import Stack
from tests.mcp.kit import MODES, call_headers, call_message, called, content_of, port_client

pytestmark = [pytest.mark.e2e, pytest.mark.temporal]

SUBMIT, STATUS = "fvs_submit_render", "fvs_get_render_status"
MODERN = MODES[-1]
ACCEPT = {"Accept": "application/json, text/event-stream"}
CALL_SECONDS_MAX = 60

NOT_STORED, STORED, STARTED = "before-check", "before-start", "after-start"
MOMENTS = {
    NOT_STORED: (False, False),
    STORED: (True, False),
    STARTED: (True, True),
}
"""Whether there is a row, and whether Temporal knows the run."""


def film(moment: str) -> dict[str, Any]:
    """What is submitted, and again: its key is the moment at which its gateway dies."""
    return {"request": SHORT_FILM | {"name": moment}, "idempotency_key": moment}


@dataclass
class Died:
    """A gateway that was killed with three submissions under way; `elsewhere` is another one."""

    stack: Stack
    elsewhere: str
    seen: dict[str, tuple[bool, bool]] = field(default_factory=dict)

    @property
    def moments(self) -> Moments:
        return Moments(self.stack.chaos)

    def rows(self, moment: str) -> list[RenderRow]:
        wanted = select(RenderRow).where(RenderRow.idempotency_key == moment)
        with self.stack.database.reading() as session:
            return list(session.scalars(wanted))

    def submit(self, moment: str) -> httpx2.Response:
        """As a client does that has the endpoint's address alone."""
        return httpx2.post(
            f"{self.stack.base_url}/mcp",
            json=call_message(MODERN, SUBMIT, film(moment)),
            headers=self.stack.headers | ACCEPT | call_headers(MODERN, SUBMIT),
            timeout=CALL_SECONDS_MAX,
        )

    def money(self, project_id: str) -> ledger.SubjectSummary:
        with self.stack.database.reading() as session:
            return ledger.summary(session, subject=project_id)


@pytest.fixture(scope="module")
def died(
    tmp_path_factory: pytest.TempPathFactory, temporal_server: RunningTemporal
) -> Iterator[Died]:
    stack = Stack(tmp_path_factory.mktemp("killed") / "stack", temporal_server.address)
    try:
        stack.start_quick_worker()
        stack.start_stoppable_gateway()
        died = Died(stack, stack.start_replica("elsewhere"))
        with ThreadPoolExecutor(len(MOMENTS)) as pool:
            sent = []
            for moment in MOMENTS:
                died.moments.stop(GATEWAY, moment)
                sent.append(pool.submit(died.submit, moment))
                stack.wait_for(lambda at=moment: died.moments.is_held(GATEWAY, at), moment)  # type: ignore[misc]
            stack.kill("gateway")
        assert all(isinstance(call.exception(), httpx2.HTTPError) for call in sent)
        for moment in MOMENTS:
            rows = died.rows(moment)
            died.seen[moment] = bool(rows), any(is_known(stack, row.project_id) for row in rows)
        yield died
    finally:
        stack.stop()


@pytest.mark.requirement("MCP-3")
@pytest.mark.mcp_case("22.1")
@pytest.mark.parametrize("moment", MOMENTS)
async def test_a_submission_survives_the_death_of_its_gateway(died: Died, moment: str) -> None:
    """Sent again by MCP and by HTTP at once: both find the one render."""
    assert died.seen[moment] == MOMENTS[moment]
    async with (
        httpx2.AsyncClient(headers=died.stack.headers, timeout=CALL_SECONDS_MAX) as http,
        port_client(died.elsewhere, died.stack.headers, mode=MODERN) as client,
    ):
        over_mcp, over_http = await asyncio.gather(
            called(client, SUBMIT, **film(moment)), submitted(http, died.elsewhere, moment)
        )
        project_id = over_mcp["project_id"]
        assert over_http["project_id"] == project_id
        assert [row.project_id for row in died.rows(moment)] == [project_id]
        await asyncio.to_thread(sweep, died.stack)
        told = over_mcp
        while told["poll_after_seconds"]:
            told = await called(client, STATUS, project_id=project_id, wait_seconds=45)
    assert told["status"] == "completed"
    assert died.moments.count(ORDERS, project_id) == 1
    money = died.money(project_id)
    assert (money.settled, money.open) == (told["credits_reserved"], 0)
    with died.stack.database.reading() as session:
        assert ledger.audit(session) == []


async def submitted(http: httpx2.AsyncClient, base_url: str, moment: str) -> dict[str, Any]:
    answer = await http.post(
        f"{base_url}/api/agent/renders",
        files={"request_json": (None, json.dumps(film(moment)["request"]).encode())},
        headers={"Idempotency-Key": moment},
    )
    assert answer.is_success, answer.text
    return dict(answer.json())


@pytest.mark.mcp_case("21.3")
async def test_a_gateway_that_stops_answers_those_who_wait(stack: Stack) -> None:
    """Cut off, a wait would be an error to its caller; here nothing changes that would end it."""
    stack.start_gateway()
    waiting = {mode: asyncio.Event() for mode in MODES}

    async def wait(mode: str) -> dict[str, Any]:
        async with port_client(stack.base_url, stack.headers, mode=mode) as client:
            render = await called(client, SUBMIT, request=SHORT_FILM)

            async def is_held(progress: float, total: float | None, message: str | None) -> None:
                del progress, total, message
                waiting[mode].set()

            told = await client.call_tool(
                STATUS,
                {"project_id": render["project_id"], "wait_seconds": 45},
                progress_callback=is_held,
            )
            assert isinstance(told, CallToolResult)
            return content_of(told)

    waits = asyncio.gather(*map(wait, MODES))
    for each in waiting.values():
        await each.wait()
    gateway = stack.children.pop("gateway")
    gateway.signal_stop()
    answers = await waits
    await asyncio.to_thread(gateway.finish, STOP_GRACE_SECONDS)
    assert [told["status"] for told in answers] == ["queued", "queued"]
