"""What an operator reads in the Temporal UI while a render runs."""

from studio.contracts.status import RenderSnapshot

ERROR_LENGTH_MAX = 80


def current_details(snapshot: RenderSnapshot) -> str:
    """Markdown: stage, money and a table of shots. Replay-safe to change at any time."""
    headline = (
        f"**{snapshot.stage}** ({snapshot.status}), {snapshot.progress:.0%} done; "
        f"{snapshot.credits_settled} of {snapshot.credits_reserved} credits settled"
    )
    lines = [
        headline,
        "",
        "| shot | state | seconds | attempts | error |",
        "| :--- | :--- | ---: | ---: | :--- |",
    ]
    lines += [
        f"| {clip.index} | {clip.status} | {clip.duration_seconds:g} | {clip.attempts} "
        f"| {_cell(clip.error)} |"
        for clip in snapshot.clips
    ]
    if snapshot.warnings:
        lines += ["", *(f"- {warning}" for warning in snapshot.warnings)]
    if snapshot.last_error:
        lines += ["", f"**Last error:** {snapshot.last_error}"]
    return "\n".join(lines)


def _cell(text: str | None) -> str:
    if not text:
        return ""
    flat = " ".join(text.split()).replace("|", "/")
    return flat if len(flat) <= ERROR_LENGTH_MAX else flat[: ERROR_LENGTH_MAX - 1] + "…"
