"""Saving a film from the small internet of the tests, and what is said when it fails."""

import ssl
from collections.abc import Sequence
from itertools import count
from pathlib import Path

import pytest

from gateway.services.download_errors import DownloadError
from gateway.services.download_places import DownloadFolder, SavedFilm
from gateway.services.downloads import DownloadLimits, FilmDownloads
from gateway.services.film_addresses import FilmOrigins
from tests.api.kit import ApiStack
from tests.kit.tls_host import Internet

FILM = b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00" + bytes(range(256)) * 20
SIGNATURE = "5ec4e7"
URL = f"https://media.example/files/projects/one_final.mp4?X-FVS-Signature={SIGNATURE}"
FOUND = URL.removeprefix("https://")
"""As the internet of the tests knows it."""
OURS = "https://media.example/files/"
BUCKET = "https://cdn.example/bucket-one/"


class Scene:
    """One place that saves films below a folder of its own."""

    def __init__(
        self,
        internet: Internet,
        trust: ssl.SSLContext,
        folder: Path,
        *,
        limits: DownloadLimits | None = None,
        origins: Sequence[str] = (OURS, BUCKET),
        issued: frozenset[str] = frozenset(),
        may_be_private: bool = False,
    ) -> None:
        self.root = folder / "films"
        names = count(1)
        self.films = FilmDownloads(
            FilmOrigins(origins, is_issued=issued.__contains__),
            DownloadFolder(self.root, new_name=lambda: f".part-{next(names)}"),
            trust=trust,
            may_be_private=may_be_private,
            resolve=internet.resolve,
            network=internet,
            limits=limits or DownloadLimits(),
        )

    async def saved(
        self, url: str = URL, path: str = "film.mp4", *, overwrite: bool = False
    ) -> SavedFilm:
        return await self.films.save(url, path, overwrite=overwrite)

    async def refusal(
        self, url: str = URL, path: str = "film.mp4", *, overwrite: bool = False
    ) -> tuple[str, str]:
        """The code and the sentence, which has no word of the address."""
        with pytest.raises(DownloadError) as caught:
            await self.saved(url, path, overwrite=overwrite)
        assert SIGNATURE not in caught.value.detail
        assert caught.value.__suppress_context__ or caught.value.__context__ is None
        return caught.value.code, caught.value.detail

    def files(self) -> list[str]:
        """Everything below the folder of downloads, and what is in it."""
        if not self.root.exists():
            return []
        return sorted(str(path.relative_to(self.root)) for path in self.root.rglob("*"))


def film_of(stack: ApiStack, project_id: str) -> None:
    """End the render with a film that is one."""
    stack.finish(project_id)
    key = f"projects/{project_id}_final.mp4"
    stack.storage.put_bytes(key, FILM, content_type="video/mp4")


def files_in(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()] if folder.exists() else []
