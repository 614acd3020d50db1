"""Takes a render's files away, so that URLs which were signed for them open nothing any more."""

import asyncio
import contextlib
from typing import Final

import structlog
from sqlalchemy.orm import Session

from activities.workbench import Workbench
from studio.contracts.status import RenderSnapshot
from studio.renders.repository import find_render
from studio.storage.port import ObjectNotFound

REVOKED_FOLDER: Final = "revoked"
"""Nothing signs a key below it; an operator who wants a file back moves it back."""

_log: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger("payments")


async def revoke_files(bench: Workbench, project_id: str) -> int:
    """Move every file away that a status may have linked; how many there were.

    Done again it moves what came since. Raises StorageError.
    """

    def read(session: Session) -> RenderSnapshot | None:
        row = find_render(session, project_id)
        return RenderSnapshot.model_validate(row.snapshot) if row is not None else None

    snapshot = await bench.transact(read)
    keys = sorted(set(snapshot.linked_keys())) if snapshot is not None else []
    for key in keys:
        with contextlib.suppress(ObjectNotFound):
            await asyncio.to_thread(bench.storage.move, key, f"{REVOKED_FOLDER}/{key}")
    if keys:
        _log.warning("files of a render were taken away", project_id=project_id, files=len(keys))
    return len(keys)
