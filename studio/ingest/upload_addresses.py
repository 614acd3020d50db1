"""The address of an upload: what it has to be, and where it leads on to."""

import httpx2

from studio.contracts.limits import UPLOAD_URL_LENGTH_MAX
from studio.contracts.public_addresses import HTTPS_PORT, is_public_name
from studio.ingest.fetch_errors import FetchReason, not_taken


def checked_address(url: str) -> httpx2.URL:
    """The address if it is HTTPS to a name that may be public: no other port, no user, no number.

    The name's addresses are checked when it is connected to. Raises UploadRefused.
    """
    try:
        address = httpx2.URL(url) if len(url) <= UPLOAD_URL_LENGTH_MAX else httpx2.URL()
    except httpx2.InvalidURL:
        raise not_taken(FetchReason.ADDRESS) from None
    is_plain = (
        address.scheme == "https" and not address.userinfo and address.port in (None, HTTPS_PORT)
    )
    if not is_plain or not is_public_name(address.raw_host.decode("ascii")):
        raise not_taken(FetchReason.ADDRESS)
    return address


def onward_address(address: httpx2.URL, locations: list[bytes]) -> httpx2.URL:
    """Where a redirect leads, checked like the first address. Raises UploadRefused."""
    try:
        (location,) = locations
        onward = address.join(location.decode("ascii"))
    except (ValueError, httpx2.InvalidURL):
        raise not_taken(FetchReason.ADDRESS) from None
    return checked_address(str(onward))
