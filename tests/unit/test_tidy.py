"""What killed processes left behind is removed once nobody can still be at work on it."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

from runtime.settings import Settings
from runtime.tidy import scratch_folder, tidy_gateway, tidy_worker, uploads_folder
from studio.storage.local import LocalStorage
from studio.storage.signing import SigningKey, UrlSigner

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def _folder(path: Path, *, age: timedelta) -> Path:
    path.mkdir(parents=True)
    (path / "part").write_bytes(b"x")
    moment = (NOW - age).timestamp()
    os.utime(path, (moment, moment))
    return path


def test_old_scratch_goes_and_work_under_way_stays(tmp_path: Path) -> None:
    settings = Settings(work_directory=tmp_path)
    old = _folder(scratch_folder(settings) / "join-a", age=timedelta(days=2))
    young = _folder(scratch_folder(settings) / "join-b", age=timedelta(hours=1))
    assert tidy_worker(settings, NOW) == 1
    assert (old.exists(), young.exists()) == (False, True)


def test_old_forms_go_at_the_gateways_start(tmp_path: Path) -> None:
    settings = Settings(work_directory=tmp_path)
    storage = LocalStorage(tmp_path / "storage", UrlSigner([SigningKey("k", b"0" * 32)]))
    old = _folder(uploads_folder(settings) / "form-a", age=timedelta(days=2))
    assert tidy_gateway(settings, storage, NOW) == 1
    assert not old.exists()
