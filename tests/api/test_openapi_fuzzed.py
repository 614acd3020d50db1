"""What the OpenAPI document promises, held against requests that Schemathesis makes of it."""

import asyncio
from collections.abc import Sequence

import httpx2
import pytest

from gateway.openapi import OPENAPI_PATH
from tests.api.fuzzing import Aim, Document, Fuzzed, fuzz
from tests.api.kit import BRIEF, KEY_HEADER, ApiStack
from tests.api.quote_kit import Till, ask, pay
from tests.api.serving import serving

SHARES = 3
"""The document's paths in so many tests, which may run side by side."""
PLENTY = 10**8
RENDERS = "/api/agent/renders"
FILES = "/files/{key}"
"""Its signed addresses are in no document: tests/api/test_files.py has what it answers."""


async def _fuzzed(
    stack: ApiStack, till: Till, key: str, *, with_key: bool, share: slice, examples_max: int
) -> tuple[Fuzzed, Document]:
    """What became of these paths, and what the document has of their operations by label.

    There are two renders, one with its film, and two quotes, one paid, to ask for.
    """
    stack.configure(active_renders_max=PLENTY)
    till.begins = True
    async with serving(stack) as server:
        base_url = f"http://127.0.0.1:{server.port}"
        async with httpx2.AsyncClient(base_url=base_url, timeout=30) as client:
            document = (await client.get(OPENAPI_PATH)).json()
            projects = [await _submitted(client, key) for _ in range(2)]
            stack.finish(projects[0])
            quotes = [await ask(client) for _ in range(2)]
            assert (await pay(client, quotes[0])).status_code == 202
        known = {
            "project_id": projects,
            "quote_id": [quote.id for quote in quotes],
            "claim_token": [quote.token for quote in quotes],
        }
        paths = sorted(document["paths"])[share]
        shown = key if with_key else None
        aim = Aim(base_url, paths, shown, known, examples_max, edges=with_key)
        found = await asyncio.to_thread(fuzz, document, aim)
    return found, _operations(document, paths)


async def _submitted(client: httpx2.AsyncClient, key: str) -> str:
    answer = await client.post(RENDERS, json=BRIEF, headers={KEY_HEADER: key})
    return str(answer.json()["project_id"])


def _operations(document: Document, paths: Sequence[str]) -> Document:
    return {
        f"{method.upper()} {path}": operation
        for path in paths
        for method, operation in document["paths"][path].items()
    }


@pytest.mark.parametrize("share", range(SHARES))
async def test_the_api_answers_as_its_document_says(
    stack: ApiStack, till: Till, share: int
) -> None:
    key = stack.open_account(credits_=PLENTY)
    found, operations = await _fuzzed(
        stack, till, key, with_key=True, share=slice(share, None, SHARES), examples_max=20
    )
    assert found.faults == []
    assert found.statuses.keys() == operations.keys()
    for operation, statuses in found.statuses.items():
        done = {200, 201, 202, 402} & statuses
        assert done or FILES in operation, f"{operation} was never taken: {statuses}"


async def test_without_a_key_the_api_answers_as_its_document_says(
    stack: ApiStack, till: Till
) -> None:
    key = stack.open_account(credits_=PLENTY)
    found, operations = await _fuzzed(
        stack, till, key, with_key=False, share=slice(None), examples_max=10
    )
    assert found.faults == []
    assert found.statuses.keys() == operations.keys()
    for label, statuses in found.statuses.items():
        if {} in operations[label].get("security", [{}]):
            assert 401 not in statuses, label
        else:
            assert statuses <= {401, 422}, label
