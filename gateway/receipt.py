"""The answer to `GET /renders/{project_id}/receipt`: the plan's lines and what became of each."""

from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from studio.contracts.plan import ChargePlan
from studio.contracts.workflow_io import RenderInput
from studio.ledger.service import LineReceipt, LineState, receipt
from studio.renders.progress import read_progress, read_workflow_input


class ReceiptLine(BaseModel):
    """A line of the estimate, with the same `line_id`, `label` and `credits`."""

    line_id: str
    label: str
    credits: int
    shot: int | None
    state: LineState
    credits_settled: int = Field(description="Charged; what is held beyond it is given back.")


class ReceiptResource(BaseModel):
    """One credit is one US cent. `credits_reserved` is settled, still held, or released."""

    project_id: str
    price_version: str
    digest: str
    credits_reserved: int
    credits_settled: int
    credits_held: int
    credits_released: int
    lines: list[ReceiptLine]


def receipt_resource(
    project_id: str,
    charges: ChargePlan,
    money: dict[str, LineReceipt],
    *,
    unbooked: LineState = LineState.SETTLED,
) -> ReceiptResource:
    """The lines in the plan's order; `unbooked` are those that the ledger does not know.

    One that costs nothing was never held: it is settled.
    """
    lines = [
        ReceiptLine(
            line_id=line.line_id,
            label=line.label,
            credits=line.credits,
            shot=line.shot,
            state=known.state if known else unbooked,
            credits_settled=known.charged if known else 0,
        )
        for line in charges.lines
        for known in [money.get(line.line_id)]
    ]
    settled = sum(line.credits_settled for line in lines)
    held = sum(line.credits for line in lines if line.state is LineState.HELD)
    return ReceiptResource(
        project_id=project_id,
        price_version=charges.price_version,
        digest=charges.digest,
        credits_reserved=charges.total_credits,
        credits_settled=settled,
        credits_held=held,
        credits_released=charges.total_credits - settled - held,
        lines=lines,
    )


def read_receipt(session: Session, project_id: str, *, account_id: str) -> ReceiptResource:
    """The receipt of the account's render. UnknownRender."""
    read_progress(session, project_id, account_id=account_id)
    frozen = RenderInput.model_validate(read_workflow_input(session, project_id))
    return receipt_resource(project_id, frozen.plan.charges, receipt(session, subject=project_id))
