"""What operators see of a run before it has done anything."""

import pytest

from studio.contracts.launch import launch_options
from tests.kit.renders import render_input

SUMMARY_BYTES_MAX = 400
"""What Temporal takes of a summary by default (`limit.userMetadataSummarySize`)."""


@pytest.mark.parametrize(
    "name", ["a\n# heading\n\n| table |\t**bold**", "🎬" * 200, " ".join(["word"] * 40), "\n" * 100]
)
def test_any_name_makes_a_summary_of_one_line_that_temporal_takes(name: str) -> None:
    options = launch_options(render_input(shots=1).model_copy(update={"name": name}))

    assert options.static_summary.isprintable()
    assert len(options.static_summary.encode()) <= SUMMARY_BYTES_MAX
    assert "\n" not in options.memo["name"]
