"""Paid quotes as their holders see them."""

from typing import Any

import httpx2

from tests.api.quote_kit import Quote, Till, ask, pay


async def status_of(client: httpx2.AsyncClient, quote: Quote) -> dict[str, Any]:
    answer = await client.get(quote.status_url)
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "private, no-store"
    assert answer.headers["referrer-policy"] == "no-referrer"
    return dict(answer.json())


async def rendering(client: httpx2.AsyncClient, till: Till) -> tuple[Quote, str]:
    """A quote that is paid and whose render has begun, and the render's project."""
    till.begins = True
    quote = await ask(client)
    paid = await pay(client, quote)
    assert paid.json()["payment_status"] == "rendering"
    return quote, str(paid.json()["project_id"])
