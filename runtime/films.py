"""Where films are saved and what from, as the settings say: for the gateway and for `fvs mcp`."""

import secrets
import ssl
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import httpx2

from gateway.services.download_places import DownloadFolder
from gateway.services.downloads import FilmDownloads
from gateway.services.film_addresses import LOOPBACK_HOSTS, FilmOrigins, is_sealed
from runtime.settings import Settings, SettingsError
from studio.storage.factory import GCS_ENDPOINT
from studio.storage.local import FILES_PATH

NAME_BYTES: Final = 8
"""Of the name of a film that is not whole yet: nobody guesses it, and no two are alike."""
HOME_FOLDER: Final = "Videos"


def gateway_films(settings: Settings) -> FilmDownloads | None:
    """What the gateway's MCP server saves films with; None unless a folder is configured.

    Raises SettingsError where there is a folder and no address of films that could be believed.
    """
    if settings.mcp_download_root is None:
        return None
    origins = [origin for origin in _gateway_origins(settings) if is_sealed(httpx2.URL(origin))]
    if not origins:
        raise SettingsError(
            "FVS_MCP_DOWNLOAD_ROOT needs addresses that films surely have: set FVS_PUBLIC_BASE_URL "
            "to an https address, or FVS_MCP_DOWNLOAD_PRIVATE to true on a machine of development."
        )
    return _films(settings, settings.mcp_download_root, FilmOrigins(origins))


def local_films(
    settings: Settings, base_url: str, *, is_issued: Callable[[str], bool]
) -> FilmDownloads:
    """What `fvs mcp` saves films with: those of the gateway at `base_url`, and what it gave."""
    root = settings.mcp_download_root or Path.home() / HOME_FOLDER
    return _films(settings, root, FilmOrigins([base_url + FILES_PATH], is_issued=is_issued))


def _films(settings: Settings, root: Path, origins: FilmOrigins) -> FilmDownloads:
    return FilmDownloads(
        origins,
        DownloadFolder(root, new_name=lambda: f".{secrets.token_hex(NAME_BYTES)}"),
        trust=ssl.create_default_context(),
        may_be_private=settings.mcp_download_private,
    )


def _gateway_origins(settings: Settings) -> Sequence[str]:
    if settings.storage_url.startswith("gs://"):
        bucket = settings.storage_url.removeprefix("gs://").strip("/")
        return [f"{settings.gcs_endpoint or GCS_ENDPOINT}/{bucket}/"]
    if settings.public_base_url:
        return [settings.public_base_url + FILES_PATH]
    if settings.mcp_download_private and settings.host in LOOPBACK_HOSTS:
        hosts = ("127.0.0.1", "localhost")
        return [f"http://{host}:{settings.port}{FILES_PATH}" for host in hosts]
    return []
