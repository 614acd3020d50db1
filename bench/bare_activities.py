"""The bare workflow's activities: nothing, or the very rows that a render writes, and no more."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any, Final, cast

from sqlalchemy import Connection, Table, bindparam, insert, update
from temporalio import activity

from bench.bare_workflow import BareActivities, BareWrite
from bench.renders import freeze
from studio.contracts.keys import preview_key, thumbnail_key
from studio.contracts.plan import ChargeLine
from studio.contracts.status import ClipSnapshot, ClipState, RenderSnapshot, RenderState, Stage
from studio.db.engine import Database
from studio.ledger.identity import REVENUE, transfer_id
from studio.ledger.tables import LedgerAccountRow, Phase, TransferCode, TransferRow
from studio.renders.tables import RenderRow

_ACCOUNT: Final = cast("Table", LedgerAccountRow.__table__)
_TRANSFER: Final = cast("Table", TransferRow.__table__)
_RENDER: Final = cast("Table", RenderRow.__table__)
_STORED: Final = _RENDER.c.project_id == bindparam("stored_id")

INSERT_TRANSFERS: Final = insert(_TRANSFER)
CHARGE_WALLET: Final = (
    update(_ACCOUNT)
    .where(_ACCOUNT.c.id == bindparam("wallet"))
    .values(
        debits_pending=_ACCOUNT.c.debits_pending - bindparam("amount"),
        debits_posted=_ACCOUNT.c.debits_posted + bindparam("amount"),
    )
)
BEGIN_RENDER: Final = update(_RENDER).where(_STORED).values(run_id=bindparam("new_run_id"))
UPDATE_RENDER: Final = (
    update(_RENDER)
    .where(_STORED)
    .values(
        revision=bindparam("new_revision"),
        status=bindparam("new_status"),
        snapshot=bindparam("new_snapshot"),
        updated_at=bindparam("new_updated_at"),
        finished_at=bindparam("new_finished_at"),
    )
)


class BareRows(BareActivities):
    def __init__(self, database: Database, wallet: str) -> None:
        self._database = database
        self._wallet = wallet

    @activity.defn
    async def begin(self, project_id: str) -> None:
        run_id = activity.info().workflow_run_id
        values = {"stored_id": project_id, "new_run_id": run_id}
        await self._commit(lambda connection: connection.execute(BEGIN_RENDER, values))

    @activity.defn
    async def step(self) -> None:
        return

    @activity.defn
    async def wait(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    @activity.defn
    async def write(self, row: BareWrite) -> None:
        await self._commit(lambda connection: self._write(connection, row))

    async def _commit(self, work: Callable[[Connection], object]) -> None:
        def run() -> None:
            with self._database.turn(), self._database.engine.begin() as connection:
                work(connection)

        await asyncio.to_thread(run)

    def _write(self, connection: Connection, row: BareWrite) -> None:
        material, now = material_of(row.shots), datetime.now(UTC)
        lines = material.lines[row.first_line : row.first_line + row.line_count]
        if lines:
            transfers = [self._transfer(row.project_id, line, now) for line in lines]
            amount = sum(line.credits for line in lines)
            connection.execute(INSERT_TRANSFERS, transfers)
            connection.execute(CHARGE_WALLET, {"wallet": self._wallet, "amount": amount})
        values = {
            "stored_id": row.project_id,
            "new_revision": row.revision,
            "new_status": RenderState.COMPLETED if row.last else RenderState.RUNNING,
            "new_snapshot": material.snapshot,
            "new_updated_at": now,
            "new_finished_at": now if row.last else None,
        }
        connection.execute(UPDATE_RENDER, values)

    def _transfer(self, project_id: str, line: ChargeLine, now: datetime) -> dict[str, object]:
        return {
            "id": transfer_id(project_id, f"post:{line.line_id}"),
            "phase": Phase.POST,
            "code": TransferCode.CHARGE,
            "debit_account_id": self._wallet,
            "credit_account_id": REVENUE,
            "amount": line.credits,
            "pending_id": transfer_id(project_id, f"hold:{line.line_id}"),
            "subject": project_id,
            "line_id": line.line_id,
            "created_at": now,
        }


@dataclass(frozen=True)
class Material:
    """What the rows of a render of so many shots are made of."""

    lines: tuple[ChargeLine, ...]
    snapshot: dict[str, Any]


@cache
def material_of(shots: int) -> Material:
    """Made once a process: the baseline's snapshots have a real one's size, and cost nothing."""
    plan = freeze(shots).plan
    clips = tuple(
        ClipSnapshot(
            index=shot.index,
            status=ClipState.COMPLETED,
            duration_seconds=round(shot.frames / plan.frames_per_second, 3),
            attempts=1,
            video_key=preview_key("proj_api_0123456789abcdef", shot.index, 1),
            thumbnail_key=thumbnail_key("proj_api_0123456789abcdef", shot.index, 1),
        )
        for shot in plan.shots
    )
    snapshot = RenderSnapshot(
        status=RenderState.RUNNING,
        stage=Stage.FILMING,
        credits_reserved=plan.charges.total_credits,
        clips=clips,
        warnings=plan.warnings,
    )
    lines = tuple(line for line in plan.charges.lines if line.credits)
    return Material(lines, snapshot.model_dump(mode="json"))
