"""Load made by a process of its own, so that what makes it takes nothing from what is measured."""

import json
import subprocess
import sys
from collections.abc import Sequence
from typing import Any, Final

from bench.buying import Order
from bench.errors import MeasurementFailed

LOAD_SECONDS_MAX: Final = 120.0
"""Far above a round on a busy machine; a gateway that hangs must not hang the benchmark."""
WORDS_LENGTH_MAX: Final = 500


def load_of(
    module: str, arguments: Sequence[object], orders: Sequence[Order], *, seconds: float
) -> dict[str, Any]:
    """What the module says of having sent the orders, for `seconds`. MeasurementFailed."""
    done = subprocess.run(
        [sys.executable, "-m", module, *map(str, arguments)],
        input="\n".join(order.line() for order in orders),
        capture_output=True,
        text=True,
        check=False,
        timeout=seconds + LOAD_SECONDS_MAX,
    )
    if done.returncode != 0:
        raise MeasurementFailed(f"The load could not be made: {done.stderr[-WORDS_LENGTH_MAX:]}")
    return dict(json.loads(done.stdout))
