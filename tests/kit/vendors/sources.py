"""What others published about the providers, from npm: fal's types, and aimock as a second peer.

`make tools` gets both (tests/vendors_npm). Without Node the tests that need them are skipped, but
never on a build server.
"""

import json
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.kit.npm import npm_modules

STOP_SECONDS_MAX = 10


def vendor_modules() -> Path:
    """The folder `node_modules`; gets it if need be."""
    return npm_modules("vendors_npm", "THE VENDORS' SERVER IS NOT CHECKED AGAINST NPM")


@contextmanager
def running_aimock(folder: Path, fixtures: object) -> Iterator[str]:
    """aimock on a free port with these answers; yields its address and stops it by its id."""
    script = vendor_modules() / "@copilotkit/aimock/dist/cli.js"
    answers = folder / "answers.json"
    answers.write_text(json.dumps({"fixtures": fixtures}))
    process = subprocess.Popen(
        ["node", str(script), "--port", "0", "--fixtures", str(answers)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    try:
        yield _address_in(process.stdout)
    finally:
        process.terminate()
        process.wait(STOP_SECONDS_MAX)
        process.stdout.close()


def _address_in(log: Iterator[str]) -> str:
    printed = []
    for line in log:
        printed.append(line)
        if found := re.search(r"listening on (http://\S+)", line):
            return found[1]
    pytest.fail(f"aimock did not start: {''.join(printed)}")
