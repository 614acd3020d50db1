"""A film that is given up while the disk is still at work on it."""

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from gateway.services.download_errors import DownloadError
from gateway.services.download_places import DownloadFolder
from tests.mcp.downloads.film_scenes import FILM

PATIENCE_SECONDS = 5
"""Of a disk that nobody lets go on: so that a test that fails ends."""


class SlowDisk:
    """Holds what makes a file durable, as a disk does that has gigabytes to write."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.reached, self.let_go = threading.Event(), threading.Event()
        self._fsync = os.fsync
        monkeypatch.setattr(os, "fsync", self._hold)

    def _hold(self, file: int) -> None:
        self.reached.set()
        self.let_go.wait(PATIENCE_SECONDS)
        self._fsync(file)


@pytest.mark.parametrize("overwrite", [False, True])
def test_giving_up_waits_for_no_disk_and_leaves_nothing_behind(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    overwrite: bool,  # noqa: FBT001
) -> None:
    disk = SlowDisk(monkeypatch)
    part = DownloadFolder(tmp_path, new_name=lambda: ".new").part("film.mp4", overwrite=overwrite)
    part.write(FILM)
    with ThreadPoolExecutor(1) as pool:
        finishing = pool.submit(part.finish)
        disk.reached.wait()

        part.discard()

        files_while_held = list(tmp_path.iterdir())
        disk.let_go.set()
        with pytest.raises(DownloadError):
            finishing.result()
    assert files_while_held == []
    assert list(tmp_path.iterdir()) == []
