"""The demo shows each change once as a line, and the whole render as a table on a terminal."""

import io

from rich.console import Console

from runtime.demo import demo_environment
from runtime.demo_client import ClipAnswer, RenderAnswer
from runtime.demo_references import reference_pictures
from runtime.demo_view import LineView, TableView, open_view

PICTURE_BYTES_MAX = 200_000


def render(stage: str, *clips: ClipAnswer) -> RenderAnswer:
    return RenderAnswer(
        project_id="proj_api_1",
        status="running",
        current_stage=stage,
        is_running=True,
        progress=0.5,
        final_video_url=None,
        last_error=None,
        status_url="http://studio.example/api/agent/renders/proj_api_1",
        credits_reserved=474,
        credits_settled=96,
        clips=clips,
    )


def test_away_from_a_terminal_every_change_is_one_line() -> None:
    written = io.StringIO()
    with open_view(Console(file=written)) as view:
        assert isinstance(view, LineView)
        view.show(render("planning", ClipAnswer(index=1, status="queued")), 0.1)
        view.show(render("filming", ClipAnswer(index=1, status="filming", attempts=2)), 2.0)
        view.show(render("filming", ClipAnswer(index=1, status="filming", attempts=2)), 3.0)
        view.say("Half done.")
        failed = ClipAnswer(index=1, status="failed", attempts=2, error="The model refused.")
        view.show(render("filming", failed), 14.26)
    assert written.getvalue().splitlines() == [
        "  0.1 s  stage planning",
        "  2.0 s  stage filming",
        "  2.0 s    shot 1 of 1: filming, attempt 2",
        "Half done.",
        " 14.3 s    shot 1 of 1: failed, attempt 2 (The model refused.)",
    ]


def test_a_terminal_shows_a_table_of_stage_shots_and_credits() -> None:
    written = io.StringIO()
    with open_view(Console(file=written, force_terminal=True, width=100)) as view:
        assert isinstance(view, TableView)
        view.show(render("filming", ClipAnswer(index=3, status="filming", attempts=1)), 4.0)
    shown = written.getvalue()
    for text in ("proj_api_1", "filming", "shot 3", "96 of 474 reserved"):
        assert text in shown


def test_a_demo_takes_none_of_the_callers_settings_but_the_cache() -> None:
    given = {"PATH": "/bin", "FVS_FAL_KEY": "k", "TEMPORAL_API_KEY": "t", "FVS_CACHE_DIR": "/c"}
    assert demo_environment(given) == {"PATH": "/bin", "FVS_CACHE_DIR": "/c"}


def test_the_reference_pictures_are_small_and_always_the_same() -> None:
    pictures = reference_pictures()
    assert [name for name, _ in pictures] == ["archive-corridor.jpg", "young-woman.jpg"]
    assert all(len(content) < PICTURE_BYTES_MAX for _, content in pictures)
    assert pictures == reference_pictures()
