"""List cursors: opaque to callers, stable while new rows are added at the top."""

import base64
import binascii
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import ClassVar
from uuid import UUID

from studio.contracts.errors import StudioError


class InvalidCursor(StudioError):
    """A list cursor that this service did not make."""

    code: ClassVar[str] = "invalid_cursor"

    def __init__(self) -> None:
        super().__init__("The cursor is not one of ours; leave it out to start from the newest.")


@dataclass(frozen=True)
class Cursor:
    """The position after one row: its creation time and id."""

    created_at: datetime
    row_id: str

    @property
    def row_uuid(self) -> UUID:
        """The id of a row whose ids are UUIDs. InvalidCursor where it is another list's."""
        try:
            return UUID(self.row_id)
        except ValueError as error:
            raise InvalidCursor from error

    def encode(self) -> str:
        text = f"{self.created_at.isoformat()}|{self.row_id}"
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")

    @staticmethod
    def decode(text: str) -> "Cursor":
        """Read a cursor back. InvalidCursor for anything that this class did not encode."""
        try:
            padded = text + "=" * (-len(text) % 4)
            moment, row_id = base64.urlsafe_b64decode(padded).decode().split("|", 1)
            created_at = datetime.fromisoformat(moment)
            if created_at.tzinfo is None or "\0" in row_id:
                raise InvalidCursor
            return Cursor(created_at.astimezone(UTC), row_id)
        except (ValueError, OverflowError, binascii.Error, UnicodeError) as error:
            raise InvalidCursor from error
