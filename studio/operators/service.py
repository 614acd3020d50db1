"""What operators did, and the writing down of it. The caller owns the transaction."""

from studio.operators.actions import is_recorded, list_actions, record_action
from studio.operators.records import SHELL, ActionPage, OperatorAction

__all__ = ["SHELL", "ActionPage", "OperatorAction", "is_recorded", "list_actions", "record_action"]
