"""Moments at which one chosen run of a real process stops, so that a test can kill it just there.

A test writes down which run stops where, in files that both sides see and that outlive a process.
Whoever passes that moment first stays there until it is killed or let go; whoever comes later, in
a process that was started again, goes on. Many runs can stand at moments of their own at once, so
that one `kill -9` is many tests.
"""

import asyncio
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

GATEWAY: Final = "gateway"
"""The run of moments that a gateway passes before it is known whose they are."""
LOOK_SECONDS: Final = 0.02
_HERE: Final = str(os.getpid())


@dataclass(frozen=True)
class Moments:
    """`folder` is shared by the test and the processes. A run is a workflow's id, or `GATEWAY`."""

    folder: Path

    def stop(self, run: str, moment: str) -> None:
        """Let this run stand still where it comes to this moment."""
        self._wish(run, moment).parent.mkdir(parents=True, exist_ok=True)
        self._wish(run, moment).touch()

    def is_held(self, run: str, moment: str) -> bool:
        return self._held(run, moment).exists()

    def let_go(self, run: str, moment: str) -> None:
        self._wish(run, moment).unlink()

    def fail(self, run: str, step: str, sentence: str) -> None:
        """Let a step of this run fail for good."""
        path = self.folder / "failures" / run
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({step: sentence}))

    def failure(self, run: str, step: str) -> str | None:
        """What this step of this run fails with, if it is to."""
        path = self.folder / "failures" / run
        return json.loads(path.read_text()).get(step) if path.exists() else None

    async def pass_by(
        self,
        run: str,
        moment: str,
        *,
        pulse: Callable[[], object] = bool,
        only_first: bool = False,
    ) -> None:
        """Stand still here if this is the chosen moment, and no process before stood here.

        Whoever comes after the first in the same process (another attempt) stands still as well,
        unless `only_first`. `pulse` is called meanwhile.
        """
        wish, held = self._wish(run, moment), self._held(run, moment)
        if not wish.exists() or (held.exists() and (only_first or held.read_text() != _HERE)):
            return
        held.write_text(_HERE)
        while wish.exists():
            pulse()
            await asyncio.sleep(LOOK_SECONDS)

    def note(self, kind: str, run: str) -> None:
        """Count something that happened in a run."""
        with (self.folder / kind).open("a") as notes:
            notes.write(f"{run}\n")

    def count(self, kind: str, run: str) -> int:
        path = self.folder / kind
        return path.read_text().split().count(run) if path.exists() else 0

    def _wish(self, run: str, moment: str) -> Path:
        return self.folder / "stops" / f"{run}@{moment}"

    def _held(self, run: str, moment: str) -> Path:
        return self.folder / "stops" / f"{run}@{moment}.held"
