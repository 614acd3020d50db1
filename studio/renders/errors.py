"""What can go wrong with the record of a render."""

from typing import ClassVar

from studio.contracts.errors import StudioError


class RenderError(StudioError):
    code: ClassVar[str] = "render_error"


class UnknownRender(RenderError):
    """No such render, or another account's: the two must look the same."""

    code: ClassVar[str] = "unknown_render"

    def __init__(self, project_id: str) -> None:
        super().__init__(f"There is no render {project_id!r} in this account.")
