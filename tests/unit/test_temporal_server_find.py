"""A server is looked for in order; each way that fails says why and the next is tried."""

from pathlib import Path

import pytest

from runtime.temporal_config import TemporalConfig, load_temporal_config
from runtime.temporal_find import TemporalNotFound, cache_directory, find_temporal
from runtime.temporal_version import Unusable, check_binary, server_version

ROOT = Path(__file__).parents[2]


@pytest.fixture
def config() -> TemporalConfig:
    return load_temporal_config(ROOT / "temporal-dev.yaml")


def program(path: Path, script: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    path.chmod(0o755)
    return path


def temporal(path: Path, version: str) -> Path:
    return program(path, f'echo "temporal version 1.0.0 (Server {version}, UI 2.0.0)"')


def environment(tmp_path: Path) -> dict[str, str]:
    return {
        "PATH": f"{tmp_path / 'path'}:/usr/bin:/bin",
        "FVS_CACHE_DIR": str(tmp_path / "cache"),
        "HOME": str(tmp_path),
        # The SDK's download is refused at once: nobody listens there.
        "HTTPS_PROXY": "http://127.0.0.1:1",
        "PYTHONPATH": str(ROOT),
    }


def test_the_command_on_path_comes_first(config: TemporalConfig, tmp_path: Path) -> None:
    on_path = temporal(tmp_path / "path" / "temporal", "1.29.1")
    temporal(tmp_path / "cache" / "bin" / "temporal", "1.29.1")
    said: list[str] = []
    assert find_temporal(config, said.append, environment(tmp_path)) == on_path
    assert said == []


def test_an_old_command_on_path_is_told_and_the_cached_copy_is_used(
    config: TemporalConfig, tmp_path: Path
) -> None:
    on_path = temporal(tmp_path / "path" / "temporal", "1.25.0")
    cached = temporal(tmp_path / "cache" / "bin" / "temporal", "1.30.2")
    said: list[str] = []
    assert find_temporal(config, said.append, environment(tmp_path)) == cached
    reason = "it carries server 1.25.0, and 1.29.1 or newer is needed"
    assert said == [f"No Temporal server from {on_path}: {reason}."]


def test_what_cannot_be_downloaded_is_built_with_go_and_cached(
    config: TemporalConfig, tmp_path: Path
) -> None:
    program(
        tmp_path / "path" / "go",
        '[ "$1" = install ] || exit 1\n'
        f'echo "$2" >> "{tmp_path}/built"\n'
        "printf '#!/bin/sh\\necho \"temporal version 1.5.1 (Server 1.29.1, UI 2)\"\\n' "
        '> "$GOBIN/temporal"\nchmod +x "$GOBIN/temporal"',
    )
    said: list[str] = []
    expected = tmp_path / "cache" / "bin" / "temporal"
    assert find_temporal(config, said.append, environment(tmp_path)) == expected
    assert find_temporal(config, said.append, environment(tmp_path)) == expected
    built = (tmp_path / "built").read_text(encoding="utf-8")
    assert built == "github.com/temporalio/cli/cmd/temporal@v1.5.1\n"
    assert any("SDK's download" in sentence for sentence in said)


def test_when_no_way_leads_there_every_reason_is_told(
    config: TemporalConfig, tmp_path: Path
) -> None:
    program(tmp_path / "path" / "go", "echo 'no network' >&2; exit 3")
    with pytest.raises(TemporalNotFound) as failed:
        find_temporal(config, lambda _: None, environment(tmp_path))
    assert "set TEMPORAL_ADDRESS" in failed.value.detail
    assert "`go install` ended with code 3 (no network)" in failed.value.detail
    assert "the SDK's download: " in failed.value.detail


def test_a_cache_that_cannot_be_written_is_named(config: TemporalConfig, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file", encoding="utf-8")
    with pytest.raises(TemporalNotFound, match="cannot be written"):
        find_temporal(config, lambda _: None, environment(tmp_path))


def test_the_cache_folder_follows_the_variables() -> None:
    assert cache_directory({"FVS_CACHE_DIR": "/a"}) == Path("/a")
    assert cache_directory({"XDG_CACHE_HOME": "/b"}) == Path("/b/fvs")
    assert cache_directory({}) == Path.home() / ".cache/fvs"


def test_a_program_that_is_no_temporal_is_unusable(tmp_path: Path) -> None:
    other = program(tmp_path / "other", "echo hello")
    assert isinstance(server_version(other), Unusable)
    assert isinstance(server_version(tmp_path / "absent"), Unusable)


@pytest.mark.parametrize(
    ("carried", "usable"), [("1.29.1", True), ("1.30.0", True), ("1.28.9", False), ("2.0.0", False)]
)
def test_newer_servers_of_the_same_major_are_usable(
    tmp_path: Path, carried: str, *, usable: bool
) -> None:
    unusable = check_binary(temporal(tmp_path / "temporal", carried), "1.29.1")
    assert (unusable is None) is usable
