"""One google-genai client a worker: explicit access, one request a call, errors of ours.

google-genai repeats and continues calls by itself (`interactions.create` five times on a 503, any
`aio` call once more where aiohttp is installed, CONTINUATION answers until they end). A repeated
call is paid twice, so all of it is off here, and `tests/contract/test_google_once.py` counts.
"""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import httpx2
from google import genai
from google.auth.credentials import Credentials
from google.auth.transport.requests import Request
from google.genai import types
from google.genai.interactions import Interaction

from studio.providers.errors import SubmissionUnknown
from studio.providers.google.errors import provider_error
from studio.providers.google.transport import BoundedTransport

CALL_TIMEOUT_SECONDS: Final = 300.0
"""A 4K picture takes up to two minutes, a plan of 64 shots longer."""
MUSIC_TIMEOUT_SECONDS: Final = 600.0
"""A song of minutes is composed within one call."""

DEVELOPER_URL: Final = "https://generativelanguage.googleapis.com"
DEVELOPER_VERSION: Final = "v1beta"
"""Interactions and preview models are not all in `v1`, google-genai's default since 3.0."""
ENTERPRISE_VERSION: Final = "v1beta1"
_MULTI_REGIONS: Final = frozenset({"us", "eu"})

Parts = Sequence[types.Part]


@dataclass(frozen=True)
class DeveloperAccess:
    """The Gemini Developer API. It has no Veo."""

    api_key: str


@dataclass(frozen=True)
class EnterpriseAccess:
    """Gemini Enterprise Agent Platform (Vertex AI)."""

    project: str
    location: str
    credentials: Credentials


class GoogleClient:
    """What the adapters of one worker share. Make it and close it on the worker's event loop.

    `base_url` is for tests and gateways. Every call raises the errors of
    `studio/providers/errors.py` only, without the key in any text.
    """

    def __init__(
        self,
        access: DeveloperAccess | EnterpriseAccess,
        *,
        base_url: str | None = None,
        timeout_seconds: float = CALL_TIMEOUT_SECONDS,
    ) -> None:
        self._secrets = (access.api_key,) if isinstance(access, DeveloperAccess) else ()
        self._credentials = access.credentials if isinstance(access, EnterpriseAccess) else None
        # A client of our own keeps google-genai from taking aiohttp when something else brings it,
        # follows no redirect (which would repeat the POST, key and all, elsewhere), and asks for
        # no compression, so that the bound on an answer's bytes is a bound on what is kept.
        self._http = httpx2.AsyncClient(
            transport=BoundedTransport(),
            follow_redirects=False,
            trust_env=False,
            headers={"accept-encoding": "identity"},
        )
        options = types.HttpOptions(
            base_url=base_url or _base_url_of(access),
            api_version=_version_of(access),
            timeout=int(timeout_seconds * 1000),
            retry_options=types.HttpRetryOptions(attempts=1),
            httpx_async_client=self._http,
        )
        # Kept for the worker's life: google-genai closes its connections with the object.
        self._sdk = _sdk_of(access, options)

    @property
    def sdk(self) -> genai.Client:
        """google-genai itself, for what this class has no call for; use it within `translated`."""
        return self._sdk

    async def generate(
        self, model: str, parts: Parts, config: types.GenerateContentConfig
    ) -> types.GenerateContentResponse:
        """One `generateContent` request. A blocked answer is an answer: see `answers.py`."""
        once = config.model_copy(
            update={
                "automatic_continuation": False,
                "automatic_function_calling": types.AutomaticFunctionCallingConfig(disable=True),
            }
        )
        with self.translated():
            return await self._sdk.aio.models.generate_content(
                model=model, contents=[types.Content(role="user", parts=list(parts))], config=once
            )

    async def interact(self, model: str, prompt: str) -> Interaction:
        """One `interactions.create` request that is answered when the work is done."""
        await self.sign_in()
        with self.translated():
            answer = await self._sdk.aio.interactions.create(
                model=model,
                input=prompt,
                stream=False,
                automatic_continuation=False,
                timeout=MUSIC_TIMEOUT_SECONDS,
            )
            if isinstance(answer, Interaction):
                return answer
        raise SubmissionUnknown("Google answered an interaction with something else.")

    async def sign_in(self) -> None:
        """Fetch an access token if there is none that still holds; no work with an API key.

        `models` does so by itself, in a thread; `interactions` would do it on the event loop.
        """
        if self._credentials is not None and not self._credentials.valid:
            with self.translated():
                await asyncio.to_thread(self._credentials.refresh, Request())

    @contextmanager
    def translated(self) -> Iterator[None]:
        """Whatever google-genai raises inside becomes one of our errors, without its cause.

        Only the SDK's own call belongs inside: what is not known to be harmless is
        SubmissionUnknown.
        """
        try:
            yield
        except Exception as error:  # noqa: BLE001 -- an unforeseen one may have been paid for, too
            raise provider_error(error, secrets=self._secrets) from None

    async def aclose(self) -> None:
        await self._sdk.aio.aclose()
        self._sdk.close()
        await self._http.aclose()


def _base_url_of(access: DeveloperAccess | EnterpriseAccess) -> str:
    """Said explicitly, or google-genai would take one from the environment."""
    if isinstance(access, DeveloperAccess):
        return DEVELOPER_URL
    if access.location == "global":
        return "https://aiplatform.googleapis.com"
    if access.location in _MULTI_REGIONS:
        return f"https://aiplatform.{access.location}.rep.googleapis.com"
    return f"https://{access.location}-aiplatform.googleapis.com"


def _version_of(access: DeveloperAccess | EnterpriseAccess) -> str:
    return DEVELOPER_VERSION if isinstance(access, DeveloperAccess) else ENTERPRISE_VERSION


def _sdk_of(access: DeveloperAccess | EnterpriseAccess, options: types.HttpOptions) -> genai.Client:
    if isinstance(access, DeveloperAccess):
        return genai.Client(enterprise=False, api_key=access.api_key, http_options=options)
    return genai.Client(
        enterprise=True,
        project=access.project,
        location=access.location,
        credentials=access.credentials,
        http_options=options,
    )
