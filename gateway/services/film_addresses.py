"""Which addresses films are fetched from: those of our own files, and no other."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote

import httpx2

from gateway.services.download_errors import UrlNotAllowed

FILM_URL_LENGTH_MAX: Final = 4096
"""Google's signed addresses have some 900 characters."""
LOOPBACK_HOSTS: Final = frozenset({"127.0.0.1", "::1", "localhost"})
"""The names of this machine, exactly; `127.1` and its like are none of ours."""

_PORTS: Final = {"http": 80, "https": 443}
_CHARACTERS: Final = frozenset(map(chr, range(0x21, 0x7F))) - set('\\#<>"{}|^`')
"""What a signed address is made of (RFC 3986). A fragment is never sent, so none is taken."""


@dataclass(frozen=True)
class FilmAddress:
    """`is_ours`: on a host that the configuration names, which may be in a network of ours."""

    url: httpx2.URL
    is_ours: bool


def _nothing_issued(_url: str) -> bool:
    return False


class FilmOrigins:
    """Scheme, host, port and folder have to be those of a configured origin, to the letter."""

    def __init__(
        self, origins: Sequence[str], *, is_issued: Callable[[str], bool] = _nothing_issued
    ) -> None:
        """`origins` are the folders of films, such as `https://studio.example/files/`.

        `is_issued` knows single HTTPS addresses that the gateway itself has given. Raises
        ValueError for an origin without a folder, or one that is neither HTTPS nor loopback.
        """
        self._origins = tuple(map(httpx2.URL, origins))
        self._is_issued = is_issued
        for origin in self._origins:
            is_folder = origin.path.endswith("/") and origin.path != "/" and not origin.query
            if not is_sealed(origin) or not is_folder or origin.userinfo:
                raise ValueError("an origin of films is https://host/folder/")

    def checked(self, url: str) -> FilmAddress:
        """The address, if it is one of a film. Raises UrlNotAllowed."""
        address = _parsed(url)
        if any(_is_below(address, origin) for origin in self._origins):
            return FilmAddress(address, is_ours=True)
        if address.scheme == "https" and address.port is None and self._is_issued(url):
            return FilmAddress(address, is_ours=False)
        raise UrlNotAllowed(
            "final_video_url is no address of this service's films. Take it unchanged from "
            "fvs_get_render_status or fvs_get_paid_render_status."
        )


def is_loopback(url: httpx2.URL) -> bool:
    """Whether it is plain HTTP to this very machine, by one of its plain names."""
    return url.scheme == "http" and url.host in LOOPBACK_HOSTS


def is_sealed(url: httpx2.URL) -> bool:
    """HTTPS, or within this machine: nobody on the way reads or changes what is sent."""
    return url.scheme == "https" or is_loopback(url)


def _parsed(url: str) -> httpx2.URL:
    if not 0 < len(url) <= FILM_URL_LENGTH_MAX or not _CHARACTERS.issuperset(url):
        raise UrlNotAllowed("final_video_url is not a URL that this service signs.")
    try:
        address = httpx2.URL(url)
    except httpx2.InvalidURL:
        raise UrlNotAllowed("final_video_url is not a URL.") from None
    # Steps up are gone from a parsed path, unless they were escaped for the server to resolve.
    has_steps = {".", ".."} & set(unquote(address.path).split("/"))
    if "@" in url.partition("?")[0] or has_steps:
        raise UrlNotAllowed("final_video_url is not a URL that this service signs.")
    return address


def _is_below(address: httpx2.URL, origin: httpx2.URL) -> bool:
    return (
        address.scheme == origin.scheme
        and address.raw_host == origin.raw_host
        and _port(address) == _port(origin)
        and address.path.startswith(origin.path)
        and address.path != origin.path
    )


def _port(url: httpx2.URL) -> int | None:
    return url.port or _PORTS.get(url.scheme)
