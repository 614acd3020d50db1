"""Finding an order in the list of what this account sent to an endpoint.

Wire: `GET https://api.fal.ai/v1/models/requests/by-endpoint` in https://api.fal.ai/v1/openapi.json.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from studio.providers.errors import ProviderError
from studio.providers.wire import JsonCalls, dig

LIST_URL: Final = "https://api.fal.ai/v1/models/requests/by-endpoint"
CLOCK_SKEW: Final = timedelta(minutes=10)
"""The list is asked for by fal's clock and our own."""
PAGES_MAX: Final = 50
"""At fal's 50 requests a page, far more than one worker's account films in such a time."""


async def find_request(
    calls: JsonCalls, endpoint: str, field: str, value: str, *, since: datetime, until: datetime
) -> str | None:
    """The id of the request whose input has `value` at `field`, None if the list has none.

    Raises ProviderError where the list could not be read to its end.
    """
    params = {
        "endpoint_id": endpoint,
        "start": (since - CLOCK_SKEW).isoformat(),
        "end": (until + CLOCK_SKEW).isoformat(),
        "expand": "payloads",
    }
    for _ in range(PAGES_MAX):
        reply = await calls.ask("GET", LIST_URL, params=params)
        items = reply.at("items")
        if not reply.is_ok or not isinstance(items, list):
            raise ProviderError(f"{calls.provider} did not list its requests.")
        for item in items:
            request_id = _matching(item, field, value)
            if request_id is not None:
                return request_id
        cursor = reply.text("next_cursor")
        if not cursor or reply.at("has_more") is False:
            return None
        params = {**params, "cursor": cursor}
    raise ProviderError(f"{calls.provider} lists more requests than are read.")


def _matching(item: object, field: str, value: str) -> str | None:
    if not isinstance(item, Mapping) or dig(item, "json_input", field) != value:
        return None
    request_id = item.get("request_id")
    if not isinstance(request_id, str) or not request_id:
        raise ProviderError("fal lists the order without its id.")
    return request_id
