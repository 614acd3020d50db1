"""The providers that the settings name: which there are, and their adapters for one worker."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Final, Protocol, TypeVar

from pydantic import SecretStr

from runtime.settings import Settings, SettingsError
from studio.providers.limits import limited
from studio.providers.ports import Providers, VideoModel
from studio.storage.factory import GCS_ENDPOINT, GCS_SCOPE

if TYPE_CHECKING:
    from google.auth.credentials import Credentials

    from studio.providers.google.gcs_objects import GcsObjects
    from studio.providers.local.video import FetchKeyframe

LOCAL: Final = "local"
GOOGLE: Final = "google"
GOOGLE_CLOUD: Final = "google-cloud"
FAL: Final = "fal"
KLING: Final = "kling"

CALLS_MAX: Final[Mapping[str, int]] = {GOOGLE: 16, GOOGLE_CLOUD: 16, FAL: 16, KLING: 8}
"""Side by side in one worker, where FVS_PROVIDER_CALLS_MAX says nothing else: a few renders' shots,
and no account's smallest quota at once."""

_STAND_IN_TOKEN: Final = "stand-in"  # noqa: S105 -- says nothing to anyone

Key = TypeVar("Key")


class Closable(Protocol):
    async def aclose(self) -> None: ...


def adapter_names(settings: Settings) -> frozenset[str]:
    """The providers that workers with these settings can call. Builds and connects nothing."""
    names = {
        LOCAL: True,
        GOOGLE: settings.google_api_key is not None,
        # Without a place for its clips no order of Veo's could be found again.
        GOOGLE_CLOUD: bool(settings.google_project and settings.google_output_uri),
        FAL: settings.fal_key is not None,
        KLING: settings.kling_api_key is not None,
    }
    return frozenset(name for name, is_there in names.items() if is_there)


@asynccontextmanager
async def open_providers(
    settings: Settings, *, now: Callable[[], datetime], fetch_keyframe: "FetchKeyframe"
) -> AsyncIterator[Providers]:
    """The adapters of one worker; their connections are closed at the end of the block.

    Raises SettingsError where Google Cloud is configured and no credentials are found.
    """
    from studio.providers.local.factory import local_providers

    names = adapter_names(settings)
    async with AsyncExitStack() as stack:
        parts = [
            local_providers(
                work_directory=settings.work_directory / "local-clips",
                fetch_keyframe=fetch_keyframe,
            )
        ]
        if GOOGLE in names:
            parts.append(_google(settings, stack))
        if GOOGLE_CLOUD in names:
            parts.append(_google_cloud(settings, stack))
        if FAL in names:
            parts.append(_fal(settings, stack, now))
        if KLING in names:
            parts.append(_kling(settings, stack))
        yield limited(_joined(parts), {**CALLS_MAX, **settings.provider_calls_max})


# The SDKs take a second to import: only those of configured providers are, and none by the gateway.


def _google(settings: Settings, stack: AsyncExitStack) -> Providers:
    from studio.providers.google.client import DeveloperAccess, GoogleClient
    from studio.providers.google.factory import google_providers
    from studio.providers.google.files import DeveloperFiles
    from studio.providers.google.omni import OmniVideo

    key, base_url = _secret(settings.google_api_key), settings.google_base_url
    client = _closing(stack, GoogleClient(DeveloperAccess(key), base_url=base_url))
    files = _closing(stack, DeveloperFiles(key, base_url=base_url))
    return _joined([google_providers(client), _video(GOOGLE, OmniVideo(client, files=files))])


def _google_cloud(settings: Settings, stack: AsyncExitStack) -> Providers:
    from google.oauth2.credentials import Credentials as GivenToken

    from studio.providers.google.client import EnterpriseAccess, GoogleClient
    from studio.providers.google.objects import LOST_AFTER_SECONDS
    from studio.providers.google.veo import VeoVideo

    base_url = settings.google_cloud_base_url
    access = EnterpriseAccess(
        _given(settings.google_project),
        settings.google_location,
        GivenToken(token=_STAND_IN_TOKEN) if base_url else _machine_credentials(),  # type: ignore[no-untyped-call]  # google-auth is typed in part
    )
    client = _closing(stack, GoogleClient(access, base_url=base_url))
    objects = _closing(stack, _objects(settings))
    lost_after = settings.lost_after_seconds.get(GOOGLE_CLOUD, LOST_AFTER_SECONDS)
    output_uri = _given(settings.google_output_uri)
    veo = VeoVideo(client, objects, output_uri=output_uri, lost_after_seconds=lost_after)
    return _video(GOOGLE_CLOUD, veo)


def _objects(settings: Settings) -> "GcsObjects":
    from google.auth.credentials import AnonymousCredentials
    from google.cloud import storage

    from studio.providers.google.gcs_objects import GcsObjects

    endpoint = settings.gcs_endpoint
    return GcsObjects(
        storage.Client(
            project=settings.google_project,
            credentials=AnonymousCredentials() if endpoint else _machine_credentials(),  # type: ignore[no-untyped-call]  # as above
            client_options={"api_endpoint": endpoint or GCS_ENDPOINT},
        )
    )


def _machine_credentials() -> "Credentials":
    import google.auth
    from google.auth.exceptions import DefaultCredentialsError

    try:
        credentials, _project = google.auth.default(scopes=[GCS_SCOPE])
    except DefaultCredentialsError as error:
        raise SettingsError(
            "FVS_GOOGLE_PROJECT is set but no Google credentials were found; set "
            "GOOGLE_APPLICATION_CREDENTIALS or run on Google Cloud."
        ) from error
    return credentials


def _fal(settings: Settings, stack: AsyncExitStack, now: Callable[[], datetime]) -> Providers:
    from studio.providers.fal.video import LOST_AFTER_SECONDS, FalKlingVideo

    model = FalKlingVideo(
        _secret(settings.fal_key),
        now=now,
        base_url=settings.fal_base_url,
        lost_after_seconds=settings.lost_after_seconds.get(FAL, LOST_AFTER_SECONDS),
    )
    return _video(FAL, _closing(stack, model))


def _kling(settings: Settings, stack: AsyncExitStack) -> Providers:
    from studio.providers.kling.video import LOST_AFTER_SECONDS, KlingVideo

    model = KlingVideo(
        _secret(settings.kling_api_key),
        base_url=settings.kling_base_url,
        lost_after_seconds=settings.lost_after_seconds.get(KLING, LOST_AFTER_SECONDS),
    )
    return _video(KLING, _closing(stack, model))


def _video(provider: str, model: VideoModel) -> Providers:
    return Providers(videos={provider: model})


def _joined(parts: list[Providers]) -> Providers:
    return Providers(
        analysts={name: found for part in parts for name, found in part.analysts.items()},
        planners={name: found for part in parts for name, found in part.planners.items()},
        images={name: found for part in parts for name, found in part.images.items()},
        critics={name: found for part in parts for name, found in part.critics.items()},
        videos={name: found for part in parts for name, found in part.videos.items()},
        music={name: found for part in parts for name, found in part.music.items()},
        voices={name: found for part in parts for name, found in part.voices.items()},
    )


Client = TypeVar("Client", bound=Closable)


def _closing(stack: AsyncExitStack, client: Client) -> Client:
    stack.push_async_callback(client.aclose)
    return client


def _given(value: Key | None) -> Key:
    """A setting that `adapter_names` has found set."""
    if value is None:
        raise SettingsError("A provider's setting is missing.")
    return value


def _secret(value: SecretStr | None) -> str:
    return _given(value).get_secret_value()
