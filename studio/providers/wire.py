"""JSON over HTTP to a provider: one call here is one request there, whatever comes of it.

What an order that failed means is decided by one question: can the provider have taken it on? Only
a connection that never came about and an answer of 400 to 499 say no for sure. 408 and 499 are what
proxies answer when the two sides lost each other, so they do not.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

import httpx2

from studio.providers.errors import (
    ProviderBusy,
    ProviderDenied,
    ProviderError,
    SubmissionUnknown,
)
from studio.providers.quoting import quoted

CONNECT_TIMEOUT_SECONDS: Final = 10.0
ORDER_TIMEOUT_SECONDS: Final = 45.0
"""For each read or write of an order; within the minute that `submit_timeout_seconds` gives it."""
ASK_TIMEOUT_SECONDS: Final = 30.0
ANSWER_BYTES_MAX: Final = 16 * 1024 * 1024
"""A page of fal's request list carries whole payloads; a job's state is a few KiB."""
RETRY_AFTER_SECONDS_MAX: Final = 3_600.0
"""A longer wish is a mistake or a daily quota: it is asked again within the hour."""

NOTHING_SENT: Final = (
    httpx2.ConnectError,
    httpx2.ConnectTimeout,
    httpx2.PoolTimeout,
    httpx2.ProxyError,
    httpx2.UnsupportedProtocol,
)

HTTP_OK: Final = range(200, 300)
HTTP_REFUSALS: Final = range(400, 500)
HTTP_UNDECIDED: Final = frozenset({408, 499})
HTTP_DENIALS: Final = frozenset({401, 402, 403})
HTTP_NOT_FOUND: Final = 404
HTTP_BUSY: Final = 429

_SECONDS: Final = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)s?")


@dataclass(frozen=True)
class Reply:
    """`document` is the parsed body, None where it is no JSON."""

    status: int
    document: object = None
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_ok(self) -> bool:
        return self.status in HTTP_OK

    @property
    def is_refusal(self) -> bool:
        """The provider took nothing on, for sure."""
        return self.status in HTTP_REFUSALS and self.status not in HTTP_UNDECIDED

    @property
    def retry_after_seconds(self) -> float | None:
        return wait_seconds(self.headers.get("retry-after"))

    def at(self, *path: str) -> object:
        """What stands in the document under these names, or None."""
        return dig(self.document, *path)

    def text(self, *path: str) -> str:
        """The text under these names, empty where there is none."""
        found = self.at(*path)
        return found if isinstance(found, str) else ""


def wait_seconds(wish: object) -> float | None:
    """How long a busy provider wants to be left alone, bounded; None where it does not say.

    `wish` is a Retry-After header, of which a date is ignored, or a protobuf duration ("3.5s").
    """
    match = _SECONDS.fullmatch(str(wish or "").strip())
    return min(float(match[1]), RETRY_AFTER_SECONDS_MAX) if match else None


def dig(document: object, *path: str) -> object:
    for name in path:
        document = document.get(name) if isinstance(document, Mapping) else None
    return document


class JsonCalls:
    """A provider's HTTP API. Follows no redirect, which would repeat an order elsewhere."""

    def __init__(
        self,
        provider: str,
        *,
        headers: Mapping[str, str],
        secrets: Iterable[str],
        transport: httpx2.AsyncBaseTransport | None = None,
        order_timeout_seconds: float = ORDER_TIMEOUT_SECONDS,
    ) -> None:
        """`provider` is what sentences call it; `secrets` are taken out of them."""
        self._order_timeout = _timeout(order_timeout_seconds)
        self.provider = provider
        self._secrets = tuple(secrets)
        self._http = httpx2.AsyncClient(
            transport=transport,
            headers={"accept": "application/json", "accept-encoding": "identity", **headers},
            follow_redirects=False,
            trust_env=False,
        )

    async def order(
        self, url: str, document: object, *, headers: Mapping[str, str] | None = None
    ) -> Reply:
        """POST once. A reply that is no success is a refusal for sure.

        Raises ProviderError where nothing was sent, else SubmissionUnknown.
        """
        request = self._http.build_request(
            "POST", url, json=document, headers=headers, timeout=self._order_timeout
        )
        try:
            reply = await self._send(request)
        except NOTHING_SENT:
            raise ProviderError(
                f"{self.provider} could not be reached; nothing was sent."
            ) from None
        except Exception as error:  # noqa: BLE001 -- an unforeseen one may have been paid for, too
            raise self._unknown(type(error).__name__) from None
        if not reply.is_refusal and not (reply.is_ok and reply.document is not None):
            raise self._unknown(f"HTTP {reply.status}")
        return reply

    async def ask(self, method: str, url: str, *, params: Mapping[str, str] | None = None) -> Reply:
        """A request that costs nothing. Answers 2xx, and 4xx that are about what was asked for.

        Raises ProviderBusy, ProviderDenied and ProviderError for everything else.
        """
        request = self._http.build_request(
            method, url, params=params, timeout=_timeout(ASK_TIMEOUT_SECONDS)
        )
        try:
            reply = await self._send(request)
        except httpx2.HTTPError as error:
            raise ProviderError(
                f"{self.provider} did not answer ({type(error).__name__})."
            ) from None
        if reply.is_ok and reply.document is not None:
            return reply
        if reply.status == HTTP_BUSY:
            raise ProviderBusy(
                f"{self.provider} is busy.", retry_after_seconds=reply.retry_after_seconds
            )
        if reply.status in HTTP_DENIALS:
            raise ProviderDenied(f"{self.provider} refused this server's key or account.")
        if reply.is_refusal:
            return reply
        raise ProviderError(f"{self.provider} answered HTTP {reply.status}.")

    def quoted(self, text: object) -> str:
        """What the provider says, as it may be repeated."""
        return quoted(text, secrets=self._secrets) or "no reason given"

    async def aclose(self) -> None:
        await self._http.aclose()

    def _unknown(self, why: str) -> SubmissionUnknown:
        return SubmissionUnknown(
            f"Whether {self.provider} took the order is not known ({why}); it may be billed."
        )

    async def _send(self, request: httpx2.Request) -> Reply:
        response = await self._http.send(request, stream=True)
        try:
            document = _parsed(await _bounded_body(response))
        except httpx2.HTTPError:
            # The status has arrived: a refusal stays one without its reason.
            if response.status_code not in HTTP_REFUSALS:
                raise
            document = None
        finally:
            await response.aclose()
        return Reply(response.status_code, document, response.headers)


async def _bounded_body(response: httpx2.Response) -> bytes:
    body = bytearray()
    async for chunk in response.aiter_raw():
        body += chunk
        if len(body) > ANSWER_BYTES_MAX:
            raise httpx2.RemoteProtocolError("the answer is too long")
    return bytes(body)


def _parsed(body: bytes) -> object:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _timeout(seconds: float) -> httpx2.Timeout:
    return httpx2.Timeout(seconds, connect=CONNECT_TIMEOUT_SECONDS)
