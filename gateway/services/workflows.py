"""What the gateway asks of Temporal, and nothing more."""

from typing import ClassVar, Protocol

from studio.contracts.errors import StudioError
from studio.contracts.payment import PaidRenderInput, PaymentEvent
from studio.contracts.status import RenderSnapshot
from studio.contracts.workflow_io import RenderInput


class WorkflowsUnavailable(StudioError):
    """Temporal cannot be reached. Nothing was changed; trying again will help."""

    code: ClassVar[str] = "workflows_unavailable"

    def __init__(self) -> None:
        super().__init__("Renders cannot be started or changed right now; try again shortly.")


class QueryUnanswered(StudioError):
    """No worker answered a status query in time, or the workflow is not there to be asked."""

    code: ClassVar[str] = "query_unanswered"


class WorkflowStarter(Protocol):
    async def check(self) -> None:
        """Return if a workflow could be started now. WorkflowsUnavailable otherwise."""
        ...

    async def start(self, render: RenderInput, *, cancel_reason: str | None = None) -> str:
        """Start a render's workflow, once however often it is called; its run id.

        With `cancel_reason` the run's first message is its cancellation: it releases the holds
        and ends. WorkflowsUnavailable if Temporal cannot be reached.
        """
        ...

    async def cancel(self, project_id: str, reason: str) -> bool:
        """Ask a run to cancel itself; False if there is no open run. WorkflowsUnavailable."""
        ...


class PaymentStarter(Protocol):
    async def check(self) -> None:
        """As `WorkflowStarter.check`."""
        ...

    async def settle(self, payment: PaidRenderInput, *, event: PaymentEvent | None = None) -> None:
        """Have a quote's run look at its row, or tell it an event; it is started if there is none.

        Doing it again does no harm. WorkflowsUnavailable.
        """
        ...


class WorkflowReader(Protocol):
    async def query(self, project_id: str) -> RenderSnapshot:
        """The live state of a run, within about a second. QueryUnanswered otherwise."""
        ...


class Workflows(WorkflowStarter, PaymentStarter, WorkflowReader, Protocol):
    """All of Temporal that the gateway needs."""
