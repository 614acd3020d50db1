"""Which methods an address takes."""

from fastapi.routing import iter_route_contexts
from starlette.routing import compile_path
from starlette.types import Scope


def methods_at(scope: Scope) -> list[str]:
    """Every method of the request's address. The framework names those of its first route alone.

    An address that has a route of its own is not another's parameter as well: `/renders/estimate`
    is no render.
    """
    path: str = scope["path"]
    own: set[str] = set()
    matching: set[str] = set()
    for route in iter_route_contexts(scope["app"].routes):
        if route.path and compile_path(route.path)[0].match(path):
            (own if route.path == path else matching).update(route.methods or ())
    return sorted(own or matching)
