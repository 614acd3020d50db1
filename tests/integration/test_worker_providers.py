"""The providers of a worker are those that its settings name, and their calls go where they say."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from runtime.providers import adapter_names, open_providers
from runtime.settings import Settings, SettingsError, load_settings
from studio.providers.errors import ProviderError
from studio.providers.ports import Providers
from tests.contract.video_vendors import FAL, KLING, OMNI, VEO, Vendor, order_for
from tests.kit.vendors.faults import Fault
from tests.kit.vendors.server import VendorServer

KEYS = {
    "FVS_GOOGLE_API_KEY": "google-secret",
    "FVS_GOOGLE_PROJECT": "project",
    "FVS_GOOGLE_OUTPUT_URI": "gs://clips/outputs",
    "FVS_FAL_KEY": "fal-id:fal-secret",
    "FVS_KLING_API_KEY": "kling-secret",
}
SECRETS = ("google-secret", "fal-secret", "kling-secret")
CLOSED = "http://127.0.0.1:9"


@pytest.fixture(autouse=True)
def _empty_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import os

    for name in list(os.environ):
        if name.startswith(("FVS_", "GOOGLE_")):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


async def keyframe_of(_key: str, _destination: Path) -> None:
    raise AssertionError("no keyframe is needed")


def settings_for(monkeypatch: pytest.MonkeyPatch, url: str, *names: str) -> Settings:
    for name in names:
        monkeypatch.setenv(name, KEYS[name])
    for provider in ("GOOGLE", "GOOGLE_CLOUD", "FAL", "KLING"):
        monkeypatch.setenv(f"FVS_{provider}_BASE_URL", url)
    monkeypatch.setenv("FVS_GCS_ENDPOINT", CLOSED)
    return load_settings()


def names_of(providers: Providers) -> frozenset[str]:
    return frozenset(
        name
        for adapters in (providers.videos, providers.images, providers.planners, providers.voices)
        for name in adapters
    )


@pytest.mark.parametrize(
    ("variables", "names"),
    [
        ((), {"local"}),
        (("FVS_GOOGLE_API_KEY",), {"local", "google"}),
        (("FVS_FAL_KEY", "FVS_KLING_API_KEY"), {"local", "fal", "kling"}),
        (("FVS_GOOGLE_PROJECT", "FVS_GOOGLE_OUTPUT_URI"), {"local", "google-cloud"}),
        (("FVS_GOOGLE_PROJECT",), {"local"}),
        (tuple(KEYS), {"local", "google", "google-cloud", "fal", "kling"}),
    ],
)
async def test_a_worker_has_what_the_gateway_says_it_has(
    monkeypatch: pytest.MonkeyPatch, variables: tuple[str, ...], names: set[str]
) -> None:
    settings = settings_for(monkeypatch, CLOSED, *variables)
    assert adapter_names(settings) == names
    async with open_providers(
        settings, now=lambda: datetime.now(UTC), fetch_keyframe=keyframe_of
    ) as providers:
        assert names_of(providers) == names


def test_clips_of_google_cloud_go_beside_what_is_stored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FVS_STORAGE_URL", "gs://bucket/films")
    monkeypatch.setenv("FVS_GOOGLE_PROJECT", "project")
    settings = load_settings()
    assert settings.google_output_uri == "gs://bucket/films/provider-outputs"
    assert "google-cloud" in adapter_names(settings)
    assert "FVS_GOOGLE_OUTPUT_URI" in settings.configured()


@pytest.mark.parametrize(
    ("variable", "value", "sentence"),
    [
        ("FVS_GOOGLE_OUTPUT_URI", "file:/tmp", "must start with gs://"),
        ("FVS_FAL_BASE_URL", "fal.example", "must start with http:// or https://"),
        ("FVS_PROVIDER_CALLS_MAX", '{"fall": 3}', "has a provider that does not exist"),
        ("FVS_PROVIDER_CALLS_MAX", '{"fal": 0}', "greater than or equal to 1"),
        ("FVS_PROVIDER_CALLS_MAX", "4", "must be a JSON object"),
        ("FVS_LOST_AFTER_SECONDS", '{"google": 3}', "has a provider that does not exist"),
        ("FVS_LOST_AFTER_SECONDS", '{"fal": 0}', "greater than 0"),
    ],
)
def test_a_wrong_setting_is_named(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, sentence: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(SettingsError) as raised:
        load_settings()
    assert variable in raised.value.detail
    assert sentence in raised.value.detail


@pytest.mark.parametrize(
    ("vendor", "provider"),
    [(VEO, "google-cloud"), (OMNI, "google"), (FAL, "fal"), (KLING, "kling")],
    ids=str,
)
async def test_a_configured_worker_orders_and_tells_no_key(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, vendor: Vendor, provider: str
) -> None:
    async with VendorServer() as server:
        settings = settings_for(monkeypatch, server.url, *KEYS)
        async with open_providers(
            settings, now=lambda: datetime.now(UTC), fetch_keyframe=keyframe_of
        ) as providers:
            model, request = providers.videos[provider], order_for(vendor, tmp_path)
            prepared = await model.prepare(request)
            handle = await model.submit(request, prepared)
            server.faults.add(vendor.submit, Fault.DENIED)
            with pytest.raises(ProviderError) as raised:
                await model.submit(request, prepared)
        assert len(server.books.jobs(vendor.submit)) == 1
    told = f"{prepared} {handle} {raised.value.detail} {raised.value!r} {settings!r}"
    assert not any(secret in told for secret in SECRETS)
