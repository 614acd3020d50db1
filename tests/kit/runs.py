"""Start a render on scripted activities and see how it ends."""

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from temporalio.client import Client, WorkflowHandle
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Replayer

from studio.contracts.launch import launch_options
from studio.contracts.workflow_io import RenderInput, RenderOutcome
from tests.kit.scripted import ScriptedStudio
from workflows.render import RenderWorkflow

Handle = WorkflowHandle[RenderWorkflow, RenderOutcome]


@asynccontextmanager
async def running(
    client: Client, studio: ScriptedStudio, render: RenderInput
) -> AsyncIterator[Handle]:
    """Workers on a queue of their own, and the render started. The history is replayed at the end.

    A replay right after the run finds nondeterminism in the test that caused it.
    """
    queue = f"test-{uuid.uuid4().hex[:8]}"
    options = launch_options(render)
    render_worker, media_worker = studio.workers(client, queue)
    async with media_worker, render_worker:
        handle = await client.start_workflow(
            RenderWorkflow.run,
            render,
            id=render.project_id,
            task_queue=queue,
            memo=options.memo,
            search_attributes=options.search_attributes,
            static_summary=options.static_summary,
            static_details=options.static_details,
        )
        yield handle
    history = await handle.fetch_history()
    replayer = Replayer(workflows=[RenderWorkflow], data_converter=pydantic_data_converter)
    await replayer.replay_workflow(history)
