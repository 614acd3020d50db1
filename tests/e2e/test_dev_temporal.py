"""The development server itself: what the file asks for is there once it has started."""

from pathlib import Path

import httpx2
import pytest

from runtime.ports import is_listening
from runtime.temporal_config import TemporalConfig, load_temporal_config
from runtime.temporal_server import RunningTemporal, TemporalNotStarted, start_temporal

pytestmark = [pytest.mark.e2e, pytest.mark.temporal]


@pytest.fixture
def config() -> TemporalConfig:
    return load_temporal_config(Path(__file__).parents[2] / "temporal-dev.yaml")


def namespace(temporal: RunningTemporal) -> str:
    return httpx2.get(f"http://{temporal.http_address}/api/v1/namespaces/default").text


def test_attributes_and_retention_are_set_when_it_is_ready(
    config: TemporalConfig, tmp_path: Path
) -> None:
    temporal = start_temporal(config, log_file=tmp_path / "log", headless=True)
    try:
        described = namespace(temporal)
        assert '"604800s"' in described
        assert all(f'"{name}"' in described for name in config.search_attributes)
        assert temporal.ui_url is None
        host, _, port = temporal.address.partition(":")
        assert is_listening(host, int(port))
    finally:
        temporal.stop()
    assert not is_listening(host, int(port))


def test_a_server_with_a_file_keeps_its_namespace_when_it_starts_again(
    config: TemporalConfig, tmp_path: Path
) -> None:
    answers = []
    for _ in range(2):
        temporal = start_temporal(
            config, log_file=tmp_path / "log", db_file=tmp_path / "t.db", headless=True
        )
        try:
            answers.append(namespace(temporal))
        finally:
            temporal.stop()
    assert answers[0] == answers[1]


def test_a_server_that_ends_while_it_starts_gives_its_last_words(
    config: TemporalConfig, tmp_path: Path
) -> None:
    binary = tmp_path / "temporal"
    binary.write_text("#!/bin/sh\necho 'out of shape'\nexit 1\n")
    binary.chmod(0o755)
    with pytest.raises(TemporalNotStarted, match="ended while it was starting: out of shape"):
        start_temporal(config, log_file=tmp_path / "log", binary=binary, headless=True)
