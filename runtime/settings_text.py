"""How settings are spelled: addresses of databases, and sentences about what is wrong."""

import json
import re
from collections.abc import Sequence
from ipaddress import ip_network
from pathlib import Path

from pydantic import SecretStr, ValidationError

from studio.contracts.workflow_io import Timings

SQLITE = "sqlite:///"
LIMITED_PROVIDERS = ("fal", "google", "google-cloud", "kling")
"""Those whose calls FVS_PROVIDER_CALLS_MAX may limit."""
ASKED_PROVIDERS = ("fal", "google-cloud", "kling")
"""Those that can be asked what became of an order."""

_HOST = re.compile(r"[a-z0-9][a-z0-9.-]{0,252}(?::[0-9]{1,5})?")
_HTTPS_ORIGIN = re.compile(r"https://[a-z0-9][a-z0-9.-]{0,252}(?::[0-9]{1,5})?")
_ORIGIN = re.compile(r"https?://[a-z0-9][a-z0-9.-]{0,252}(?::(?:[0-9]{1,5}|\*))?")


def absolute_database_url(url: str) -> str:
    """The same database, whatever folder a later process starts in.

    Raises ValueError for a scheme that is neither `sqlite:///` nor `postgresql://`.
    """
    if url.startswith(("postgresql://", "postgresql+psycopg://", "postgres://")):
        return url.replace("postgres://", "postgresql://", 1)
    if not url.startswith(SQLITE) or url == SQLITE:
        raise ValueError("must start with sqlite:/// (and name a file) or postgresql://")
    path, question_mark, query = url.removeprefix(SQLITE).partition("?")
    return f"{SQLITE}{Path(path).expanduser().absolute()}{question_mark}{query}"


def address_list(text: str) -> list[str]:
    """The addresses and networks of a comma-separated list. ValueError for anything else."""
    addresses = [part.strip() for part in text.split(",") if part.strip()]
    for address in addresses:
        try:
            ip_network(address, strict=False)
        except ValueError:
            raise ValueError("must be IP addresses and networks, comma-separated") from None
    return addresses


def listed(secrets: SecretStr | None) -> list[str]:
    """The secrets of a comma-separated list."""
    texts = secrets.get_secret_value().split(",") if secrets is not None else []
    return [text.strip() for text in texts if text.strip()]


def host_list(text: str) -> tuple[str, ...]:
    """The host names of a comma-separated list, in lower case. ValueError for anything else."""
    hosts = tuple(part.strip().lower() for part in text.split(",") if part.strip())
    if not all(_HOST.fullmatch(host) for host in hosts):
        raise ValueError("must be host names, comma-separated, without https://")
    return hosts


def origin_list(text: str) -> tuple[str, ...]:
    """The origins of a comma-separated list, in lower case. ValueError for anything else."""
    origins = tuple(part.strip().lower() for part in text.split(",") if part.strip())
    if not all(_ORIGIN.fullmatch(origin) for origin in origins):
        raise ValueError("must be origins such as https://studio.example, comma-separated")
    return origins


def https_origin(text: str) -> str:
    """One origin, in lower case. ValueError for anything else."""
    origin = text.strip().lower().rstrip("/")
    if not _HTTPS_ORIGIN.fullmatch(origin):
        raise ValueError("must be one origin such as https://console.example")
    return origin


def provider_outputs(storage_url: str) -> str | None:
    """Where models of Google Cloud write, beside what is stored: their service needs a bucket."""
    return (
        f"{storage_url.rstrip('/')}/provider-outputs" if storage_url.startswith("gs://") else None
    )


def json_object(value: object) -> object:
    """The JSON object that a variable holds. ValueError where it is none."""
    if not isinstance(value, str):
        return value
    try:
        document: object = json.loads(value)
    except ValueError:
        document = None
    if not isinstance(document, dict):
        # A TypeError would not become a sentence about the variable.
        raise ValueError("must be a JSON object")  # noqa: TRY004
    return document


def calls_document(value: object) -> object:
    """Calls by provider as a JSON object. ValueError for a provider that does not exist."""
    return _by_provider(value, LIMITED_PROVIDERS)


def lost_document(value: object) -> object:
    """Seconds by provider as a JSON object. ValueError for one that cannot be asked."""
    return _by_provider(value, ASKED_PROVIDERS)


def _by_provider(value: object, providers: Sequence[str]) -> object:
    document = json_object(value)
    if isinstance(document, dict) and not set(document) <= set(providers):
        known = ", ".join(providers)
        raise ValueError(f"has a provider that does not exist; there are {known}")
    return document


def timings_document(value: object) -> object:
    """The JSON object that a variable holds. ValueError where it is none, or names no wait of ours.

    A waiting time under a mistyped name must not be left at its default in silence.
    """
    document = json_object(value)
    if not isinstance(value, str) or not isinstance(document, dict):
        return value
    known = sorted(Timings.model_fields)
    if not set(document) <= set(known):
        raise ValueError(f"has a field that does not exist; there are {', '.join(known)}")
    return document


def invalid_settings_sentence(prefix: str, error: ValidationError) -> str:
    """One sentence a setting, joined. Values are left out: they may be secrets."""
    sentences = []
    for problem in error.errors(include_input=False, include_context=False, include_url=False):
        variable, *inside = (str(part) for part in problem["loc"])
        where = f" ({'.'.join(inside)})" if inside else ""
        reason = problem["msg"].removeprefix("Value error, ")
        name = variable if variable.isupper() else prefix + variable.upper()
        sentences.append(f"{name}{where} is wrong: {reason[:1].lower()}{reason[1:]}.")
    return " ".join(sentences)
