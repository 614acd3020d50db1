"""Settings come from the environment, say plainly what is wrong, and show no secret."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from runtime.settings import Settings, SettingsError, load_settings
from runtime.settings_text import host_list, origin_list
from studio.contracts.workflow_io import Timings

PEPPER = "pepper-of-sixteen"
OLDER = "an-older-pepper-16"


@pytest.fixture(autouse=True)
def _empty_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import os

    for name in list(os.environ):
        if name.startswith("FVS_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def test_paths_are_absolute_against_the_folder_of_the_process(tmp_path: Path) -> None:
    settings = load_settings()
    assert settings.database_url == f"sqlite:///{tmp_path}/.fvs/fvs.db"
    assert settings.storage_url == f"file:{tmp_path}/.fvs/storage"
    assert settings.storage_path == tmp_path / ".fvs/storage"
    assert settings.work_directory == tmp_path / ".fvs/work"


def test_variables_are_read_with_the_prefix(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FVS_PORT", "9000")
    monkeypatch.setenv("FVS_UNCONFIGURED_MODELS", "local")
    monkeypatch.setenv("FVS_PUBLIC_BASE_URL", "https://studio.example/")
    settings = load_settings()
    assert settings.port == 9000
    assert settings.unconfigured_models == "local"
    assert settings.public_base_url == "https://studio.example"


def test_waits_and_proxies_are_read_from_their_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FVS_TIMINGS", '{"clip_timeout_seconds": 3600}')
    monkeypatch.setenv("FVS_TRUSTED_PROXIES", "10.0.0.0/8, 192.0.2.7,")
    settings = load_settings()
    assert settings.timings == Timings(clip_timeout_seconds=3600)
    assert settings.trusted_proxy_addresses() == ["10.0.0.0/8", "192.0.2.7"]


def test_hosts_and_pages_for_mcp_are_read_from_their_variables(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("FVS_PUBLIC_BASE_URL", "https://studio.example")
    monkeypatch.setenv("FVS_MCP_HOSTS", "MCP.example, mcp.other.example:8443,")
    monkeypatch.setenv("FVS_MCP_ORIGINS", "https://app.example,http://localhost:*")
    monkeypatch.setenv("FVS_MCP_WIDGET_DOMAIN", "https://Console.example/")
    settings = load_settings()
    assert host_list(settings.mcp_hosts) == ("mcp.example", "mcp.other.example:8443")
    assert origin_list(settings.mcp_origins) == ("https://app.example", "http://localhost:*")
    assert settings.mcp_widget_domain == "https://console.example"


def test_a_server_refuses_unconfigured_models_unless_told_otherwise() -> None:
    assert load_settings().unconfigured_models == "refuse"


@pytest.mark.parametrize(
    ("variable", "value", "sentence"),
    [
        ("FVS_PORT", "x", "FVS_PORT is wrong: input should be a valid integer"),
        ("FVS_PORT", "70000", "FVS_PORT is wrong: input should be less than or equal to 65535."),
        ("FVS_STORAGE_URL", "s3://b", "FVS_STORAGE_URL is wrong: must start with file: or gs://."),
        ("FVS_DATABASE_URL", "mysql://x", "FVS_DATABASE_URL is wrong: must start with sqlite:///"),
        ("FVS_DATABASE_URL", "sqlite:///", "FVS_DATABASE_URL is wrong: must start with sqlite:///"),
        ("FVS_PUBLIC_BASE_URL", "studio", "FVS_PUBLIC_BASE_URL is wrong: must start with http://"),
        ("FVS_UNCONFIGURED_MODELS", "maybe", "FVS_UNCONFIGURED_MODELS is wrong: input should be"),
        ("FVS_STRIPE_SECRET_KEY", "pk_test_1", "FVS_STRIPE_SECRET_KEY is wrong: must be a secret"),
        ("FVS_STRIPE_NETWORK_ID", "acct_1", "FVS_STRIPE_NETWORK_ID is wrong: must be the id"),
        ("FVS_STRIPE_WEBHOOK_SECRET", "whsec_1,x", "FVS_STRIPE_WEBHOOK_SECRET is wrong: must be"),
        ("FVS_STRIPE_WEBHOOK_SECRET", ",", "FVS_STRIPE_WEBHOOK_SECRET is wrong: must be"),
        ("FVS_LOG_LEVEL", "loud", "FVS_LOG_LEVEL is wrong: input should be"),
        ("FVS_TRUSTED_PROXIES", "10.0.0.0/8, lb", "FVS_TRUSTED_PROXIES is wrong: must be IP"),
        ("FVS_MCP_HOSTS", "https://mcp.example", "FVS_MCP_HOSTS is wrong: must be host names"),
        ("FVS_MCP_HOSTS", "mcp.example", "FVS_MCP_HOSTS is wrong: needs FVS_PUBLIC_BASE_URL"),
        ("FVS_MCP_ORIGINS", "app.example", "FVS_MCP_ORIGINS is wrong: must be origins such as"),
        *(
            ("FVS_MCP_WIDGET_DOMAIN", value, "FVS_MCP_WIDGET_DOMAIN is wrong: must be one origin")
            for value in (
                "http://console.example",
                "console.example",
                "https://console.example/path",
                "https://*.example",
                "https://one.example,https://two.example",
            )
        ),
        ("FVS_TIMINGS", "fast", "FVS_TIMINGS is wrong: must be a JSON object."),
        ("FVS_TIMINGS", "[1]", "FVS_TIMINGS is wrong: must be a JSON object."),
        ("FVS_TIMINGS", '{"clip_timeout": 5}', "FVS_TIMINGS is wrong: has a field that does not"),
        (
            "FVS_TIMINGS",
            '{"clip_timeout_seconds": "x"}',
            "FVS_TIMINGS (clip_timeout_seconds) is wrong: input should be a valid number",
        ),
    ],
)
def test_a_wrong_value_is_a_sentence_that_names_the_variable(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, sentence: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(SettingsError) as refused:
        load_settings()
    assert refused.value.detail.startswith(sentence)


@pytest.mark.parametrize("name", ["key_pepper", "signing_key"])
def test_a_secret_that_is_missing_is_asked_for_when_it_is_needed(name: str) -> None:
    settings = load_settings()
    with pytest.raises(SettingsError, match=f"FVS_{name.upper()} is not set"):
        _ = settings.key_peppers() if name == "key_pepper" else settings.signing_keys()


def test_previous_secrets_follow_the_current_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FVS_KEY_PEPPER", PEPPER)
    monkeypatch.setenv("FVS_KEY_PEPPER_PREVIOUS", f"{OLDER}, {OLDER}2,")
    assert load_settings().key_peppers() == [PEPPER.encode(), OLDER.encode(), f"{OLDER}2".encode()]


def test_a_short_secret_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FVS_SIGNING_KEY", "short")
    with pytest.raises(SettingsError, match="at least 16 characters") as refused:
        load_settings().signing_keys()
    assert "short" not in refused.value.detail


def test_no_secret_is_shown() -> None:
    settings = Settings(
        key_pepper=SecretStr(PEPPER),
        fal_key=SecretStr(OLDER),
        database_url="postgresql://fvs:hunter2@db/fvs",
    )
    assert PEPPER not in repr(settings)
    assert OLDER not in repr(settings)
    assert "hunter2" not in repr(settings)


def test_the_ids_of_models_are_told_by_their_variables() -> None:
    assert Settings().model_ids() == {}
    settings = Settings(omni_video_model_id="gemini-omni-1.2-flash")
    assert settings.model_ids() == {"FVS_OMNI_VIDEO_MODEL_ID": "gemini-omni-1.2-flash"}


def test_configured_names_the_variables_that_have_a_value() -> None:
    assert "FVS_FAL_KEY" not in Settings().configured()
    assert "FVS_FAL_KEY" in Settings(fal_key=SecretStr(OLDER)).configured()
