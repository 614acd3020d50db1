"""The development Temporal as `temporal-dev.yaml` describes it."""

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar, Final, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

from studio.contracts.errors import StudioError

CONFIG_FILE_NAME: Final = "temporal-dev.yaml"
Port = Field(ge=1, le=65535)
VERSION_PATTERN: Final = r"^\d+\.\d+\.\d+$"


class TemporalConfigError(StudioError):
    """`temporal-dev.yaml` is missing or not what it should be."""

    code: ClassVar[str] = "temporal_config_invalid"


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ServerSection(_Section):
    version: str = Field(pattern=VERSION_PATTERN)
    cli_version: str = Field(pattern=VERSION_PATTERN)
    address: str = "127.0.0.1"
    port: int = Port
    ui_port: int = Port
    startup_seconds: float = Field(gt=0, le=600)


class NamespaceSection(_Section):
    name: str = Field(min_length=1)
    retention_days: int = Field(ge=1, le=365)


class DatabaseSection(_Section):
    file: str = Field(min_length=1)
    pragmas: Mapping[str, str] = {}


SearchAttributeType = Literal["Keyword", "KeywordList", "Text", "Int", "Double", "Bool", "Datetime"]


class TemporalConfig(_Section):
    """Everything about the server but the binary that runs it."""

    server: ServerSection
    namespace: NamespaceSection
    search_attributes: Mapping[str, SearchAttributeType]
    database: DatabaseSection
    dynamic_config: Mapping[str, JsonValue] = {}


def default_config_path() -> Path:
    """`temporal-dev.yaml` of the current folder, else the one beside the packages."""
    here = Path.cwd() / CONFIG_FILE_NAME
    return here if here.is_file() else Path(__file__).resolve().parents[1] / CONFIG_FILE_NAME


def load_temporal_config(path: Path | None = None) -> TemporalConfig:
    """Read the file. Raises TemporalConfigError with a sentence that names file and key."""
    source = path or default_config_path()
    try:
        document = yaml.safe_load(source.read_text(encoding="utf-8"))
    except OSError as error:
        raise TemporalConfigError(f"{source} cannot be read: {error.strerror}.") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise TemporalConfigError(f"{source} is not valid YAML{_place(error)}.") from None
    try:
        return TemporalConfig.model_validate(document)
    except ValidationError as error:
        raise TemporalConfigError(f"{source} is wrong: {_sentences(error)}") from None


def _place(error: yaml.YAMLError | UnicodeDecodeError) -> str:
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark is not None:
        return f" near line {error.problem_mark.line + 1}"
    return ""


def _sentences(error: ValidationError) -> str:
    sentences = []
    for problem in error.errors(include_context=False, include_url=False):
        key = ".".join(str(part) for part in problem["loc"]) or "the document"
        if problem["type"] == "extra_forbidden":
            sentences.append(f"'{key}' is not a known key.")
        else:
            sentences.append(f"'{key}': {problem['msg'][:1].lower()}{problem['msg'][1:]}.")
    return " ".join(sentences)
