"""References to the files that a caller handed in. References travel, bytes never do."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from studio.contracts.base import EdgeModel, Payload
from studio.contracts.limits import ASSET_TEXT_LENGTH_MAX


class AssetKind(StrEnum):
    IMAGE = "image"
    AUDIO = "audio"
    VIDEO = "video"
    DOCUMENT = "document"


AssetText = Annotated[str, Field(max_length=ASSET_TEXT_LENGTH_MAX)]


class AssetManifestEntry(EdgeModel):
    """A caller's label and purpose for an uploaded file, matched by the file's base name."""

    filename: AssetText = Field(min_length=1, description="Base name of an uploaded file.")
    label: AssetText = ""
    purpose: AssetText = ""


class AssetRef(Payload):
    """A stored upload: where it is, what it is, and what the caller calls it.

    `key` is a storage key made from the content's hash, never from the caller's file name, which
    is a label only.
    """

    index: int
    key: str
    sha256: str
    kind: AssetKind
    media_type: str
    size_bytes: int
    filename: str
    label: str = ""
    purpose: str = ""
