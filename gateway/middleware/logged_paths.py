"""What a log may say of a request's address."""

from typing import Final

from starlette.types import Scope

PATH_LENGTH_MAX: Final = 300
"""Ours have some 100 characters; anybody can ask for one of 60,000."""
SECRET_PART: Final = "token"  # noqa: S105 - a name
"""How a route calls the part of its address that opens something, as a mailed link does."""


def logged_path(scope: Scope) -> str:
    """The path; that of the route where a part of it is a secret."""
    route: str | None = getattr(scope.get("route"), "path", None)
    if route is not None and SECRET_PART in scope.get("path_params", {}):
        return route
    path: str = scope["path"]
    return path[:PATH_LENGTH_MAX]
