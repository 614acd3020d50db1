"""The providers' real SDKs, pointed at the local server."""

import fal_client
import httpx
import httpx2
from google import genai
from google.auth.credentials import Credentials
from google.genai.types import HttpOptions, HttpRetryOptions

from tests.kit.vendors.transport import AsyncHttpxRewrite, HttpxRewrite

PROJECT = "studio-test"
LOCATION = "us-central1"
FAL_KEY = "key-id:key-secret"


class StandingCredentials(Credentials):
    """Credentials whose token never runs out."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # google-auth is typed in part
        self.token = "ya29.test"

    @property
    def expired(self) -> bool:
        return False

    @property
    def valid(self) -> bool:
        return True

    def refresh(self, request: object) -> None:
        """Nothing runs out."""


def developer_client(url: str, api_version: str = "v1beta") -> genai.Client:
    """Keep a reference to it: the SDK closes its connections with the client."""
    return genai.Client(
        api_key="test-key", http_options=_options(url, api_version), enterprise=False
    )


def vertex_client(url: str) -> genai.Client:
    return genai.Client(
        enterprise=True,
        project=PROJECT,
        location=LOCATION,
        credentials=StandingCredentials(),
        http_options=_options(url, "v1beta1"),
    )


def fal_sync(url: str) -> fal_client.SyncClient:
    client = fal_client.SyncClient(key=FAL_KEY)
    # The SDK makes its HTTP client lazily, as a cached property: ours takes its place.
    client.__dict__["_client"] = fal_http_sync(url)
    return client


def kling_http(url: str) -> httpx.Client:
    return httpx.Client(transport=HttpxRewrite(url), headers={"Authorization": "Bearer test-key"})


def fal_http_sync(url: str) -> httpx.Client:
    return httpx.Client(transport=HttpxRewrite(url), headers={"Authorization": f"Key {FAL_KEY}"})


def fal_http(url: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        transport=AsyncHttpxRewrite(url), headers={"Authorization": f"Key {FAL_KEY}"}
    )


def plain_http(url: str) -> httpx2.Client:
    """For requests by hand, with a key. `url` comes before every path."""
    return httpx2.Client(
        base_url=url,
        transport=httpx2.HTTPTransport(verify=False),  # no certificates to load: plain HTTP
        headers={"Authorization": "Bearer test", "x-goog-api-key": "test"},
    )


def _options(url: str, api_version: str) -> HttpOptions:
    return HttpOptions(
        base_url=url,
        api_version=api_version,
        retry_options=HttpRetryOptions(attempts=1),
    )
