"""`temporal-dev.yaml` is read strictly and names what the code names."""

from pathlib import Path

import pytest

from runtime.temporal_config import TemporalConfig, TemporalConfigError, load_temporal_config
from runtime.temporal_server import TemporalPlace, temporal_spec
from studio.contracts import names

ROOT = Path(__file__).parents[2]


@pytest.fixture
def config() -> TemporalConfig:
    return load_temporal_config(ROOT / "temporal-dev.yaml")


def test_the_shipped_file_registers_every_search_attribute(config: TemporalConfig) -> None:
    assert config.search_attributes == {
        names.SEARCH_ACCOUNT: "Keyword",
        names.SEARCH_MODE: "Keyword",
        names.SEARCH_STAGE: "Keyword",
        names.SEARCH_STATUS: "Keyword",
        names.SEARCH_VIDEO_MODEL: "Keyword",
        names.SEARCH_CREDITS: "Int",
    }
    assert (config.server.port, config.server.ui_port) == (7233, 8233)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (("  ui_port: 8233", "  ui_port: 8233\n  colour: 3"), "'server.colour' is not a known key"),
        (("  port: 7233", "  port: 99999"), "'server.port': input should be less than"),
        (("FvsCredits: Int", "FvsCredits: Number"), "'search_attributes.FvsCredits': input should"),
        (("server:", "server: ["), "is not valid YAML near line"),
        (
            ('version: "1.29.1"', "version: 1.29"),
            "'server.version': input should be a valid string",
        ),
    ],
)
def test_a_wrong_file_is_a_sentence_that_names_the_key(
    tmp_path: Path, change: tuple[str, str], sentence: str
) -> None:
    text = (ROOT / "temporal-dev.yaml").read_text(encoding="utf-8")
    file = tmp_path / "temporal-dev.yaml"
    file.write_text(text.replace(*change, 1), encoding="utf-8")
    with pytest.raises(TemporalConfigError) as refused:
        load_temporal_config(file)
    assert str(file) in refused.value.detail
    assert sentence in refused.value.detail


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(TemporalConfigError, match=r"absent\.yaml cannot be read: No such file"):
        load_temporal_config(tmp_path / "absent.yaml")


def test_the_command_line_carries_the_whole_file(config: TemporalConfig, tmp_path: Path) -> None:
    place = TemporalPlace("127.0.0.1", 7001, 7002, 7003)
    spec = temporal_spec(
        config,
        Path("/bin/temporal"),
        place,
        db_file=tmp_path / "t.db",
        log_file=tmp_path / "t.log",
    )
    line = " ".join(spec.command)
    assert line.startswith("/bin/temporal server start-dev --ip 127.0.0.1 --port 7001")
    assert "--ui-port 7003" in line
    assert f"--db-filename {tmp_path}/t.db --sqlite-pragma journal_mode=wal" in line
    assert "--sqlite-pragma synchronous=1" in line
    assert "--search-attribute FvsCredits=Int" in line
    assert "--dynamic-config-value system.enableActivityEagerExecution=true" in line
    assert '--dynamic-config-value history.timerProcessorMaxTimeShift="10ms"' in line


def test_without_a_ui_port_and_a_file_the_server_is_headless_and_in_memory(
    config: TemporalConfig, tmp_path: Path
) -> None:
    spec = temporal_spec(
        config,
        Path("/bin/temporal"),
        TemporalPlace("127.0.0.1", 7001, 7002),
        db_file=None,
        log_file=tmp_path / "t.log",
    )
    assert "--headless" in spec.command
    assert "--db-filename" not in spec.command
    assert "--sqlite-pragma" not in spec.command
