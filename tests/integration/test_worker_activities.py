"""A worker can do all that a render asks for."""

import inspect
import ssl
from pathlib import Path

import pytest
from temporalio import activity
from temporalio.client import Client

from runtime.settings import Settings
from runtime.worker import WorkerParts, workers
from studio.contracts import activities as contracts
from studio.db.engine import Database
from studio.providers.ports import Providers
from tests.analysis_scenes import make_bench
from tests.kit.tls_host import Internet, fetcher_on

RENDER_ACTIVITIES = (
    contracts.CreditActivities,
    contracts.AssetActivities,
    contracts.MusicActivities,
    contracts.PlanningActivities,
    contracts.StoryboardActivities,
    contracts.FilmingActivities,
    contracts.ProductionActivities,
)


@pytest.mark.temporal
async def test_every_activity_of_a_render_is_registered(
    temporal: Client, sqlite_database: Database, trust: ssl.SSLContext, tmp_path: Path
) -> None:
    bench = make_bench(sqlite_database, tmp_path)
    parts = WorkerParts(temporal, bench, Providers(), fetcher_on(Internet(), trust))
    registered = {
        method.__name__
        for worker in workers(Settings(), parts)
        for method in worker.config(active_config=True)["activities"]
    }
    asked_for = {
        name
        for interface in RENDER_ACTIVITIES
        for name, method in inspect.getmembers(interface, inspect.isfunction)
        if activity._Definition.from_callable(method)
    }
    assert asked_for - registered == set()
