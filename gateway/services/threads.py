"""Blocking work off the event loop, in a bounded number of threads."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

from sqlalchemy.orm import Session

from studio.db.engine import Database

DATABASE_THREADS: Final = 8
"""Fewer than the engine's pool of connections, so that no call waits for one."""
STORAGE_THREADS: Final = 4
"""Apart from the database's, so that a slow store never holds up a status poll."""

_Result = TypeVar("_Result")


class Threads:
    """The two pools of one gateway process. `close` waits for what is running."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._database_pool = ThreadPoolExecutor(DATABASE_THREADS, "gateway-db")
        self._storage_pool = ThreadPoolExecutor(STORAGE_THREADS, "gateway-storage")

    async def read(self, work: Callable[[Session], _Result]) -> _Result:
        """Run a read in one session and one thread hop."""

        def call() -> _Result:
            with self._database.reading() as session:
                return work(session)

        return await asyncio.get_running_loop().run_in_executor(self._database_pool, call)

    async def write(self, work: Callable[[Session], _Result]) -> _Result:
        """Run a transaction: committed if `work` returns, rolled back if it raises."""

        def call() -> _Result:
            with self._database.transaction() as session:
                return work(session)

        return await asyncio.get_running_loop().run_in_executor(self._database_pool, call)

    async def store(self, work: Callable[[], _Result]) -> _Result:
        """Run blocking work on files or the object store."""
        return await asyncio.get_running_loop().run_in_executor(self._storage_pool, work)

    def close(self) -> None:
        self._database_pool.shutdown(wait=True, cancel_futures=True)
        self._storage_pool.shutdown(wait=True, cancel_futures=True)
