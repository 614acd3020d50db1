"""The narrow reads behind polls and lists: rows without their briefs."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from studio.contracts.status import RenderState
from studio.db.cursor import Cursor, cut_page
from studio.db.types import Json
from studio.renders.errors import UnknownRender
from studio.renders.listing import newest_first
from studio.renders.tables import RenderRow

_PROGRESS = select(
    RenderRow.project_id,
    RenderRow.account_id,
    RenderRow.name,
    RenderRow.snapshot,
    RenderRow.run_id,
    RenderRow.cancel_requested,
    RenderRow.created_at,
    RenderRow.updated_at,
    RenderRow.finished_at,
)


@dataclass(frozen=True)
class Progress:
    """What changes about a render, as stored. `snapshot` is a `RenderSnapshot` in JSON."""

    project_id: str
    account_id: str
    name: str
    snapshot: Json
    run_id: str | None
    cancel_requested: bool
    created_at: datetime
    updated_at: datetime
    finished_at: datetime | None


def read_progress(session: Session, project_id: str, *, account_id: str) -> Progress:
    """The account's render. UnknownRender if there is none, or if it is another account's.

    A brief can be hundreds of kilobytes, and a poll needs none of it.
    """
    if "\0" in project_id:
        raise UnknownRender(project_id)  # PostgreSQL takes no such text, not even to look for it
    row = session.execute(_PROGRESS.where(RenderRow.project_id == project_id)).one_or_none()
    if row is None or row.account_id != account_id:
        raise UnknownRender(project_id)
    return Progress(**row._mapping)  # noqa: SLF001 - SQLAlchemy's public accessor


@dataclass(frozen=True)
class ProgressPage:
    """Newest first; `next_cursor` is None on the last page."""

    renders: tuple[Progress, ...]
    next_cursor: str | None


def list_progress(
    session: Session,
    *,
    limit: int,
    cursor: str | None = None,
    account_id: str | None = None,
    status: RenderState | None = None,
    name_part: str = "",
) -> ProgressPage:
    """Renders of one account or all, as `newest_first` narrows them. Raises InvalidCursor."""
    query = newest_first(
        _PROGRESS, cursor=cursor, account_id=account_id, status=status, name_part=name_part
    )
    rows = session.execute(query.limit(limit + 1)).all()
    page, following = cut_page(rows, limit, lambda row: Cursor(row.created_at, row.project_id))
    found = tuple(Progress(**row._mapping) for row in page)  # noqa: SLF001 - as above
    return ProgressPage(found, following)


def owner_of_render(session: Session, project_id: str) -> str:
    """Whose a render is, for whoever may see everybody's. UnknownRender."""
    query = select(RenderRow.account_id).where(RenderRow.project_id == project_id)
    owner = None if "\0" in project_id else session.scalar(query)
    if owner is None:
        raise UnknownRender(project_id)
    return owner


def read_workflow_input(session: Session, project_id: str) -> Json:
    """The `RenderInput` in JSON that the workflow was started with; it never changes."""
    query = select(RenderRow.workflow_input).where(RenderRow.project_id == project_id)
    document: Json | None = session.scalar(query)
    if document is None:
        raise UnknownRender(project_id)
    return document


def read_workflow_inputs(session: Session, project_ids: Sequence[str]) -> dict[str, Json]:
    """As `read_workflow_input`, of each of these that there is."""
    query = select(RenderRow.project_id, RenderRow.workflow_input).where(
        RenderRow.project_id.in_(project_ids)
    )
    return dict(session.execute(query).all())
