"""A server with an event loop and a thread of its own, for whoever runs it beside other work."""

import asyncio
import threading
from abc import ABC, abstractmethod
from types import TracebackType
from typing import Final, Self

START_SECONDS_MAX: Final = 10.0


class ServerThread(ABC):
    """Use it as a context manager, of either kind; it listens from the first line of the block.

    A subclass calls `_listening` once it does, and ends `_serve` when `_end` has asked for it.
    """

    def __init__(self, name: str) -> None:
        self._loop = asyncio.new_event_loop()
        self._started = threading.Event()
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    @abstractmethod
    async def _serve(self) -> None:
        """Listen and answer, in the server's own loop."""

    @abstractmethod
    def _end(self) -> None:
        """Ask `_serve` to end; called in the server's own loop."""

    def _listening(self) -> None:
        self._started.set()

    def start(self) -> None:
        """Return once it listens. Raises what kept it from it, or TimeoutError."""
        self._thread.start()
        if not self._started.wait(START_SECONDS_MAX):
            raise TimeoutError(f"The server {self._thread.name} did not start.")
        if self._failure is not None:
            raise self._failure

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._end)
        self._thread.join()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    async def __aenter__(self) -> Self:
        self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await asyncio.to_thread(self.stop)

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            try:
                runner.run(self._serve())
            except Exception as error:  # noqa: BLE001  # told to who started the thread
                self._failure = error
            finally:
                self._started.set()
