"""A worker can do all that a render asks for."""

import inspect
import ssl
from pathlib import Path

import pytest
from temporalio import activity
from temporalio.client import Client

from runtime.processor import open_payments
from runtime.settings import Settings
from runtime.worker import WorkerParts, workers
from studio.contracts import activities as contracts
from studio.db.engine import Database
from studio.providers.ports import Providers
from tests.analysis_scenes import make_bench
from tests.kit.mail import MemoryMailer
from tests.kit.tls_host import Internet, fetcher_on

INTERFACES = (
    contracts.CreditActivities,
    contracts.AssetActivities,
    contracts.MusicActivities,
    contracts.PlanningActivities,
    contracts.StoryboardActivities,
    contracts.FilmingActivities,
    contracts.ProductionActivities,
    contracts.PaymentActivities,
    contracts.ReconcileActivities,
)


@pytest.mark.temporal
async def test_every_activity_that_a_workflow_asks_for_is_registered(
    temporal: Client, sqlite_database: Database, trust: ssl.SSLContext, tmp_path: Path
) -> None:
    bench = make_bench(sqlite_database, tmp_path)
    async with open_payments(Settings()) as payments:
        parts = WorkerParts(
            temporal, bench, Providers(), fetcher_on(Internet(), trust), payments, MemoryMailer()
        )
    registered = {
        method.__name__
        for worker in workers(Settings(), parts)
        for method in worker.config(active_config=True)["activities"]
    }
    asked_for = {
        name
        for interface in INTERFACES
        for name, method in inspect.getmembers(interface, inspect.isfunction)
        if activity._Definition.from_callable(method)
    }
    assert asked_for - registered == set()
