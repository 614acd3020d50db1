"""Who takes a model's place when its provider ends it, and whether it can do the same work."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Final

from studio.catalog.models import ModelEntry, MusicCapabilities, Role, VideoCapabilities

SUCCESSORS_MAX: Final = 3
"""Longest line of successors in the data: each stands in the frozen plan with all its facts."""


def heirs(model: ModelEntry, models: Mapping[str, ModelEntry]) -> Iterator[ModelEntry]:
    """The declared successor, its successor and so on."""
    while model.lifecycle.successor is not None:
        model = models[model.lifecycle.successor]
        yield model


def living(model: ModelEntry, models: Mapping[str, ModelEntry], today: date) -> ModelEntry:
    """The model itself, or the first of its heirs that has not ended.

    Where the whole line has ended, its last: it is asked and may say no.
    """
    for candidate in (model, *heirs(model, models)):
        model = candidate
        if not candidate.has_ended(today):
            break
    return model


def does_the_work_of(
    heir: ModelEntry, model: ModelEntry, role: Role, resolution: str | None
) -> bool:
    """Whether a render that was planned for one model can be finished by another.

    `resolution` is the one that is rendered; None asks for every one that the model offers.
    """
    if role not in heir.roles:
        return False
    mine, theirs = model.capabilities, heir.capabilities
    if role is Role.IMAGE and mine.image and theirs.image:
        return _covers(theirs.image.resolutions, mine.image.resolutions, resolution)
    if role is Role.VIDEO and mine.video and theirs.video:
        return _films_like(theirs.video, mine.video) and _covers(
            theirs.video.resolutions, mine.video.resolutions, resolution
        )
    if role is Role.MUSIC and mine.music and theirs.music:
        return _plays_as_long(theirs.music, mine.music)
    return True


def _covers(offered: Iterable[str], wanted: Iterable[str], resolution: str | None) -> bool:
    return set(offered) >= (set(wanted) if resolution is None else {resolution})


def _films_like(heir: VideoCapabilities, model: VideoCapabilities) -> bool:
    referenced = set(model.with_references().clip_lengths_seconds)
    return (
        set(heir.clip_lengths_seconds) >= set(model.clip_lengths_seconds)
        and set(heir.with_references().clip_lengths_seconds) >= referenced
        and heir.sound >= model.sound
    )


def _plays_as_long(heir: MusicCapabilities, model: MusicCapabilities) -> bool:
    longest = heir.duration_seconds_max
    if longest is None:
        return True
    return model.duration_seconds_max is not None and longest >= model.duration_seconds_max


def refuse_broken_lines(models: Mapping[str, ModelEntry]) -> None:
    """ValueError where a line of successors leads nowhere, in a circle, or to another role."""
    for model in models.values():
        line = [model]
        while (successor := line[-1].lifecycle.successor) is not None:
            heir = models.get(successor)
            if heir is None or not set(model.roles) <= set(heir.roles):
                raise ValueError(f"{line[-1].id}: {successor} cannot succeed it")
            line.append(heir)
            if len(line) > SUCCESSORS_MAX + 1:
                raise ValueError(f"{model.id}: more than {SUCCESSORS_MAX} successors in a line")
        if model.ends is not None and len(line) == 1:
            raise ValueError(f"{model.id}: it ends and nothing succeeds it")
        for alias in model.aliases:
            if alias.lifecycle.successor not in (None, model.id):
                raise ValueError(f"{alias.id}: an alias is succeeded by its model")
