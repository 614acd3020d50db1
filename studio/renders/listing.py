"""Lists of renders, newest first: what narrows them, and where one page ends."""

from typing import TypeVar

from sqlalchemy import Select, tuple_

from studio.contracts.status import RenderState
from studio.db.cursor import Cursor
from studio.renders.tables import RenderRow

_Selected = TypeVar("_Selected")


def newest_first(
    query: Select[_Selected],
    *,
    cursor: str | None,
    account_id: str | None,
    status: RenderState | None,
    name_part: str,
) -> Select[_Selected]:
    """The renders behind a cursor, of one account or all. Raises InvalidCursor.

    `name_part` keeps those whose name has it, in whatever case: of any alphabet on PostgreSQL, of
    ASCII on SQLite.
    """
    if account_id is not None:
        query = query.where(RenderRow.account_id == account_id)
    if status is not None:
        query = query.where(RenderRow.status == status)
    if name_part:
        query = query.where(RenderRow.name.icontains(name_part, autoescape=True))
    if cursor is not None:
        after = Cursor.decode(cursor)
        query = query.where(
            tuple_(RenderRow.created_at, RenderRow.project_id)
            < tuple_(after.created_at, after.row_id)
        )
    return query.order_by(RenderRow.created_at.desc(), RenderRow.project_id.desc())
