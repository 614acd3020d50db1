"""The `fvs` command. Each subcommand imports what it needs, so that `--help` is quick."""

import logging
import os
import sys
from pathlib import Path
from typing import Annotated, Final, NoReturn

import typer

from runtime.commands import accounts, audit, keys, operators, quotes, topups
from runtime.commands import credits as credits_
from studio.contracts.errors import StudioError

GATEWAY_PORT: Final = 8080
EXIT_FAILED: Final = 1
EXIT_CRASHED: Final = 70
"""EX_SOFTWARE of sysexits.h: a defect of ours, with its traceback."""

app = typer.Typer(
    name="fvs",
    help="Future Video Studio: a brief in, a finished film out.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
temporal_app = typer.Typer(help="The Temporal server of development.", no_args_is_help=True)
app.add_typer(temporal_app, name="temporal")
app.add_typer(accounts.app, name="accounts")
app.add_typer(keys.app, name="keys")
app.add_typer(credits_.app, name="credits")
app.add_typer(quotes.app, name="quotes")
app.add_typer(operators.app, name="operators")
app.add_typer(audit.app, name="audit")
app.add_typer(topups.app, name="topups")

Directory = Annotated[Path, typer.Option(help="Where all state is kept.")]
ConfigFile = Annotated[
    Path | None, typer.Option("--config", help="Another file than temporal-dev.yaml.")
]
Port = Annotated[int | None, typer.Option(min=1, max=65535)]


@app.command()
def dev(
    directory: Directory = Path(".fvs"),
    gateway_port: Annotated[int, typer.Option(min=1, max=65535)] = GATEWAY_PORT,
    temporal_port: Port = None,
    ui_port: Port = None,
    config: ConfigFile = None,
    *,
    stripe_port: Port = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print where everything is as JSON.")
    ] = False,
) -> None:
    """Run gateway, worker, Temporal and a stand-in for Stripe until Ctrl-C; the state stays for
    the next time. With a STRIPE_SECRET_KEY payments go to Stripe itself.
    """
    from runtime.temporal_config import load_temporal_config

    temporal = load_temporal_config(config)
    from runtime.dev import run_dev
    from runtime.dev_stack import StackOptions
    from runtime.ports import free_port

    options = StackOptions(
        directory=directory,
        gateway_port=gateway_port,
        temporal_port=temporal_port or temporal.server.port,
        ui_port=ui_port or temporal.server.ui_port,
        stripe_port=stripe_port or free_port(),
    )
    raise typer.Exit(run_dev(options, temporal, as_json=as_json))


@app.command()
def demo(
    out: Annotated[Path, typer.Option(help="Where the film is saved.")] = Path("out"),
    config: ConfigFile = None,
) -> None:
    """Make a film of the reference's payload on a stack of its own, and stop it again."""
    from runtime.temporal_config import load_temporal_config

    temporal = load_temporal_config(config)
    from runtime.demo import run_demo

    raise typer.Exit(run_demo(temporal, out))


@app.command()
def worker() -> None:
    """Run the workflows and activities until SIGTERM."""
    from runtime.logs import configure_logging
    from runtime.settings import load_settings
    from runtime.worker import main as run_worker

    settings = load_settings()
    configure_logging(service="worker", level=settings.log_level, log_format=settings.log_format)
    run_worker(settings)


@app.command()
def gateway() -> None:
    """Serve the HTTP API until SIGTERM."""
    from runtime.logs import configure_logging
    from runtime.serve import main as serve
    from runtime.settings import load_settings

    settings = load_settings()
    configure_logging(service="gateway", level=settings.log_level, log_format=settings.log_format)
    serve(settings)


@app.command()
def mcp() -> None:
    """Be an MCP server on standard input and output, for a program on this machine: a bridge to
    the gateway at FVS_AGENT_BASE_URL, with the key FVS_AGENT_API_KEY. Films are saved here.
    """
    from runtime.logs import configure_logging
    from runtime.mcp_stdio import main as serve_stdio
    from runtime.settings import load_settings

    settings = load_settings()
    configure_logging(service="mcp", level=settings.log_level, log_format=settings.log_format)
    serve_stdio(settings)


@app.command()
def migrate() -> None:
    """Bring the tables of FVS_DATABASE_URL up to date."""
    from runtime.commands.console import plain_failures
    from runtime.settings import load_settings
    from studio.db.migrate import current_revision, upgrade

    with plain_failures():
        url = load_settings().database_url
        upgrade(url)
        typer.echo(f"The database is at revision {current_revision(url)}.")


@app.command()
def version() -> None:
    """Print the version."""
    from importlib.metadata import version as installed

    typer.echo(installed("future-video-studio"))


@temporal_app.command()
def fetch(config: ConfigFile = None) -> None:
    """Find a usable `temporal`, or download or build it; print its path."""
    from runtime.temporal_config import load_temporal_config
    from runtime.temporal_find import find_temporal

    def say(sentence: str) -> None:
        typer.echo(sentence, err=True)

    typer.echo(find_temporal(load_temporal_config(config), say))


@temporal_app.command()
def start(
    directory: Directory = Path(".fvs"),
    port: Port = None,
    ui_port: Port = None,
    config: ConfigFile = None,
) -> None:
    """Run the server alone until Ctrl-C."""
    from runtime.dev_temporal import run_temporal
    from runtime.temporal_config import load_temporal_config

    raise typer.Exit(run_temporal(load_temporal_config(config), directory, port, ui_port))


def main() -> NoReturn:
    """Run a command and end the process at once.

    The SDK's native threads can crash an interpreter that shuts down in its own order, which would
    turn a success into exit code 134 or 139, so nothing is left to that.
    """
    code: object = 0
    try:
        app()
    except SystemExit as end:
        code = end.code
    except StudioError as error:
        typer.echo(f"fvs: {error.detail}", err=True)
        code = EXIT_FAILED
    except BaseException:
        logging.getLogger("fvs").exception("fvs failed")
        code = EXIT_CRASHED
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code if isinstance(code, int) else int(code is not None))


if __name__ == "__main__":
    main()
