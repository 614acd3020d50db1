"""What every check of the audit needs."""

from typing import Final

from sqlalchemy import ColumnElement, SQLColumnExpression, func

FINDINGS_MAX: Final = 100
"""How many sentences a check gives at most; one broken release must not flood an alarm."""


def total(column: SQLColumnExpression[int]) -> ColumnElement[int]:
    """The sum, 0 of nothing."""
    return func.coalesce(func.sum(column), 0)
