"""The two kinds of data objects: strict at the HTTP edge, forgiving inside Temporal."""

from pydantic import BaseModel, ConfigDict


class EdgeModel(BaseModel):
    """What a caller sends. Unknown fields and loose types are refused.

    A misspelt field must never silently change a render that costs money, and `true` is no shot
    count. Text is trimmed.
    """

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, str_strip_whitespace=True)


class Payload(BaseModel):
    """What travels in Temporal payloads and JSON columns. Unknown fields are ignored.

    During a rolling deployment an older worker reads what a newer one wrote; a field that it does
    not know must not break the runs in flight.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)
