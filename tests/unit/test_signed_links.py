"""Links in a status: signed once, kept while they last, and never at the price of the status."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.clock import Clock
from gateway.services.links import SignedLinks, StoredFile
from gateway.services.threads import Threads
from studio.db.engine import Database
from studio.storage.local import LocalStorage
from studio.storage.port import SignedUrl, StorageError
from studio.storage.signing import SigningKey, UrlSigner

FILM = StoredFile("projects/p_final.mp4", "film.mp4")
BASE = "http://gateway.test"


class MoodyStorage(LocalStorage):
    """Signs until it is told that its signing service is away."""

    away = False

    def sign_url(
        self, key: str, *, base_url: str, now: datetime, lifetime: timedelta, download_name: str
    ) -> SignedUrl:
        if self.away:
            raise StorageError("The signing service is away.")
        return super().sign_url(
            key, base_url=base_url, now=now, lifetime=lifetime, download_name=download_name
        )


@pytest.fixture
def storage(tmp_path: Path) -> MoodyStorage:
    return MoodyStorage(tmp_path / "storage", UrlSigner([SigningKey("k", b"0" * 32)]))


@pytest.fixture
def threads(sqlite_database: Database) -> Iterator[Threads]:
    pool = Threads(sqlite_database)
    yield pool
    pool.close()


class Links:
    """Signed links on a clock that the test sets."""

    def __init__(self, storage: MoodyStorage, threads: Threads) -> None:
        self.now = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
        self._links = SignedLinks(storage, threads, _clock(self))

    async def film(self) -> str | None:
        return (await self._links.sign([FILM], base_url=BASE)).get(FILM.key)


def _clock(links: Links) -> Clock:
    async def pause(_seconds: float) -> None:
        """Nothing waits here."""

    return Clock(now=lambda: links.now, monotonic=lambda: 0.0, pause=pause)


@pytest.mark.requirement("REND-5")
async def test_a_link_is_kept_until_it_has_ten_minutes_left(
    storage: MoodyStorage, threads: Threads
) -> None:
    links = Links(storage, threads)
    first = await links.film()
    links.now += timedelta(minutes=50)
    assert await links.film() == first
    links.now += timedelta(seconds=1)
    assert await links.film() != first


async def test_a_store_that_cannot_sign_costs_the_link_at_most(
    storage: MoodyStorage, threads: Threads
) -> None:
    links = Links(storage, threads)
    first = await links.film()
    storage.away = True
    links.now += timedelta(minutes=55)
    assert await links.film() == first
    links.now += timedelta(minutes=6)
    assert await links.film() is None
    storage.away = False
    assert await links.film() is not None
