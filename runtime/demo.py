"""`fvs demo`: a film of the reference's payload, on a stack of its own that is stopped again."""

import contextlib
import os
import shutil
import tempfile
import time
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Final

from pydantic import JsonValue, TypeAdapter
from rich.console import Console

from runtime.demo_client import DemoClient, DemoFailed, GatewayAway, RenderAnswer
from runtime.demo_references import reference_pictures
from runtime.demo_view import View, open_view
from runtime.dev import StopRequested, say, stop_signals
from runtime.dev_stack import Stack, StackOptions
from runtime.ports import free_port
from runtime.temporal_config import TemporalConfig
from studio.contracts.errors import StudioError
from studio.contracts.status import RenderState

POLL_SECONDS: Final = 0.25
RENDER_SECONDS_MAX: Final = 600.0
"""A three-shot render takes half a minute on two processors; this is where it counts as stuck."""

EXIT_INTERRUPTED: Final = 130
"""As shells report a command that was ended by Ctrl-C."""

_JSON: TypeAdapter[JsonValue] = TypeAdapter(JsonValue)


def run_demo(
    config: TemporalConfig, out: Path, environment: Mapping[str, str] | None = None
) -> int:
    """Make the film, save it under `out`, say what it cost. The exit code; 0 only with a film."""
    began_at = time.monotonic()
    console = Console(highlight=False)
    directory = Path(tempfile.mkdtemp(prefix="fvs-demo-"))
    options = StackOptions(
        directory=directory,
        gateway_port=free_port(),
        temporal_port=free_port(),
        ui_port=free_port(),
        temporal_in_memory=True,
        temporal_from_environment=False,
    )
    stack = Stack(options, config, demo_environment(environment or os.environ), say)
    code = 1
    with stop_signals():
        try:
            console.print("Starting gateway, worker and Temporal.")
            stack.start()
            _make_film(stack, console, out, began_at)
            code = 0
        except StopRequested:
            say("Stopped before the film was finished.")
            code = EXIT_INTERRUPTED
        except StudioError as error:
            say(error.detail)
        except OSError as error:
            say(f"The demo cannot go on: {error.strerror or error}.")
        finally:
            with contextlib.suppress(StudioError):
                stack.stop()
    if code == 1:
        say(f"The logs are in {directory / 'logs'}.")
    else:
        shutil.rmtree(directory, ignore_errors=True)
    return code


def demo_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """The caller's variables without our settings: a demo uses no database and no keys of theirs.

    So it spends nothing at any provider.
    """
    return {
        name: value
        for name, value in environment.items()
        if name == "FVS_CACHE_DIR" or not name.startswith(("FVS_", "TEMPORAL_", "STRIPE_"))
    }


def _make_film(stack: Stack, console: Console, out: Path, began_at: float) -> None:
    payload = _JSON.validate_json(files("runtime").joinpath("demo_payload.json").read_bytes())
    note = stack.note
    with DemoClient(note.gateway_url, note.api_key) as client:
        render = client.submit(payload, reference_pictures())
        console.print(f"Render {render.project_id}: {render.credits_reserved} credits reserved.")
        console.print(
            f"Temporal UI: {note.temporal_ui_url}/namespaces/default/workflows/{render.project_id}",
            soft_wrap=True,
        )
        with open_view(console) as view:
            render = _follow(stack, client, view, render)
        if render.status != RenderState.COMPLETED or render.final_video_url is None:
            raise DemoFailed(
                f"The render ended as {render.status}: {render.last_error or 'no reason given'}"
            )
        film = out.absolute() / f"{render.project_id}_final.mp4"
        size_bytes = client.download(render.final_video_url, film)
    for warning in render.warnings:
        console.print(f"Note: {warning}", markup=False, soft_wrap=True)
    console.print(f"Film:        {film} ({size_bytes / 2**20:.1f} MiB)", soft_wrap=True)
    console.print(f"Credits:     {render.credits_settled} of {render.credits_reserved} spent")
    console.print(f"Temporal UI: {note.temporal_ui_url} (until now; `make dev` keeps it running)")
    console.print(f"Took:        {time.monotonic() - began_at:.0f} seconds")


def _follow(stack: Stack, client: DemoClient, view: View, render: RenderAnswer) -> RenderAnswer:
    """Look until the render has ended, keeping the stack alive meanwhile."""
    began_at = time.monotonic()
    while True:
        elapsed_seconds = time.monotonic() - began_at
        view.show(render, elapsed_seconds)
        if not render.is_running and render.status != RenderState.QUEUED:
            return render
        if elapsed_seconds > RENDER_SECONDS_MAX:
            raise DemoFailed(
                f"The render did not end within {RENDER_SECONDS_MAX:.0f} seconds; it was at "
                f"stage {render.current_stage}."
            )
        stack.watch()
        time.sleep(POLL_SECONDS)
        try:
            render = client.look(render)
        except GatewayAway:
            continue
