"""`kill -9` while uploads are fetched: the next run ends with the same rows and no other files."""

import asyncio
import hashlib
import sys
from pathlib import Path

import pytest
from temporalio.testing import ActivityEnvironment

from activities.fetching import RemoteAssetActivities
from activities.workbench import Workbench
from studio.contracts.workflow_io import FetchTask
from studio.db.engine import Database
from studio.media.inspect import inspect_file
from tests.analysis_scenes import make_bench
from tests.kit.stack import ROOT
from tests.kit.tls_host import Authority, Internet, fetcher_on
from tests.remote_scenes import (
    CAT_URL,
    DOG_URL,
    JPEG,
    PNG,
    publish,
    stored_keys,
    submit_addresses,
)

LOOK_SECONDS = 0.02

MOMENTS = {
    "nothing stored": "before-put:.png",
    "one file stored": "before-put:.jpg",
    "all stored, row not written": "after-put:.jpg",
    "row written, answer lost": "after-commit:keep",
}


@pytest.fixture
def bench(sqlite_database: Database, tmp_path: Path) -> Workbench:
    return make_bench(sqlite_database, tmp_path)


async def start(bench: Workbench, *arguments: str) -> asyncio.subprocess.Process:
    url = bench.database.engine.url.render_as_string(hide_password=False)
    command = [sys.executable, "-m", "tests.kit.fetch_driver", url, *arguments]
    return await asyncio.create_subprocess_exec(*command, cwd=ROOT)


@pytest.mark.parametrize("moment", MOMENTS.values(), ids=MOMENTS.keys())
async def test_uploads_survive_the_death_of_who_fetches_them(
    bench: Workbench, internet: Internet, authority: Authority, tmp_path: Path, moment: str
) -> None:
    publish(internet)
    (tmp_path / "authority.pem").write_text(authority.pem)
    project_id = await submit_addresses(bench, CAT_URL, DOG_URL)

    first = await start(bench, str(tmp_path), str(internet.port), project_id, moment)
    while not (tmp_path / "held").exists():
        assert first.returncode is None, "it ended without reaching the moment"
        await asyncio.sleep(LOOK_SECONDS)
    first.kill()
    await first.wait()
    fetcher = fetcher_on(internet, authority.trust())
    task = FetchTask(project_id=project_id, count=2)
    activities = RemoteAssetActivities(bench, fetcher, inspect_file)
    await ActivityEnvironment().run(activities.fetch_uploads, task)

    brief = await bench.brief(project_id)
    hashes = [hashlib.sha256(body).hexdigest() for body in (PNG, JPEG)]
    assert [asset.sha256 for asset in brief.assets] == hashes
    assert brief.upload_urls == ()
    assert stored_keys(tmp_path) == {asset.key for asset in brief.assets}
