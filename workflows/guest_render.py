"""The render of a paid quote as its run sees it: started once, told to end, waited for."""

import asyncio
from typing import Any, Final

from temporalio import workflow
from temporalio.common import WorkflowIDReusePolicy
from temporalio.exceptions import FailureError, WorkflowAlreadyStartedError

from studio.contracts.launch import launch_options
from studio.contracts.names import CANCEL_SIGNAL, RENDER_WORKFLOW
from studio.contracts.workflow_io import RenderInput

CANCELED_REASON: Final = "The customer asked for it, or disputes the payment."


async def start_render(render: RenderInput) -> "asyncio.Task[None] | None":
    """Start the render as a child that outlives its parent; the task ends when the render has.

    None where it was started before: then its row is all there is to go by.
    """
    options = launch_options(render)
    try:
        handle = await workflow.start_child_workflow(
            RENDER_WORKFLOW,
            render,
            id=render.project_id,
            id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
            parent_close_policy=workflow.ParentClosePolicy.ABANDON,
            cancellation_type=workflow.ChildWorkflowCancellationType.ABANDON,
            memo=options.memo,
            search_attributes=options.search_attributes,
            static_summary=options.static_summary,
            static_details=options.static_details,
        )
    except WorkflowAlreadyStartedError:
        return None
    return asyncio.create_task(_ended(handle))


async def cancel_render(project_id: str) -> None:
    """Ask the render to end, if it still runs."""
    render = workflow.get_external_workflow_handle(project_id)
    try:
        await render.signal(CANCEL_SIGNAL, CANCELED_REASON)
    except FailureError:
        workflow.logger.info("the render has ended before it could be canceled")


async def _ended(render: "workflow.ChildWorkflowHandle[Any, Any]") -> None:
    """How it ended is in its row."""
    try:
        await render
    except FailureError:
        workflow.logger.info("the render did not end with a film")
