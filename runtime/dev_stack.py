"""Gateway, worker, Temporal and Stripe as one: started together, kept alive, stopped together."""

import os
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Final

import httpx2

from runtime.dev_account import FirstAccount, prepare_database
from runtime.dev_files import DevNote, Pids, StackError, StackFolder, StackSecrets, open_folder
from runtime.dev_stripe import (
    STANDIN_HOST,
    WEBHOOK_PATH,
    StandinPlace,
    StripeInUse,
    is_real_stripe,
    no_stripe,
    real_stripe,
    stripe_standin,
    stripe_variables,
)
from runtime.ports import free_port, is_listening, is_port_free
from runtime.processes import Child, ProcessSpec, Supervisor, last_log_line
from runtime.temporal_config import TemporalConfig
from runtime.temporal_find import find_temporal
from runtime.temporal_server import TemporalPlace, temporal_spec, wait_until_ready

STARTUP_SECONDS: Final = 60.0
"""The gateway answers after two to four seconds; this is for a machine busy with other work."""

DEATHS_WHILE_STARTING_MAX: Final = 3
LOOK_SECONDS: Final = 0.1
HEALTH_SECONDS: Final = 5.0
"""The gateway gives each of its own checks two seconds."""

LOCAL_TIMINGS: Final = '{"poll_interval_seconds": 0.25}'
"""The local models answer within seconds, and asking them costs nothing."""

Say = Callable[[str], None]
Command = tuple[str, ...]


@dataclass(frozen=True)
class StackCommands:
    """What the processes of ours are started with."""

    gateway: Command = (sys.executable, "-m", "runtime.cli", "gateway")
    worker: Command = (sys.executable, "-m", "runtime.cli", "worker")
    stripe: Command = (sys.executable, "-m", "runtime.stripe_standin")


@dataclass(frozen=True)
class StackOptions:
    """Where a stack lives and listens. No `ui_port` is a Temporal without its web interface, and
    no `stripe_port` a stack without a stand-in for Stripe.
    """

    directory: Path
    gateway_port: int
    temporal_port: int
    ui_port: int | None
    stripe_port: int | None = None
    host: str = "127.0.0.1"
    temporal_in_memory: bool = False
    temporal_from_environment: bool = True
    commands: StackCommands = field(default_factory=StackCommands)


@dataclass(frozen=True)
class _TemporalInUse:
    """The server that gateway and worker are told of, by these variables and no others."""

    address: str
    ui_url: str | None
    environment: Mapping[str, str]


class Stack:
    """One development stack. Start, then `watch` again and again, then stop, even after errors."""

    def __init__(
        self,
        options: StackOptions,
        config: TemporalConfig,
        environment: Mapping[str, str],
        say: Say,
    ) -> None:
        self._options = options
        self._config = config
        self._environment = environment
        self._say = say
        self._supervisor = Supervisor(self._note_pids, say)
        self._lock: IO[str] | None = None
        self._folder: StackFolder | None = None
        self._note: DevNote | None = None
        self.account: FirstAccount | None = None
        self.payments = ""

    @property
    def note(self) -> DevNote:
        """What `dev.json` says. Only after a start."""
        if self._note is None:
            raise StackError("The stack has not been started.")
        return self._note

    def start(self) -> None:
        """Return when the gateway answers. StackError, or an error of Temporal's, in a sentence.

        Call from the main thread, and call `stop` afterwards whatever happens.
        """
        folder = self._folder = open_folder(self._options.directory)
        self._lock = folder.lock()
        previous = folder.read_note()
        if previous is not None:
            folder.write_note(previous.model_copy(update={"pids": Pids()}))
        secrets = folder.secrets()
        self._check_port("gateway", "--gateway-port", self._options.gateway_port)
        stripe = self._stripe(folder, secrets)
        temporal = self._temporal(folder)
        environment = self._child_environment(folder, secrets, temporal, stripe)
        database_url = environment["FVS_DATABASE_URL"]
        self.account = prepare_database(
            database_url,
            known_key=previous.api_key if previous else None,
            known_password=previous.password if previous else None,
            peppers=[environment["FVS_KEY_PEPPER"].encode()],
            now=datetime.now(UTC),
        )
        storage_url = environment["FVS_STORAGE_URL"]
        self._note = DevNote(
            gateway_url=self._gateway_url,
            temporal_address=temporal.address,
            temporal_ui_url=temporal.ui_url,
            api_key=self.account.api_key,
            email=self.account.email,
            password=self.account.password,
            database_url=database_url,
            storage_path=(
                storage_url.removeprefix("file:") if storage_url.startswith("file:") else None
            ),
            stripe_url=stripe.url,
            stripe_secret_key=stripe.secret_key,
            stripe_spt_url=stripe.spt_url,
            pids=Pids(),
        )
        folder.write_note(self._note)
        if stripe.spec is not None:
            self._launch(stripe.spec)
        for name, command in (
            ("worker", self._options.commands.worker),
            ("gateway", self._options.commands.gateway),
        ):
            self._launch(ProcessSpec(name, command, environment, folder.log_file(name)))
        self._wait_until_it_answers()
        folder.write_note(self._with_pids(self._supervisor.pids()))

    def watch(self) -> None:
        """Start again what has died. Call several times a second."""
        self._supervisor.look()

    def stop(self) -> None:
        """Stop what was started and clear the process ids of the note; safe at any time."""
        self._supervisor.stop(last="temporal")
        if self._folder is not None and self._note is not None:
            self._note = self._with_pids({})
            self._folder.write_note(self._note)
        if self._lock is not None:
            self._lock.close()

    def log_file(self, name: str) -> Path:
        """Where the output of a process goes, by its name in the note. Only after a start."""
        if self._folder is None:
            raise StackError("The stack has not been started.")
        return self._folder.log_file(name)

    @property
    def _gateway_url(self) -> str:
        return f"http://{self._options.host}:{self._options.gateway_port}"

    def _stripe(self, folder: StackFolder, secrets: StackSecrets) -> StripeInUse:
        port = self._options.stripe_port
        if is_real_stripe(self._environment):
            stripe = real_stripe(self._environment)
        elif port is None:
            stripe = no_stripe()
        else:
            self._check_port("stand-in for Stripe", "--stripe-port", port, STANDIN_HOST)
            webhook_url = f"{self._gateway_url}{WEBHOOK_PATH}"
            place = StandinPlace(self._options.commands.stripe, port, webhook_url)
            stripe = stripe_standin(place, folder, secrets, self._environment)
        self.payments = stripe.sentence
        return stripe

    def _temporal(self, folder: StackFolder) -> _TemporalInUse:
        if self._options.temporal_from_environment:
            from runtime.temporal_external import external_temporal

            given = external_temporal(self._environment, self._say)
            if given is not None:
                return _TemporalInUse(given.address, None, _temporal_variables(self._environment))
        host = self._config.server.address
        place = TemporalPlace(
            host, self._options.temporal_port, free_port(host), self._options.ui_port
        )
        self._check_port("Temporal", "--temporal-port", place.port)
        if place.ui_port is not None:
            self._check_port("Temporal UI", "--ui-port", place.ui_port)
        binary = find_temporal(self._config, self._say, self._environment)
        db_file = None
        if not self._options.temporal_in_memory:
            db_file = folder.root / self._config.database.file
        spec = temporal_spec(
            self._config, binary, place, db_file=db_file, log_file=folder.log_file("temporal")
        )
        wait_until_ready(self._launch(spec), self._config, place)
        # No profile and no key of the developer's may lead our processes elsewhere.
        return _TemporalInUse(
            place.grpc_address,
            place.ui_url,
            {
                "TEMPORAL_ADDRESS": place.grpc_address,
                "TEMPORAL_NAMESPACE": self._config.namespace.name,
                "TEMPORAL_CONFIG_FILE": os.devnull,
            },
        )

    def _child_environment(
        self,
        folder: StackFolder,
        secrets: StackSecrets,
        temporal: _TemporalInUse,
        stripe: StripeInUse,
    ) -> dict[str, str]:
        """The caller's variables, completed with what this folder holds."""
        defaults = {
            "FVS_DATABASE_URL": folder.database_url,
            "FVS_STORAGE_URL": f"file:{folder.storage}",
            "FVS_WORK_DIRECTORY": str(folder.work),
            "FVS_KEY_PEPPER": secrets.key_pepper,
            "FVS_SIGNING_KEY": secrets.signing_key,
            "FVS_MPP_SECRET": secrets.mpp_secret,
            "FVS_UNCONFIGURED_MODELS": "local",
            "FVS_TIMINGS": LOCAL_TIMINGS,
            "PYTHONUNBUFFERED": "1",
        }
        if not self._environment.get("FVS_PUBLIC_BASE_URL"):
            defaults["FVS_PAYMENT_REALM"] = self._options.host
        if temporal.ui_url is not None:
            namespace = self._config.namespace.name
            defaults["FVS_TEMPORAL_UI_URL"] = f"{temporal.ui_url}/namespaces/{namespace}"
        replaced = _temporal_variables(self._environment)
        if stripe.variables is not None:
            replaced |= stripe_variables(self._environment)
        given = {k: v for k, v in self._environment.items() if v and k not in replaced}
        own = {"FVS_HOST": self._options.host, "FVS_PORT": str(self._options.gateway_port)}
        return {**defaults, **given, **own, **temporal.environment, **(stripe.variables or {})}

    def _launch(self, spec: ProcessSpec) -> Child:
        try:
            return self._supervisor.start(spec)
        except OSError as error:
            raise StackError(f"{spec.name} could not be started: {error.strerror}.") from None

    def _wait_until_it_answers(self) -> None:
        deadline = time.monotonic() + STARTUP_SECONDS
        with httpx2.Client(timeout=HEALTH_SECONDS, trust_env=False) as client:
            url = f"{self._gateway_url}/health"
            while not (self._stripe_listens() and _is_healthy(client, url)):
                self._supervisor.look()
                self._refuse_to_go_on_dying()
                if time.monotonic() > deadline:
                    log_file = self._supervisor.child("gateway").spec.log_file
                    raise StackError(
                        f"The gateway did not answer within {STARTUP_SECONDS:.0f} seconds; "
                        f"see {log_file}."
                    )
                time.sleep(LOOK_SECONDS)

    def _stripe_listens(self) -> bool:
        port = self._options.stripe_port
        return "stripe" not in self._supervisor.pids() or (
            port is not None and is_listening(STANDIN_HOST, port)
        )

    def _refuse_to_go_on_dying(self) -> None:
        for name in self._supervisor.pids():
            child = self._supervisor.child(name)
            if child.deaths >= DEATHS_WHILE_STARTING_MAX:
                words = last_log_line(child.spec.log_file) or "it said nothing"
                raise StackError(f"The {name} ends while it starts: {words}")

    def _check_port(self, what: str, option: str, port: int, host: str | None = None) -> None:
        host = host or self._options.host
        if not is_port_free(host, port):
            raise StackError(
                f"Port {port} of {host}, wanted for the {what}, is taken. Stop what uses it, or "
                f"choose another with {option}."
            )

    def _note_pids(self, pids: Mapping[str, int]) -> None:
        """Called by the supervisor at each start; the file waits until the first is complete."""
        if self._folder is not None and self._note is not None and self._note.pids != Pids():
            try:
                self._folder.write_note(self._with_pids(pids))
            except StackError as error:  # a full disk must not stop what still runs
                self._say(error.detail)

    def _with_pids(self, pids: Mapping[str, int]) -> DevNote:
        self._note = self.note.model_copy(update={"pids": Pids.model_validate(dict(pids))})
        return self._note


def _temporal_variables(environment: Mapping[str, str]) -> dict[str, str]:
    return {k: v for k, v in environment.items() if k.startswith("TEMPORAL_")}


def _is_healthy(client: httpx2.Client, url: str) -> bool:
    try:
        return client.get(url).is_success
    except httpx2.HTTPError:
        return False
