"""Fetches a render's uploads in a process of its own, which stops dead at a chosen moment.

    python -m tests.kit.fetch_driver DATABASE_URL FOLDER PORT PROJECT_ID MOMENT

FOLDER has `authority.pem`, storage and scratch; FOLDER/held is written at the moment, as
`tests/kit/chaos_worker.py` says. The hosts of the outside are on PORT.
"""

import asyncio
import ssl
import sys
from pathlib import Path

from temporalio.testing import ActivityEnvironment

from activities.fetching import RemoteAssetActivities
from studio.contracts.workflow_io import FetchTask
from studio.db.engine import open_database
from studio.media.inspect import inspect_file
from tests.analysis_scenes import make_bench
from tests.kit.chaos_worker import Chaos, ChaosStorage, ChaosWorkbench
from tests.kit.tls_host import Internet, fetcher_on


def main(database_url: str, folder: Path, port: int, project_id: str, moment: str) -> None:
    plain = make_bench(open_database(database_url), folder)
    ChaosWorkbench.chaos = chaos = Chaos(folder, moment, "")
    bench = ChaosWorkbench(
        plain.database, ChaosStorage(plain.storage, chaos), plain.scratch, plain.now
    )
    trust = ssl.create_default_context(cafile=str(folder / "authority.pem"))
    activities = RemoteAssetActivities(bench, fetcher_on(Internet(port=port), trust), inspect_file)
    task = FetchTask(project_id=project_id, count=2)
    asyncio.run(ActivityEnvironment().run(activities.fetch_uploads, task))


if __name__ == "__main__":
    url, directory, number, project, chosen = sys.argv[1:]
    main(url, Path(directory), int(number), project, chosen)
