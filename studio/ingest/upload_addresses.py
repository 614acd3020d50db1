"""The address of an upload: what it has to be, where it leads on to, what the file is called."""

from typing import Final
from urllib.parse import unquote

import httpx2

from studio.contracts.public_addresses import HTTPS_PORT, is_public_name
from studio.ingest.fetch_errors import FetchReason, not_fetched
from studio.ingest.parts import upload_label

URL_LENGTH_MAX: Final = 8192
"""A signed address of a cloud has 2,000 characters at most; servers take 8 KiB (RFC 9110, 4.1)."""


def checked_address(url: str) -> httpx2.URL:
    """The address if it is HTTPS to a name that may be public: no other port, no user, no number.

    The name's addresses are checked when it is connected to. Raises UploadRefused.
    """
    try:
        address = httpx2.URL(url) if len(url) <= URL_LENGTH_MAX else httpx2.URL()
    except httpx2.InvalidURL:
        raise not_fetched(FetchReason.ADDRESS) from None
    is_plain = (
        address.scheme == "https" and not address.userinfo and address.port in (None, HTTPS_PORT)
    )
    if not is_plain or not is_public_name(address.raw_host.decode("ascii")):
        raise not_fetched(FetchReason.ADDRESS)
    return address


def onward_address(address: httpx2.URL, locations: list[bytes]) -> httpx2.URL:
    """Where a redirect leads, checked like the first address. Raises UploadRefused."""
    try:
        (location,) = locations
        onward = address.join(location.decode("ascii"))
    except (ValueError, httpx2.InvalidURL):
        raise not_fetched(FetchReason.ADDRESS) from None
    return checked_address(str(onward))


def fetched_filename(url: str, filename: str | None, number: int) -> str:
    """The label of the `number`th upload: by its entry, else by the last part of its path.

    Nothing of a query goes into it. Raises UploadRefused.
    """
    if filename is not None:
        return upload_label(filename, number)
    path = checked_address(url).raw_path.partition(b"?")[0]
    return upload_label(unquote(path.rpartition(b"/")[2], errors="replace"), number)
