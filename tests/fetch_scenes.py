"""Fetching from the small internet of the tests, and what is said when it fails."""

import ssl
from pathlib import Path

import pytest

from studio.contracts.quote_request import UploadUrl
from studio.ingest.fetch_errors import (
    FetchReason,
    UploadNotTaken,
    UploadRefused,
    UploadUnavailable,
)
from studio.ingest.forms import StagedUpload
from studio.ingest.remote_file import FetchLimits
from tests.kit.tls_host import Internet, fetcher_on

URL = "https://media.example/cat.png?X-Amz-Signature=5ec4e7"
FOUND = "media.example/cat.png?X-Amz-Signature=5ec4e7"
"""As the internet of the tests knows it."""


def unchecked(url: str) -> UploadUrl:
    """As if it had come past the gateway's look at its form."""
    return UploadUrl.model_construct(url=url, filename="")


class Scene:
    """One fetcher and the folder it writes to."""

    def __init__(
        self,
        internet: Internet,
        trust: ssl.SSLContext,
        folder: Path,
        limits: FetchLimits | None = None,
    ) -> None:
        self._fetcher = fetcher_on(internet, trust, limits)
        self.folder = folder / "uploads"
        self.folder.mkdir()

    async def fetched(self, *urls: str) -> tuple[StagedUpload, ...]:
        uploads = [unchecked(url) for url in urls or (URL,)]
        return await self._fetcher.fetch(uploads, self.folder)

    async def refusal(self, *urls: str) -> FetchReason:
        """Why it is refused for good."""
        with pytest.raises(UploadRefused) as caught:
            await self.fetched(*urls)
        return _reason(caught.value)

    async def absence(self) -> FetchReason:
        """Why it is not there now."""
        with pytest.raises(UploadUnavailable) as caught:
            await self.fetched()
        return _reason(caught.value)


def _reason(error: UploadNotTaken) -> FetchReason:
    """No word of the address or of the answer is in what is said."""
    assert error.detail == f"Upload {error.number} was not taken: {error.reason.value}."
    assert error.__cause__ is None
    assert error.__suppress_context__
    return error.reason
