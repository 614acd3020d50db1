"""What the processes are configured with: environment variables that start with `FVS_`.

Temporal's own address, namespace and credentials are not here: they come from the standard
`TEMPORAL_…` variables and profiles that `temporalio.envconfig` reads.
"""

import os
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import (
    AliasChoices,
    BeforeValidator,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from runtime.settings_mail import mail_place, mail_sender
from runtime.settings_text import (
    absolute_database_url,
    address_list,
    calls_document,
    host_list,
    https_origin,
    invalid_settings_sentence,
    listed,
    lost_document,
    origin_list,
    provider_outputs,
    timings_document,
)
from studio.contracts import names
from studio.contracts.errors import StudioError
from studio.contracts.workflow_io import Timings

PREFIX = "FVS_"
SECRET_LENGTH_MIN = 16
"""Characters. A pepper or signing key that is shorter can be guessed; NIST SP 800-107 asks for
at least 112 bits, which 16 random printable characters carry amply once base64 or hex is used."""

SQLITE_DEFAULT = "sqlite:///.fvs/fvs.db"


class SettingsError(StudioError):
    """A setting is missing or wrong; the sentence names the variable."""

    code: ClassVar[str] = "settings_invalid"


class Settings(BaseSettings):
    """Every setting has a default but the two secrets, which their methods ask for.

    Paths and the SQLite file are made absolute against the folder the process started in.
    """

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, env_ignore_empty=True)

    database_url: str = Field(default=SQLITE_DEFAULT, repr=False)
    """`sqlite:///path` or `postgresql://…`; not shown, as it may carry a password."""
    storage_url: str = "file:.fvs/storage"
    """`file:path` or `gs://bucket`."""
    gcs_endpoint: str | None = None
    """Another address for Google Cloud Storage, such as an emulator's."""
    work_directory: Path = Path(".fvs/work")
    """Scratch space of the worker; what is in it may be lost at any time."""

    public_base_url: str | None = None
    """Scheme and host for the URLs in answers; without it, the host that the caller used."""
    trusted_proxies: str = ""
    """Addresses and networks, comma-separated, whose X-Forwarded-Proto and -Host are believed."""
    mcp_hosts: str = ""
    """Hosts of their own for MCP, comma-separated: they serve it and its discovery alone."""
    mcp_origins: str = ""
    """Origins of pages that may call `/mcp`, comma-separated."""
    mcp_widget_domain: str | None = None
    """The origin that ChatGPT shows the render console under."""
    mcp_download_root: Path | None = None
    """The folder that the download tool writes below; a gateway without one writes nothing."""
    mcp_download_private: bool = False
    """Films are fetched from our own hosts even where these have no public address."""
    agent_base_url: str = "http://127.0.0.1:8080"
    """The gateway that `fvs mcp` is a bridge to."""
    agent_api_key: SecretStr | None = None
    """The key that `fvs mcp` sends; without one it pays render by render."""
    temporal_ui_url: str | None = None
    """The namespace in Temporal's own pages, such as http://127.0.0.1:8233/namespaces/default: the
    console leads operators from a render to its run there."""
    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=0, le=65535)

    key_pepper: SecretStr | None = None
    key_pepper_previous: SecretStr | None = None
    signing_key: SecretStr | None = None
    signing_key_previous: SecretStr | None = None

    mail_from: str = ""
    """Whom mail is from, such as `Studio <studio@studio.example>`."""
    mail_url: SecretStr | None = None
    """`smtp://…` and `smtps://…` send mail; `console:` and nothing write it to stdout."""

    stripe_secret_key: SecretStr | None = Field(
        default=None,
        validation_alias=AliasChoices("FVS_STRIPE_SECRET_KEY", "STRIPE_SECRET_KEY"),
    )
    stripe_webhook_secret: SecretStr | None = Field(
        default=None,
        validation_alias=AliasChoices("FVS_STRIPE_WEBHOOK_SECRET", "STRIPE_WEBHOOK_SECRET"),
    )
    """Several, comma-separated, while one is rotated."""
    stripe_network_id: str | None = None
    """Our profile in Stripe's network (`profile_…`), which payment tokens are granted to."""
    stripe_base_url: str | None = None
    """Another address of Stripe's API, such as a stand-in's."""
    stripe_token_place: Literal["top_level", "payment_method_data"] = "top_level"  # noqa: S105 - a place
    """Where a charge carries its payment token: Stripe's own documents name both places."""
    mpp_secret: SecretStr | None = None
    mpp_secret_previous: SecretStr | None = None
    payment_realm: str | None = None
    """The realm of payment challenges; without it the host of the public base URL."""
    quotes_per_minute_max: int = Field(default=60, ge=1)
    """New quotes a minute and caller's address."""

    unconfigured_models: Literal["refuse", "local"] = "refuse"
    google_api_key: SecretStr | None = None
    google_project: str | None = None
    google_location: str = "global"
    google_output_uri: str | None = Field(
        default_factory=lambda data: provider_outputs(data.get("storage_url", ""))
    )
    """`gs://bucket/folder` where models of Google Cloud write their clips."""
    fal_key: SecretStr | None = None
    kling_api_key: SecretStr | None = None
    omni_image_model_id: str | None = None
    omni_video_model_id: str | None = None

    google_base_url: str | None = None
    google_cloud_base_url: str | None = None
    fal_base_url: str | None = None
    kling_base_url: str | None = None
    """Other addresses of the providers, of a gateway or a stand-in: see docs/configuration.md."""
    provider_calls_max: Annotated[
        dict[str, Annotated[int, Field(ge=1)]], NoDecode, BeforeValidator(calls_document)
    ] = Field(default={})
    """Calls side by side by provider, a JSON object; see runtime/providers.py for the defaults."""
    lost_after_seconds: Annotated[
        dict[str, Annotated[float, Field(gt=0)]], NoDecode, BeforeValidator(lost_document)
    ] = Field(default={})
    """How long after an order without an answer a provider is believed when it knows of none."""

    render_task_queue: str = names.RENDER_TASK_QUEUE
    active_renders_per_account_max: int = Field(default=20, ge=1)
    worker_workflow_tasks_max: int = Field(default=100, ge=2)
    worker_activities_max: int = Field(default=100, ge=1)
    """Calls of models, which wait for others and need no processor of ours."""
    media_activities_max: int = Field(default_factory=lambda: os.cpu_count() or 1, ge=1)
    """Encodings side by side; more than there are processors only slows each."""
    worker_shutdown_seconds: float = Field(default=10, ge=0)
    """How long a stopping worker lets its activities finish."""
    timings: Annotated[Timings, NoDecode, BeforeValidator(timings_document)] = Timings()
    """The waits of new renders as a JSON object, such as {"clip_timeout_seconds": 3600}."""
    worker_build_id: str | None = None
    """Turns worker versioning on, pinned: a render stays on the build that began it."""

    metrics_host: str = "127.0.0.1"
    """The address that metrics are served on; a container's is 0.0.0.0."""
    gateway_metrics_port: int | None = Field(default=None, ge=1, le=65535)
    worker_metrics_port: int | None = Field(default=None, ge=1, le=65535)
    otel_endpoint: str | None = None
    """Base address of an OTLP/HTTP collector, such as http://localhost:4318; without it no traces
    are made. Headers, sampling and the rest are the standard OTEL_… variables."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["json", "console"] = "json"

    @field_validator("database_url", mode="after")
    @classmethod
    def _absolute_database(cls, value: str) -> str:
        return absolute_database_url(value)

    @field_validator("storage_url", mode="after")
    @classmethod
    def _absolute_storage(cls, value: str) -> str:
        if value.startswith("gs://"):
            return value
        if value.startswith("file:"):
            path = value.removeprefix("file://").removeprefix("file:")
            return f"file:{Path(path).expanduser().absolute()}"
        raise ValueError("must start with file: or gs://")

    @field_validator("work_directory", mode="after")
    @classmethod
    def _absolute_work(cls, value: Path) -> Path:
        return value.expanduser().absolute()

    @field_validator("mcp_download_root", mode="after")
    @classmethod
    def _absolute_root(cls, value: Path | None) -> Path | None:
        return None if value is None else value.expanduser().absolute()

    @field_validator("trusted_proxies", mode="after")
    @classmethod
    def _addresses(cls, value: str) -> str:
        address_list(value)
        return value

    @field_validator("mcp_hosts", mode="after")
    @classmethod
    def _hosts(cls, value: str, info: ValidationInfo) -> str:
        if host_list(value) and not info.data.get("public_base_url"):
            raise ValueError("needs FVS_PUBLIC_BASE_URL: files and links are not served there")
        return value

    @field_validator("mcp_origins", mode="after")
    @classmethod
    def _origins(cls, value: str) -> str:
        origin_list(value)
        return value

    @field_validator("mail_from", mode="after")
    @classmethod
    def _sender(cls, value: str) -> str:
        if value:
            mail_sender(value)
        return value

    @field_validator("mail_url", mode="after")
    @classmethod
    def _mail_place(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        if mail_place(value) is not None and not info.data.get("mail_from"):
            raise ValueError("needs FVS_MAIL_FROM: mail has to be from somebody")
        return value

    @field_validator("mcp_widget_domain", mode="after")
    @classmethod
    def _widget_domain(cls, value: str | None) -> str | None:
        return None if value is None else https_origin(value)

    @field_validator("google_output_uri", mode="after")
    @classmethod
    def _bucket(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith("gs://"):
            raise ValueError("must start with gs://")
        return value.rstrip("/") if value else None

    @field_validator(
        "public_base_url",
        "agent_base_url",
        "temporal_ui_url",
        "otel_endpoint",
        "google_base_url",
        "google_cloud_base_url",
        "fal_base_url",
        "kling_base_url",
        "stripe_base_url",
        mode="after",
    )
    @classmethod
    def _web_address(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith(("http://", "https://")):
            raise ValueError("must start with http:// or https://")
        return value.rstrip("/") if value else None

    @field_validator("stripe_secret_key", mode="after")
    @classmethod
    def _secret_key(cls, value: SecretStr | None) -> SecretStr | None:
        """A publishable key would be found out only when the first card is charged."""
        if value is not None and not value.get_secret_value().startswith(("sk_", "rk_")):
            raise ValueError("must be a secret or a restricted key (sk_… or rk_…)")
        return value

    @field_validator("stripe_webhook_secret", mode="after")
    @classmethod
    def _webhook_secrets(cls, value: SecretStr | None) -> SecretStr | None:
        texts = listed(value)
        if value is not None and not (texts and all(t.startswith("whsec_") for t in texts)):
            raise ValueError("must be signing secrets (whsec_…), comma-separated")
        return value

    @field_validator("stripe_network_id", mode="after")
    @classmethod
    def _network_id(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith("profile_"):
            raise ValueError("must be the id of a profile (profile_…)")
        return value

    def key_peppers(self) -> list[bytes]:
        """Peppers of the keys' HMAC, the current one first, then previous ones.

        Raises SettingsError when FVS_KEY_PEPPER is missing or too short.
        """
        return _rotated("key_pepper", self.key_pepper, self.key_pepper_previous)

    def signing_keys(self) -> list[bytes]:
        """Keys that sign download URLs: new URLs by the first, old ones checked against all.

        Raises SettingsError when FVS_SIGNING_KEY is missing or too short.
        """
        return _rotated("signing_key", self.signing_key, self.signing_key_previous)

    def mpp_secrets(self) -> list[str]:
        """Secrets that payment challenges are bound with, the current one first.

        Raises SettingsError when FVS_MPP_SECRET is missing or too short.
        """
        found = _rotated("mpp_secret", self.mpp_secret, self.mpp_secret_previous)
        return [secret.decode() for secret in found]

    def stripe_webhook_secrets(self) -> list[str]:
        """The signing secrets of webhooks, one each."""
        return listed(self.stripe_webhook_secret)

    def trusted_proxy_addresses(self) -> list[str]:
        """The addresses and networks of `trusted_proxies`, one each."""
        return address_list(self.trusted_proxies)

    def configured(self) -> frozenset[str]:
        """Names of the variables that have a value, such as `FVS_FAL_KEY`; never the values."""
        return frozenset(
            PREFIX + name.upper()
            for name in type(self).model_fields
            if getattr(self, name) not in (None, "")
        )

    def model_ids(self) -> dict[str, str]:
        """What the variables that carry a provider's model id are set to, by their names."""
        names = (name for name in type(self).model_fields if name.endswith("_model_id"))
        ids = {PREFIX + name.upper(): getattr(self, name) for name in names}
        return {variable: value for variable, value in ids.items() if value}

    @property
    def storage_path(self) -> Path | None:
        """The folder of a file storage, or None when files live elsewhere."""
        if not self.storage_url.startswith("file:"):
            return None
        return Path(self.storage_url.removeprefix("file:"))


def load_settings() -> Settings:
    """Read the environment. Raises SettingsError with one sentence that names what is wrong."""
    try:
        return Settings()
    except ValidationError as error:
        raise SettingsError(invalid_settings_sentence(PREFIX, error)) from None


def _rotated(name: str, current: SecretStr | None, previous: SecretStr | None) -> list[bytes]:
    variable = PREFIX + name.upper()
    if current is None:
        raise SettingsError(
            f"{variable} is not set: give it a random secret of {SECRET_LENGTH_MIN} or more "
            "characters, and keep it, because what it protected cannot be read with another."
        )
    texts = [current.get_secret_value()]
    if previous is not None:
        texts += listed(previous)
    if any(len(text) < SECRET_LENGTH_MIN for text in texts):
        raise SettingsError(
            f"{variable} and {variable}_PREVIOUS need at least {SECRET_LENGTH_MIN} characters each."
        )
    return [text.encode() for text in texts]
