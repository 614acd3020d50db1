from tests.api.conftest import plain_logs, png, stack, till

__all__ = ["plain_logs", "png", "stack", "till"]
