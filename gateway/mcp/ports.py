"""What the tool of downloads asks of the server around it."""

from collections.abc import Awaitable, Callable, Mapping

IsKnownCaller = Callable[[Mapping[str, str] | None], Awaitable[bool]]
"""Whether the headers of a call carry a key that is good now. None: there are no headers."""
