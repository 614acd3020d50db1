"""What operators' acts look like from outside."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from pydantic import JsonValue

SHELL = "shell"
"""Who acts on the command line: whoever can read the database's password."""


@dataclass(frozen=True)
class OperatorAction:
    action_id: str
    operator: str
    action: str
    account_id: str | None
    details: Mapping[str, JsonValue]
    created_at: datetime


@dataclass(frozen=True)
class ActionPage:
    """Newest first; `next_cursor` is None on the last page."""

    actions: tuple[OperatorAction, ...]
    next_cursor: str | None
