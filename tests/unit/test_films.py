"""Where a gateway takes films from, and whether it saves any, as its settings say."""

from pathlib import Path

import pytest

from gateway.services.download_errors import PathNotAllowed, UrlNotAllowed
from runtime.films import gateway_films
from runtime.settings import Settings, SettingsError


async def refuses(settings: Settings, url: str) -> bool:
    """Whether the address is refused, or would only do with a path that is none."""
    films = gateway_films(settings)
    assert films is not None
    with pytest.raises((UrlNotAllowed, PathNotAllowed)) as refusal:
        await films.save(url, "..")
    return refusal.type is UrlNotAllowed


def test_a_gateway_saves_nothing_unless_a_folder_is_configured() -> None:
    assert gateway_films(Settings(public_base_url="https://studio.example")) is None


@pytest.mark.parametrize(
    ("settings", "taken", "refused"),
    [
        (
            Settings(public_base_url="https://studio.example"),
            "https://studio.example/files/projects/film.mp4",
            "https://storage.googleapis.com/bucket/film.mp4",
        ),
        (
            Settings(storage_url="gs://bucket/prefix", public_base_url="https://studio.example"),
            "https://storage.googleapis.com/bucket/prefix/film.mp4?X-Goog-Signature=1",
            "https://storage.googleapis.com/bucket-of-another/film.mp4",
        ),
        (
            Settings(mcp_download_private=True, port=8080),
            "http://127.0.0.1:8080/files/projects/film.mp4",
            "http://127.0.0.1:8081/files/projects/film.mp4",
        ),
    ],
)
async def test_films_are_taken_from_where_they_are_stored(
    tmp_path: Path, settings: Settings, taken: str, refused: str
) -> None:
    configured = settings.model_copy(update={"mcp_download_root": tmp_path})

    assert not await refuses(configured, taken)
    assert await refuses(configured, refused)


@pytest.mark.parametrize(
    "settings",
    [
        Settings(),
        Settings(public_base_url="http://studio.example"),
        Settings(host="0.0.0.0", mcp_download_private=True),  # noqa: S104 - no socket is opened
    ],
)
def test_a_folder_without_an_address_of_films_is_refused_at_the_start(
    tmp_path: Path, settings: Settings
) -> None:
    with pytest.raises(SettingsError, match="FVS_PUBLIC_BASE_URL"):
        gateway_films(settings.model_copy(update={"mcp_download_root": tmp_path}))
