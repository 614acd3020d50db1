"""Which methods an address takes."""

from fastapi.routing import iter_route_contexts
from starlette.routing import compile_path
from starlette.types import Scope


def methods_at(scope: Scope) -> list[str]:
    """Every method of the request's address. The framework names those of its first route alone."""
    methods: set[str] = set()
    for route in iter_route_contexts(scope["app"].routes):
        if route.path and compile_path(route.path)[0].match(scope["path"]):
            methods |= route.methods or set()
    return sorted(methods)
