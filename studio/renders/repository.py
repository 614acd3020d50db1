"""Every query on the render table."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, cast

from sqlalchemy import Table, bindparam, func, select, update
from sqlalchemy.orm import Session

from studio.contracts.assets import AssetRef
from studio.contracts.quote_request import UploadUrl
from studio.contracts.request import RenderRequest
from studio.contracts.status import TERMINAL_STATES, RenderSnapshot, RenderState
from studio.contracts.workflow_io import RenderInput
from studio.db.cursor import Cursor, cut_page
from studio.renders.errors import UnknownRender
from studio.renders.listing import newest_first
from studio.renders.tables import RenderRow

_RENDER: Final = cast("Table", RenderRow.__table__)
ACTIVE_STATES = tuple(state for state in RenderState if state not in TERMINAL_STATES)


@dataclass(frozen=True)
class NewRender:
    """A render as it is first stored: everything needed to start it, now or by a later sweep."""

    project_id: str
    account_id: str
    request: RenderRequest
    assets: tuple[AssetRef, ...]
    workflow_input: RenderInput
    snapshot: RenderSnapshot
    fingerprint: str
    idempotency_key: str | None = None
    upload_urls: tuple[UploadUrl, ...] = ()
    key_id: str | None = None


@dataclass(frozen=True)
class Page:
    """Rows newest first; `next_cursor` is None on the last page."""

    rows: tuple[RenderRow, ...]
    next_cursor: str | None


def insert_render(session: Session, new: NewRender, *, now: datetime) -> RenderRow:
    """Store a new render. IntegrityError if the account used the idempotency key before."""
    row = RenderRow(
        project_id=new.project_id,
        account_id=new.account_id,
        key_id=new.key_id,
        name=new.request.name,
        request=new.request.model_dump(mode="json"),
        assets=[asset.model_dump(mode="json") for asset in new.assets],
        upload_urls=[upload.model_dump(mode="json") for upload in new.upload_urls],
        workflow_input=new.workflow_input.model_dump(mode="json"),
        idempotency_key=new.idempotency_key,
        fingerprint=new.fingerprint,
        status=new.snapshot.status,
        revision=new.snapshot.revision,
        snapshot=new.snapshot.model_dump(mode="json"),
        cancel_requested=False,
        created_at=now,
        updated_at=now,
    )
    session.add(row)
    session.flush()
    return row


def get_render(session: Session, project_id: str, *, account_id: str) -> RenderRow:
    """The account's render. UnknownRender if there is none, or if it is another account's."""
    row = session.get(RenderRow, project_id)
    if row is None or row.account_id != account_id:
        raise UnknownRender(project_id)
    return row


def find_by_idempotency_key(session: Session, account_id: str, key: str) -> RenderRow | None:
    return session.scalars(
        select(RenderRow).where(
            RenderRow.account_id == account_id, RenderRow.idempotency_key == key
        )
    ).one_or_none()


def list_renders(
    session: Session,
    account_id: str,
    *,
    limit: int,
    cursor: str | None = None,
    status: RenderState | None = None,
    name_part: str = "",
) -> Page:
    """The account's renders, as `newest_first` narrows them. Raises InvalidCursor."""
    query = newest_first(
        select(RenderRow),
        cursor=cursor,
        account_id=account_id,
        status=status,
        name_part=name_part,
    )
    rows = session.scalars(query.limit(limit + 1)).all()
    page, following = cut_page(rows, limit, lambda row: Cursor(row.created_at, row.project_id))
    return Page(tuple(page), following)


def count_active(session: Session, account_id: str) -> int:
    """How many of the account's renders have not ended."""
    query = select(func.count()).where(
        RenderRow.account_id == account_id, RenderRow.status.in_(ACTIVE_STATES)
    )
    return session.scalar(query) or 0


_STORED: Final = _RENDER.c.project_id == bindparam("stored_id")
_READ_REVISION: Final = select(_RENDER.c.revision).where(_STORED)
_READ_SNAPSHOT: Final = select(_RENDER.c.snapshot).where(_STORED)
_MARK_STARTED: Final = update(_RENDER).where(_STORED).values(run_id=bindparam("new_run_id"))
_STORE_SNAPSHOT: Final = (
    update(_RENDER)
    .where(
        _STORED,
        _RENDER.c.revision < bindparam("below"),
        _RENDER.c.status.in_(ACTIVE_STATES),
    )
    .values(
        revision=bindparam("new_revision"),
        status=bindparam("new_status"),
        snapshot=bindparam("new_snapshot"),
        updated_at=bindparam("new_updated_at"),
        finished_at=bindparam("new_finished_at"),
    )
    .returning(_RENDER.c.project_id)
)
"""Built once: these run a dozen times a render, and building one takes longer than running it."""


def store_snapshot(
    session: Session,
    project_id: str,
    snapshot: RenderSnapshot,
    *,
    now: datetime,
    replace_equal: bool = False,
) -> int:
    """Store a snapshot unless the row already has a newer one; the row's revision afterwards.

    One guarded statement, so that writers who race (the workflow's activity, two gateways) can
    only move the row forward. A terminal row never changes again. `replace_equal` is for the
    activity that settles: a gateway may have stored the same revision a moment before the money.
    """
    values = {
        "stored_id": project_id,
        "below": snapshot.revision + (1 if replace_equal else 0),
        "new_revision": snapshot.revision,
        "new_status": snapshot.status,
        "new_snapshot": snapshot.model_dump(mode="json"),
        "new_updated_at": now,
        "new_finished_at": now if snapshot.status in TERMINAL_STATES else None,
    }
    if session.scalar(_STORE_SNAPSHOT, values) is not None:
        return snapshot.revision
    return read_revision(session, project_id)


def read_revision(session: Session, project_id: str) -> int:
    """The stored revision. UnknownRender if there is no such row."""
    revision: int | None = session.scalar(_READ_REVISION, {"stored_id": project_id})
    if revision is None:
        raise UnknownRender(project_id)
    return revision


def read_snapshot(session: Session, project_id: str) -> RenderSnapshot:
    """The stored snapshot. UnknownRender if there is no such row."""
    document = session.scalar(_READ_SNAPSHOT, {"stored_id": project_id})
    if document is None:
        raise UnknownRender(project_id)
    return RenderSnapshot.model_validate(document)


def is_stored(session: Session, project_id: str) -> bool:
    return session.scalar(select(RenderRow.project_id).filter_by(project_id=project_id)) is not None


def load_render(session: Session, project_id: str) -> RenderRow:
    """A render for the system's own use, whoever owns it. UnknownRender if there is none."""
    row = session.get(RenderRow, project_id)
    if row is None:
        raise UnknownRender(project_id)
    return row


def keep_fetched(
    session: Session, project_id: str, assets: Sequence[AssetRef], *, now: datetime
) -> tuple[AssetRef, ...]:
    """Store what the addresses of the row led to, and forget the addresses: nobody needs them now.

    Whoever comes second changes nothing. The row's assets afterwards; UnknownRender.
    """
    row = session.get(RenderRow, project_id, with_for_update=True)
    if row is None:
        raise UnknownRender(project_id)
    if row.upload_urls:
        row.assets = [asset.model_dump(mode="json") for asset in assets]
        row.upload_urls = []
        row.updated_at = now
    return tuple(AssetRef.model_validate(asset) for asset in row.assets)


def find_render(session: Session, project_id: str) -> RenderRow | None:
    """As `load_render`, or None where nothing was made of it yet."""
    return session.get(RenderRow, project_id, populate_existing=True)


def mark_started(session: Session, project_id: str, run_id: str) -> None:
    """Remember the workflow run, the sign that Temporal has taken the render over."""
    session.execute(_MARK_STARTED, {"stored_id": project_id, "new_run_id": run_id})


def request_cancel(session: Session, project_id: str, *, now: datetime) -> None:
    """Remember that the caller wants the render canceled, whether or not Temporal can be told."""
    session.execute(
        update(RenderRow)
        .where(RenderRow.project_id == project_id, RenderRow.status.in_(ACTIVE_STATES))
        .values(cancel_requested=True, updated_at=now)
    )


def list_active(session: Session, *, created_before: datetime, limit: int) -> list[RenderRow]:
    """The renders that have not ended, oldest change first, for the reconciling sweep."""
    return list(
        session.scalars(
            select(RenderRow)
            .where(RenderRow.status.in_(ACTIVE_STATES), RenderRow.created_at < created_before)
            .order_by(RenderRow.updated_at)
            .limit(limit)
        )
    )


def find_not_active(session: Session, project_ids: Sequence[str]) -> list[str]:
    """Which of these have ended, or were never a render."""
    active = set(
        session.scalars(
            select(RenderRow.project_id).where(
                RenderRow.project_id.in_(project_ids), RenderRow.status.in_(ACTIVE_STATES)
            )
        )
    )
    return [project_id for project_id in project_ids if project_id not in active]
