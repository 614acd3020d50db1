"""How the demo shows a render: a table that changes in place, or a line for each change."""

from types import TracebackType
from typing import Protocol, Self

from rich.console import Console
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table

from runtime.demo_client import ClipAnswer, RenderAnswer


class View(Protocol):
    """Shows a render each time it is looked at, and sentences between."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None: ...

    def say(self, sentence: str) -> None: ...

    def show(self, render: RenderAnswer, elapsed_seconds: float) -> None: ...


def open_view(console: Console) -> View:
    """A table on a terminal, lines everywhere else (a file, a pipe, continuous integration)."""
    return TableView(console) if console.is_terminal else LineView(console)


class LineView:
    """Prints what has changed since the last look, with the seconds since the start."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._stage = ""
        self._clips: dict[int, str] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """There is nothing to restore."""

    def say(self, sentence: str) -> None:
        self._line(sentence)

    def show(self, render: RenderAnswer, elapsed_seconds: float) -> None:
        if render.current_stage != self._stage:
            self._stage = render.current_stage
            self._line(f"{elapsed_seconds:5.1f} s  stage {render.current_stage}")
        for clip in render.clips:
            text = describe_clip(clip)
            if self._clips.get(clip.index, "queued") != text:
                self._clips[clip.index] = text
                shot = f"shot {clip.index} of {len(render.clips)}"
                self._line(f"{elapsed_seconds:5.1f} s    {shot}: {text}")

    def _line(self, text: str) -> None:
        self._console.print(text, markup=False, highlight=False, soft_wrap=True)


class TableView:
    """One table for the whole render, redrawn in place."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._live = Live(console=console, refresh_per_second=8, transient=False)

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._live.stop()

    def say(self, sentence: str) -> None:
        self._console.print(sentence, markup=False, highlight=False)

    def show(self, render: RenderAnswer, elapsed_seconds: float) -> None:
        self._live.update(_table(render, elapsed_seconds))


def describe_clip(clip: ClipAnswer) -> str:
    """Such as `filming, attempt 2`."""
    again = f", attempt {clip.attempts}" if clip.attempts > 1 else ""
    return f"{clip.status}{again}{f' ({clip.error})' if clip.error else ''}"


def _table(render: RenderAnswer, elapsed_seconds: float) -> Table:
    table = Table(title=f"{render.project_id}  {elapsed_seconds:.0f} s", title_justify="left")
    table.add_column("stage")
    table.add_column(render.current_stage, min_width=30)
    table.add_row("progress", ProgressBar(total=1.0, completed=render.progress, width=30))
    for clip in render.clips:
        table.add_row(f"shot {clip.index}", describe_clip(clip))
    credits = f"{render.credits_settled} of {render.credits_reserved} reserved"
    table.add_row("credits", credits)
    return table
