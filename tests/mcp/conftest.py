import ssl
from pathlib import Path

import pytest

from tests.api.conftest import plain_logs, png, stack, till
from tests.kit.tls_host import Internet, answer
from tests.mcp.downloads.film_scenes import FILM, FOUND, Scene
from tests.mcp.widget_kit import browser, context, host, host_script, page, tools

__all__ = [
    "browser",
    "context",
    "host",
    "host_script",
    "page",
    "plain_logs",
    "png",
    "stack",
    "till",
    "tools",
]


@pytest.fixture
def scene(internet: Internet, trust: ssl.SSLContext, tmp_path: Path) -> Scene:
    """One film is there to be had."""
    internet.answers[FOUND] = answer(FILM, headers={"Content-Type": "video/mp4"})
    return Scene(internet, trust, tmp_path)
