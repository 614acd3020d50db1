"""What operators did, and the writing down of it. The caller owns the transaction."""

from studio.operators.actions import list_actions, record_action
from studio.operators.records import SHELL, ActionPage, OperatorAction

__all__ = ["SHELL", "ActionPage", "OperatorAction", "list_actions", "record_action"]
