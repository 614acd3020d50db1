"""What is posted to `/render-quotes`: a brief, and where its uploads can be fetched."""

from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, model_validator

from studio.contracts.base import EdgeModel
from studio.contracts.limits import (
    ASSET_TEXT_LENGTH_MAX,
    UPLOAD_FILES_MAX,
    UPLOAD_URL_LENGTH_MAX,
)
from studio.contracts.request import RenderRequest
from studio.contracts.text import PlainText

HTTPS_PORT = 443


class UploadUrl(EdgeModel):
    """Where an upload is, and what the caller calls it. Not fetched before it is paid for.

    Only its form is looked at here; whether its host is a public one is seen when it is fetched.
    """

    url: Annotated[PlainText, Field(min_length=1, max_length=UPLOAD_URL_LENGTH_MAX, repr=False)]
    filename: Annotated[PlainText, Field(max_length=ASSET_TEXT_LENGTH_MAX)] = ""

    @model_validator(mode="after")
    def _check_address(self) -> Self:
        try:
            parts = urlsplit(self.url)
            port = parts.port
        except ValueError:
            raise ValueError("url is not a web address") from None
        if parts.scheme != "https" or not parts.hostname:
            raise ValueError("url must be a public https:// address")
        if parts.username is not None or parts.password is not None:
            raise ValueError("url must not carry a user name or a password")
        if port not in (None, HTTPS_PORT):
            raise ValueError("url must use the standard port 443")
        return self


def _accept_bare_url(value: object) -> object:
    return {"url": value} if isinstance(value, str) else value


class QuoteRequest(EdgeModel):
    """`request` is that of a render; each upload is a bare address or `{url, filename?}`."""

    request: RenderRequest
    upload_urls: Annotated[
        tuple[Annotated[UploadUrl, BeforeValidator(_accept_bare_url)], ...],
        Field(max_length=UPLOAD_FILES_MAX),
    ] = ()
