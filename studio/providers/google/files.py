"""Clips that the Gemini Developer API delivers as a file of its own."""

import re
from pathlib import Path
from typing import Final

from studio.providers.downloads import ClipDownloads
from studio.providers.errors import ProviderError
from studio.providers.google.client import DEVELOPER_URL, DEVELOPER_VERSION

_FILE: Final = re.compile(r"(?:^|/)files/([A-Za-z0-9_-]{1,64})(?=$|[:?/])")


class DeveloperFiles:
    """Downloads by id from Google's own address: the key never follows an answer's."""

    def __init__(self, api_key: str, *, base_url: str | None = None) -> None:
        self._base_url = (base_url or DEVELOPER_URL).rstrip("/")
        self._headers = {"x-goog-api-key": api_key}
        self._downloads = ClipDownloads("Google")

    async def download(self, uri: str, destination: Path) -> None:
        """Write the MP4 that `uri` names. OutputExpired after Google's 48 hours."""
        match = _FILE.search(uri)
        if match is None:
            raise ProviderError("Google gave the clip an address that cannot be used.")
        await self._downloads.fetch(
            f"{self._base_url}/{DEVELOPER_VERSION}/files/{match[1]}:download?alt=media",
            destination,
            headers=self._headers,
            trusted=True,
        )

    async def aclose(self) -> None:
        await self._downloads.aclose()
