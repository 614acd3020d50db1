"""List cursors: opaque to callers, stable while new renders are added at the top."""

import base64
import binascii
from dataclasses import dataclass
from datetime import UTC, datetime

from studio.renders.errors import InvalidCursor


@dataclass(frozen=True)
class Cursor:
    """The position after one row: its creation time and id."""

    created_at: datetime
    project_id: str

    def encode(self) -> str:
        text = f"{self.created_at.isoformat()}|{self.project_id}"
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")

    @staticmethod
    def decode(text: str) -> "Cursor":
        """Read a cursor back. InvalidCursor for anything that this class did not encode."""
        try:
            padded = text + "=" * (-len(text) % 4)
            moment, project_id = base64.urlsafe_b64decode(padded).decode().split("|", 1)
            created_at = datetime.fromisoformat(moment)
            if created_at.tzinfo is None or "\0" in project_id:
                raise InvalidCursor
            return Cursor(created_at.astimezone(UTC), project_id)
        except (ValueError, OverflowError, binascii.Error, UnicodeError) as error:
            raise InvalidCursor from error
