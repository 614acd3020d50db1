"""Gateway and workers as real processes, on one database and store, against a test's Temporal."""

import json
import os
import sys
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import httpx2

from runtime.ports import free_port
from runtime.processes import (
    STOP_GRACE_SECONDS,
    Child,
    ProcessSpec,
    last_log_line,
    start_process,
)
from studio.accounts.service import create_account, issue_key
from studio.contracts.workflow_io import Timings
from studio.db.engine import Database, open_database
from studio.db.migrate import upgrade
from studio.ledger import service as ledger

PEPPER = "a pepper of the test suite, 32+ characters"
SIGNING_KEY = "a signing key of the test suite, 32+ characters"
START_SECONDS_MAX = 60
LOOK_SECONDS = 0.05
ROOT = Path(__file__).resolve().parents[2]

FAST = Timings(
    heartbeat_timeout_seconds=2,
    poll_interval_seconds=0.1,
    submit_timeout_seconds=10,
    clip_timeout_seconds=120,
    join_timeout_seconds=120,
    call_timeout_seconds=120,
    stage_deadline_seconds=150,
    reconcile_timeout_seconds=20,
)

ACCOUNT = "acct_stack"


class NeverHappened(AssertionError):
    """What the test waited for did not come; the sentence has the processes' last words."""


@dataclass
class Stack:
    """One deployment. `directory` holds everything; `temporal_address` is the test's server."""

    directory: Path
    temporal_address: str
    timings: Timings = FAST
    credits_granted: int = 10_000
    children: dict[str, Child] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)
    api_key: str = ""
    port: int = 0

    def __post_init__(self) -> None:
        # Of its own, whatever its folder is called: a worker of another stack in this test process
        # would take this one's tasks to its own database.
        self.queue = f"stack-{uuid.uuid4().hex}"
        self.database_url = f"sqlite:///{self.directory / 'fvs.db'}"
        self.chaos = self.directory / "chaos"
        self.chaos.mkdir(parents=True)
        upgrade(self.database_url)
        self.database = open_database(self.database_url)
        self.api_key = self._open_account(self.database)

    def _open_account(self, database: Database) -> str:
        now = datetime.now(UTC)
        with database.transaction() as session:
            create_account(session, account_id=ACCOUNT, name="A test account", now=now)
            wallet = ledger.open_wallet(session, owner=ACCOUNT, now=now)
            ledger.top_up(
                session, wallet=wallet, credits=self.credits_granted, reference="test", now=now
            )
            issued = issue_key(
                session,
                account_id=ACCOUNT,
                name="test",
                environment="live",
                peppers=[PEPPER.encode()],
                now=now,
            )
        return issued.secret

    @property
    def environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "FVS_DATABASE_URL": self.database_url,
            "FVS_STORAGE_URL": f"file:{self.directory / 'storage'}",
            "FVS_WORK_DIRECTORY": str(self.directory / "work"),
            "FVS_KEY_PEPPER": PEPPER,
            "FVS_SIGNING_KEY": SIGNING_KEY,
            "FVS_UNCONFIGURED_MODELS": "local",
            "FVS_PORT": str(self.port),
            "FVS_RENDER_TASK_QUEUE": self.queue,
            "FVS_TIMINGS": json.dumps(self.timings.model_dump()),
            "FVS_WORKER_SHUTDOWN_SECONDS": "1",
            "TEMPORAL_ADDRESS": self.temporal_address,
            "CHAOS_DIRECTORY": str(self.chaos),
            **self.variables,
        }

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def headers(self) -> dict[str, str]:
        return {"X-FVS-Agent-Key": self.api_key}

    def start_gateway(self) -> None:
        """Start (again, on the same port) and wait until it answers."""
        self.port = self.port or free_port()
        self._start("gateway", [sys.executable, "-m", "runtime.cli", "gateway"], {})
        self.wait_for(self._gateway_answers, "the gateway answers")

    def _gateway_answers(self) -> bool:
        return _answers(self.base_url)

    def start_worker(self, *, hold: str = "", fail: str = "", name: str = "worker") -> None:
        extra = {"CHAOS_HOLD": hold, "CHAOS_FAIL": fail}
        self._start(name, [sys.executable, "-m", "tests.kit.chaos_worker"], extra)

    def start_quick_worker(self, name: str = "worker", **variables: str) -> None:
        """One whose renders take no time: see tests/kit/quick_worker.py."""
        self._start(name, [sys.executable, "-m", "tests.kit.quick_worker"], variables)

    def start_stoppable_gateway(self) -> None:
        """As `start_gateway`; it can stand still: see tests/kit/stoppable_gateway.py."""
        self.port = self.port or free_port()
        self._start("gateway", [sys.executable, "-m", "tests.kit.stoppable_gateway"], {})
        self.wait_for(self._gateway_answers, "the gateway answers")

    def start_selling_gateway(self) -> None:
        """Likewise, around what it asks of Stripe: see tests/kit/selling_gateway.py."""
        self.port = self.port or free_port()
        self._start("gateway", [sys.executable, "-m", "tests.kit.selling_gateway"], {})
        self.wait_for(self._gateway_answers, "the gateway answers")

    def start_replica(self, name: str, **variables: str) -> str:
        """Another gateway on the same database, set up otherwise where told; its base URL."""
        port = free_port()
        told = {"FVS_PORT": str(port), **variables}
        self._start(name, [sys.executable, "-m", "runtime.cli", "gateway"], told)
        url = f"http://127.0.0.1:{port}"
        self.wait_for(lambda: _answers(url), "the replica answers")
        return url

    def start_leaky_worker(self, leak: str) -> None:
        self._start("worker", [sys.executable, "-m", "tests.kit.leaky_worker"], {"LEAK": leak})

    def _start(self, name: str, command: list[str], extra: Mapping[str, str]) -> None:
        spec = ProcessSpec(
            name=name,
            command=command,
            environment={**self.environment, **extra},
            log_file=self.directory / f"{name}.log",
            directory=ROOT,
        )
        self.children[name] = start_process(spec)

    def kill(self, name: str) -> None:
        """`kill -9`, and its encoders with it, as a machine that goes away takes them."""
        child = self.children.pop(name)
        child.process.kill()
        child.finish(10)

    def end(self, name: str) -> None:
        """SIGTERM, and time to finish: what an orchestrator does."""
        child = self.children.pop(name)
        child.signal_stop()
        child.finish(STOP_GRACE_SECONDS)

    def stop(self) -> None:
        for name in list(self.children):
            self.kill(name)
        self.database.dispose()

    def wait_for(
        self, condition: Callable[[], bool], what: str, seconds: float = START_SECONDS_MAX
    ) -> None:
        """Look until it holds. A limit, not a measurement: it ends a test that went wrong."""
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                words = {
                    name: last_log_line(child.spec.log_file)
                    for name, child in self.children.items()
                }
                raise NeverHappened(f"{what}: not within {seconds:g} s; last words: {words}")
            time.sleep(LOOK_SECONDS)

    def _last_words(self) -> str:
        lines = [
            f"{name}: {last_log_line(child.spec.log_file)}" for name, child in self.children.items()
        ]
        return "; ".join(lines)

    def wait_until_held(self) -> None:
        self.wait_for((self.chaos / "held").exists, "the worker reaches the chosen moment")

    def orders(self) -> list[str]:
        """Every clip that was ordered from the provider, in order."""
        path = self.chaos / "orders"
        return path.read_text().split() if path.exists() else []


def _answers(base_url: str) -> bool:
    try:
        return httpx2.get(f"{base_url}/health", timeout=5).status_code < 600
    except httpx2.HTTPError:
        return False
