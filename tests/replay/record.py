"""Record the histories that `test_recorded_histories.py` replays.

    python -m tests.replay.record [NAME…]

Name the paths that are new. Record a known one anew only when a change to the workflow is meant to
break the runs in flight (and say so in the changelog); otherwise a history that no longer replays
is a bug in the change.
"""

import asyncio
import contextlib
import json
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

from temporalio.client import Client, WorkflowFailureError, WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter

from runtime.temporal_config import load_temporal_config
from runtime.temporal_server import start_temporal
from studio.contracts.workflow_io import Review, Screenplay
from tests.kit.renders import render_input
from tests.kit.runs import Handle, running
from tests.kit.scripted import ScriptedStudio, fail, fail_first
from tests.kit.scripted_quote import paying
from tests.replay.quote_paths import quote_paths
from tests.replay.sweep_path import recorded_sweep
from workflows.render import RenderWorkflow

HISTORIES: Final = Path(__file__).parent / "histories"

FETCHING: Final = frozenset({"uploads-fetched", "upload-gone"})
"""The paths whose uploads are addresses at first."""

Meanwhile = Callable[[Handle, ScriptedStudio], Awaitable[None]]


async def _nothing(_handle: Handle, _studio: ScriptedStudio) -> None:
    """The run is left alone."""


async def _cancel_while_filming(handle: Handle, studio: ScriptedStudio) -> None:
    await studio.reached["await_clip/2"].wait()
    await handle.signal(RenderWorkflow.cancel, "recorded")


async def _cancel_while_ordering(handle: Handle, studio: ScriptedStudio) -> None:
    await studio.reached["submit_clip/2"].wait()
    await handle.signal(RenderWorkflow.cancel, "recorded")
    await studio.told["submit_clip/2"].wait()
    studio.gates["submit_clip/2"].set()


async def _cancel_natively(handle: Handle, studio: ScriptedStudio) -> None:
    await studio.reached["await_clip/2"].wait()
    await handle.cancel()


def _scripted(
    gate: str | None = None, deaf: str | None = None, **steps: Callable[[int], None]
) -> ScriptedStudio:
    script = {name.replace("__", "/"): step for name, step in steps.items()}
    studio = ScriptedStudio(script=script, deaf={deaf} if deaf else set())
    if gate:
        studio.gate(gate)
    return studio


def _paths() -> dict[str, tuple[ScriptedStudio, Meanwhile]]:
    refusal = fail("provider_rejected", "Refused.")
    return {
        "completed": (_scripted(), _nothing),
        "canceled": (_scripted("await_clip/2"), _cancel_while_filming),
        "order-withdrawn": (
            _scripted("submit_clip/2", deaf="submit_clip/2"),
            _cancel_while_ordering,
        ),
        "canceled-natively": (_scripted("await_clip/2"), _cancel_natively),
        "shot-replaced": (_scripted(submit_clip__2=refusal), _nothing),
        "shot-filmed-again": (_scripted(await_clip__1=fail_first("clip_failed", "x")), _nothing),
        "order-reconciled": (_scripted(submit_clip__1=fail_first("unexpected", "x")), _nothing),
        "failed": (_scripted(submit_clip__1=refusal, submit_clip__2=refusal), _nothing),
        "join-failed": (_scripted(assemble_film=fail("disk_full", "No room.")), _nothing),
        "sheets-and-narration": (_narrated(), _nothing),
        "keyframe-drawn-again": (_picky(), _nothing),
        "order-softened": (
            _scripted(submit_clip__1=fail_first("moderation_refused", "No.", 1, "keyframe")),
            _nothing,
        ),
        "order-postponed": (
            _scripted(
                submit_clip__1=fail_first("provider_busy", "Later.", retry_after_seconds=0.1)
            ),
            _nothing,
        ),
        "keyframe-refused": (
            _scripted(draw_keyframe__1=fail("moderation_refused", "No.")),
            _nothing,
        ),
        "uploads-fetched": (_scripted(), _nothing),
        "upload-gone": (_scripted(fetch_uploads=fail("upload_refused", "It is gone.")), _nothing),
    }


def _narrated() -> ScriptedStudio:
    """The second shot goes on into the third; one character needs a sheet."""
    return ScriptedStudio(
        screenplay=Screenplay(
            screenplay_key="screenplay", shot_count=3, continued=(2,), sheets=(0,), narrated=True
        )
    )


def _picky() -> ScriptedStudio:
    refused = [Review(passed=False, score=score, remark="Again.") for score in (3.0, 6.0, 5.0)]
    return ScriptedStudio(reviews={"review_keyframe/1": refused})


async def _record(client: Client, names: list[str]) -> None:
    for name, (studio, meanwhile) in _paths().items():
        if names and name not in names:
            continue
        uploads = 2 if name in FETCHING else 0
        render = render_input(music=True, voice=True).model_copy(
            update={"asset_count": uploads, "fetch_count": uploads}
        )
        async with running(client, studio, render) as handle:
            await meanwhile(handle, studio)
            with contextlib.suppress(WorkflowFailureError):
                await handle.result()
        await _write(name, await handle.fetch_history())
    for name, (quote, event, quote_meanwhile) in quote_paths().items():
        if names and name not in names:
            continue
        async with paying(client, quote, event=event) as paid:
            await quote_meanwhile(paid, quote)
            with contextlib.suppress(WorkflowFailureError):
                await paid.result()
            history = await paid.fetch_history()
        await _write(name, history)
    if not names or "sweep" in names:
        await _write("sweep", await recorded_sweep(client))


async def _write(name: str, history: WorkflowHistory) -> None:
    text = json.dumps(_without_machine(history.to_json_dict()), indent=1)
    await asyncio.to_thread((HISTORIES / f"{name}.json").write_text, text + "\n")


def _without_machine(document: object) -> object:
    """Stack traces and identities tell of the recording machine and mean nothing to a replay."""
    if isinstance(document, dict):
        return {
            key: "recorded" if key == "identity" else _without_machine(value)
            for key, value in document.items()
            if key != "stackTrace"
        }
    if isinstance(document, list):
        return [_without_machine(item) for item in document]
    return document


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        server = start_temporal(
            load_temporal_config(), log_file=Path(folder) / "server.log", headless=True
        )
        try:
            asyncio.run(_connect_and_record(server.address))
        finally:
            server.stop()


async def _connect_and_record(address: str) -> None:
    client = await Client.connect(address, data_converter=pydantic_data_converter)
    await _record(client, sys.argv[1:])


if __name__ == "__main__":
    main()
