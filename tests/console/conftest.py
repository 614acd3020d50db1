from tests.api.conftest import plain_logs, png, stack, till
from tests.console.looking import browser, looker

__all__ = ["browser", "looker", "plain_logs", "png", "stack", "till"]
