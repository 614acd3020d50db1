"""Who loses the right to start anything while their request is still on its way."""

import json
from collections.abc import AsyncIterator, Callable

import httpx2

from studio.accounts.records import KeyTerms
from studio.identity.service import end_sessions
from tests.api.kit import BRIEF, KEY_HEADER, ApiStack
from tests.console.kit import hidden_fields
from tests.console.render_kit import FILM_FORM, FROM_OUR_PAGE, NEW, maker_of

RENDERS = "/api/agent/renders"


async def interrupted(body: bytes, happens: Callable[[], object]) -> AsyncIterator[bytes]:
    """A body that takes its time; something happens halfway through."""
    half = len(body) // 2
    yield body[:half]
    happens()
    yield body[half:]


async def submit_slowly(
    stack: ApiStack, secret: str, happens: Callable[[], object]
) -> httpx2.Response:
    async with stack.client() as client:
        return await client.post(
            RENDERS,
            content=interrupted(json.dumps(BRIEF).encode(), happens),
            headers={KEY_HEADER: secret, "Content-Type": "application/json"},
        )


async def test_a_key_that_is_revoked_while_its_request_comes_in_starts_nothing(
    stack: ApiStack,
) -> None:
    secret = stack.open_account()
    answer = await submit_slowly(stack, secret, stack.revoke_keys)
    assert answer.status_code == 401
    assert stack.workflows.started == {}
    assert stack.available() == 1000


async def test_a_key_that_expires_while_its_request_comes_in_starts_nothing(
    stack: ApiStack,
) -> None:
    secret = stack.open_account(terms=KeyTerms(expires_at=stack.time.now().replace(year=2100)))

    def later() -> None:
        stack.time.elapsed_seconds += 80 * 366 * 24 * 3600

    assert (await submit_slowly(stack, secret, later)).status_code == 401
    assert stack.workflows.started == {}


async def test_a_session_that_ends_while_its_form_comes_in_starts_nothing(
    stack: ApiStack, png: bytes
) -> None:
    async with maker_of(stack) as maker:
        hidden = hidden_fields((await maker.browser.open(NEW)).text)
        fields = {**hidden, **FILM_FORM}.items()
        form = httpx2.Request(
            "POST",
            f"{maker.browser.http.base_url}{NEW}",
            files=[
                *[(name, (None, text)) for name, text in fields],
                ("files-1", ("mara.png", png, "image/png")),
            ],
        )

        def sign_out() -> None:
            with stack.database.transaction() as session:
                end_sessions(session, account_id=maker.account_id)

        answer = await maker.browser.http.post(
            NEW,
            content=interrupted(form.read(), sign_out),
            headers={"Content-Type": form.headers["content-type"], **FROM_OUR_PAGE},
        )
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?next=%2F")
    assert stack.workflows.started == {}
    assert stack.stored_files() == []


async def test_a_key_that_is_revoked_while_its_answer_is_held_is_told_nothing(
    stack: ApiStack,
) -> None:
    secret = stack.open_account()
    stack.time.on_pause = stack.revoke_keys
    async with stack.client() as client:
        answer = await client.post(
            RENDERS, json={**BRIEF, "wait_for_completion_seconds": 2}, headers={KEY_HEADER: secret}
        )
    assert answer.status_code == 401
    assert "project_id" not in answer.json()
