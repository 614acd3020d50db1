"""Pictures on fal's media host, through fal-client: an order names its pictures by address."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime

import fal_client
import httpx
from fal_client.auth import AuthCredentials
from fal_client.client import AsyncCDNTokenManager, CDNToken

from studio.providers.errors import ProviderBusy, ProviderDenied, ProviderError
from studio.providers.hosts import moved_url
from studio.providers.pictures import EncodedPicture
from studio.providers.wire import CONNECT_TIMEOUT_SECONDS, HTTP_BUSY, HTTP_DENIALS

UPLOAD_TIMEOUT_SECONDS = 60.0

_TOKEN_URL = f"{fal_client.client.REST_URL}/storage/auth/token?storage_type=fal-cdn-v3"


class FalUploads:
    """One connection pool for a worker, one try an upload: who prepares an order tries again."""

    def __init__(self, key: str, *, base_url: str | None = None) -> None:
        self._http = httpx.AsyncClient(
            transport=_OneTry(_MovedHosts(base_url) if base_url else _direct()),
            timeout=httpx.Timeout(UPLOAD_TIMEOUT_SECONDS, connect=CONNECT_TIMEOUT_SECONDS),
            follow_redirects=False,
            trust_env=False,
        )
        self._fal = _Client(key, self._http)

    async def upload(self, picture: EncodedPicture, name: str) -> str:
        """The public address of the picture, another each time.

        Raises ProviderDenied, ProviderBusy or ProviderError.
        """
        try:
            url = await self._fal.upload(
                picture.data,
                picture.media_type,
                file_name=name + picture.suffix,
                repository="fal_v3",
                fallback_repository=[],
            )
        except ProviderError:
            raise
        except Exception as error:  # noqa: BLE001 -- fal-client reads its answers unchecked
            raise ProviderError(
                f"A picture could not be uploaded to fal ({type(error).__name__})."
            ) from None
        if not isinstance(url, str) or not url.startswith("https://"):
            raise ProviderError("fal gave an uploaded picture no address.")
        return url

    async def aclose(self) -> None:
        await self._http.aclose()


def _refused(status: int) -> ProviderError:
    if status in HTTP_DENIALS:
        return ProviderDenied("fal refused this server's key or account.")
    if status == HTTP_BUSY:
        return ProviderBusy("fal is busy.")
    return ProviderError(f"fal answered an upload with HTTP {status}.")


class _Client(fal_client.AsyncClient):
    """fal-client with one HTTP client of ours in place of the three it makes by itself.

    Its own would open a connection for every picture, take proxies from the environment, and try
    queue.falrun.com where queue.fal.run does not answer.
    """

    def __init__(self, key: str, http: httpx.AsyncClient) -> None:
        super().__init__(key=key)
        self._shared = http
        self._tokens = _Tokens(AuthCredentials("Key", key), http)

    @property
    async def _token_manager(self) -> AsyncCDNTokenManager:
        return self._tokens

    @asynccontextmanager
    async def _cdn_client(self) -> AsyncIterator[httpx.AsyncClient]:
        yield self._shared


class _Tokens(AsyncCDNTokenManager):
    def __init__(self, auth: AuthCredentials, http: httpx.AsyncClient) -> None:
        super().__init__(auth)
        self._http = http

    async def _refresh_token(self) -> CDNToken:
        response = await self._http.post(_TOKEN_URL, headers=self._headers, json={})
        response.raise_for_status()
        answer = response.json()
        return CDNToken(
            token=answer["token"],
            token_type=answer["token_type"],
            base_upload_url=answer["base_url"],
            expires_at=datetime.fromisoformat(answer["expires_at"]),
        )


class _OneTry(httpx.AsyncBaseTransport):
    """Fails with errors of ours, which fal-client passes on: its own it tries ten times over."""

    def __init__(self, inner: httpx.AsyncBaseTransport) -> None:
        self._inner = inner

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        try:
            response = await self._inner.handle_async_request(request)
        except httpx.HTTPError as error:
            raise ProviderError(
                f"A picture could not be uploaded to fal ({type(error).__name__})."
            ) from None
        if response.status_code >= httpx.codes.BAD_REQUEST:
            await response.aclose()
            raise _refused(response.status_code)
        return response

    async def aclose(self) -> None:
        await self._inner.aclose()


def _direct() -> httpx.AsyncHTTPTransport:
    return httpx.AsyncHTTPTransport(trust_env=False)


class _MovedHosts(httpx.AsyncBaseTransport):
    """As in `studio/providers/hosts.py`, for the HTTP library that fal-client speaks."""

    def __init__(self, base_url: str) -> None:
        self._base_url = base_url
        self._inner = _direct()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        url = httpx.URL(moved_url(str(request.url), self._base_url))
        headers = request.headers.copy()
        headers["host"] = url.netloc.decode()
        return await self._inner.handle_async_request(
            httpx.Request(
                request.method,
                url,
                headers=headers,
                stream=request.stream,
                extensions=request.extensions,
            )
        )

    async def aclose(self) -> None:
        await self._inner.aclose()
