"""What is handed to the quotes' repository."""

from dataclasses import dataclass, field
from datetime import datetime

from studio.contracts.quote_request import UploadUrl
from studio.contracts.request import RenderRequest
from studio.contracts.workflow_io import RenderInput


@dataclass(frozen=True)
class NewQuote:
    """A quote as it is first stored: all that is needed to make the render once it is paid."""

    quote_id: str
    request: RenderRequest
    upload_urls: tuple[UploadUrl, ...]
    workflow_input: RenderInput
    currency: str
    body_digest: str
    fingerprint: str
    claim_hash: str
    idempotency_hash: str | None
    expires_at: datetime


@dataclass(frozen=True)
class Claim:
    """A payment credential that was found to be authentic. `sealed_token` is encrypted."""

    challenge_id: str
    credential_hash: str
    sealed_token: bytes = field(repr=False)
