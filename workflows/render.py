"""A render, end to end: the durable workflow behind every film.

Its id is the `project_id`. It holds no brief and no bytes: activities read the render's row and
its stored documents. Whatever happens to workers, gateway, server or database, it ends once, in
`close`: what was delivered is settled, the rest released, the record made terminal.
"""

import asyncio
import contextlib
from typing import Any

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError

from studio.contracts.activities import CreditActivities
from studio.contracts.launch import STAGE_KEY, STATUS_KEY
from studio.contracts.names import CANCEL_SIGNAL, RENDER_WORKFLOW, STATUS_QUERY
from studio.contracts.status import RenderSnapshot, RenderState
from studio.contracts.workflow_io import Film, HoldRequest, RenderInput, RenderOutcome
from workflows.context import RenderContext
from workflows.failures import describe, is_cancellation
from workflows.production import Production, RenderFailed

CANCELED_SENTENCE = "The render was canceled; what was delivered until then is kept."


@workflow.defn(name=RENDER_WORKFLOW)
class RenderWorkflow:
    """One film. Query `status`, signal `cancel`; native cancellation does the same."""

    @workflow.init
    def __init__(self, render: RenderInput) -> None:
        self._context = RenderContext.of(render, workflow.info().task_queue)
        self._board = self._context.board
        self._cancel_reason: str | None = None

    @workflow.run
    async def run(self, render: RenderInput) -> RenderOutcome:
        production = asyncio.create_task(self._produce())
        native_cancellation: asyncio.CancelledError | None = None
        try:
            await workflow.wait_condition(
                lambda: (
                    production.done()
                    or self._cancel_reason is not None
                    or self._context.recorder.has_failed
                )
            )
        except asyncio.CancelledError as error:
            native_cancellation = error
        await self._conclude(production)
        if native_cancellation is not None and self._board.status == RenderState.CANCELED:
            raise native_cancellation
        if self._board.status == RenderState.FAILED:
            sentence = self._board.last_error or "The render failed."
            raise ApplicationError(sentence, type="RenderFailed", non_retryable=True)
        return self._outcome(render.project_id)

    @workflow.query(name=STATUS_QUERY, description="The render as its status URL shows it.")
    def status(self) -> RenderSnapshot:
        return self._board.snapshot()

    @workflow.signal(name=CANCEL_SIGNAL, description="Stop; keep and charge what was delivered.")
    def cancel(self, reason: str) -> None:
        self._cancel_reason = reason or "asked for"

    async def _produce(self) -> Film:
        render = self._context.render
        await workflow.execute_activity_method(
            CreditActivities.confirm_holds,
            HoldRequest(
                project_id=render.project_id, account_id=render.account_id, plan=render.plan
            ),
            summary=f"Confirm that {self._board.credits_reserved} credits are held",
            **self._context.policies.record,
        )
        self._board.set_status(RenderState.RUNNING)
        self._context.recorder.start()
        return await Production(self._context).run()

    async def _conclude(self, production: "asyncio.Task[Film]") -> None:
        """One end for success, failure, signal and native cancellation."""
        if not production.done():
            self._board.stopping = True
            production.cancel()
        await _outlast(production)
        closing = asyncio.create_task(self._close(production))
        await _outlast(closing)
        closing.result()
        workflow.upsert_search_attributes(
            [
                STAGE_KEY.value_set(self._board.stage.value),
                STATUS_KEY.value_set(self._board.status.value),
            ]
        )
        self._context.measures.ended(self._board.status, self._board.clips)
        workflow.logger.info(
            "render ended",
            extra={
                "status": self._board.status.value,
                "credits_settled": self._board.credits_settled,
                "credits_reserved": self._board.credits_reserved,
                "shots": len(self._board.clips),
            },
        )
        await workflow.wait_condition(workflow.all_handlers_finished)

    async def _close(self, production: "asyncio.Task[Film]") -> None:
        error = await self._context.recorder.stop() or _outcome_error(production)
        if error is None:
            self._board.finish(production.result())
        else:
            self._board.set_status(*_ending(error))
        await self._context.recorder.close()

    def _outcome(self, project_id: str) -> RenderOutcome:
        film = self._board.film
        return RenderOutcome(
            project_id=project_id,
            status=self._board.status,
            credits_settled=self._board.credits_settled,
            final_video_key=film.key if film else None,
        )


async def _outlast(task: "asyncio.Task[Any]") -> None:
    """Wait until a task has ended, even if this workflow is canceled while waiting."""
    while not task.done():
        with contextlib.suppress(asyncio.CancelledError):
            await workflow.wait([task])


def _outcome_error(production: "asyncio.Task[Film]") -> BaseException | None:
    """Why there is no film. A bug is raised: its workflow task is retried once it is mended."""
    if production.cancelled():
        return asyncio.CancelledError()
    error = production.exception()
    if error is None or isinstance(error, ActivityError | RenderFailed):
        return error
    raise error


def _ending(error: BaseException) -> tuple[RenderState, str]:
    if isinstance(error, asyncio.CancelledError) or is_cancellation(error):
        return RenderState.CANCELED, CANCELED_SENTENCE
    sentence = describe(error) if isinstance(error, ActivityError) else str(error)
    return RenderState.FAILED, sentence
