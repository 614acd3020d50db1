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


class InvalidCursor(RenderError):
    """A list cursor that this service did not make."""

    code: ClassVar[str] = "invalid_cursor"

    def __init__(self) -> None:
        super().__init__("The cursor is not one of ours; leave it out to start from the newest.")
