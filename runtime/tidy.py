"""Removes what killed processes left behind: half-received forms, half-written files, scratch."""

import contextlib
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from runtime.settings import Settings
from studio.ingest.forms import discard_abandoned_forms
from studio.storage.local import LocalStorage
from studio.storage.port import Storage

ABANDONED_AFTER: Final = timedelta(days=1)
"""Longer than any upload, join or download may take: nobody is still at work on it."""


def uploads_folder(settings: Settings) -> Path:
    """Where the gateway stages uploads."""
    return settings.work_directory / "uploads"


def scratch_folder(settings: Settings) -> Path:
    """Where activities keep their files while they run."""
    return settings.work_directory / "scratch"


def tidy_gateway(settings: Settings, storage: Storage, now: datetime) -> int:
    """Remove abandoned forms and half-written objects; how many there were."""
    before = now - ABANDONED_AFTER
    removed = discard_abandoned_forms(uploads_folder(settings), before=before)
    if isinstance(storage, LocalStorage):
        removed += storage.discard_abandoned(before=before)
    return removed


def tidy_worker(settings: Settings, now: datetime) -> int:
    """Remove the scratch folders of activities that were killed; how many there were."""
    removed = 0
    for folder in scratch_folder(settings).glob("*"):
        with contextlib.suppress(FileNotFoundError):
            changed = datetime.fromtimestamp(folder.stat().st_mtime, UTC)
            if changed < now - ABANDONED_AFTER:
                shutil.rmtree(folder, ignore_errors=True)
                removed += 1
    return removed
