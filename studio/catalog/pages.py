"""The documentation's pages of models and styles, written from the catalogue so as not to drift."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from studio.catalog.catalogue import Catalogue
from studio.catalog.models import Lifecycle, ModelEntry, Offer, Role, StylePreset
from studio.catalog.quotations import price_words

_NOTICE: Final = "<!-- Written by scripts/write-catalogue from studio/catalog/*.yaml. -->"
_NONE: Final = "\N{EN DASH}"
_ROLES: Final = {
    Role.TEXT: ("Orchestrators", "`orchestrator_model`: plans the shots."),
    Role.CRITIC: ("Critics", "`critic_model`: looks at keyframes and clips."),
    Role.IMAGE: ("Image models", "`image_model`: draws keyframes and character sheets."),
    Role.VIDEO: ("Video models", "`video_model`: films the keyframes."),
    Role.MUSIC: ("Music models", "`music_model`: composes the track."),
    Role.VOICE: (
        "Voices",
        "No field of a request: stage briefs and narration are spoken by `{voice}`.",
    ),
}
_MODELS_INTRO: Final = """\
Every model that a request may name, as [`GET /api/agent/models`](api.md) lists them too. One
credit is one US cent; prices are those of version `{version}`.
[Configuration](configuration.md#models) says how to set what a model needs.

A model that cannot be called on a server is refused (422, naming the setting that is missing), or
its local stand-in does the work, where the operator chose so and for `fvs_test_` keys. One that
has no stand-in is refused there too, until its settings are set. The local models need nothing.
"""
_OFFERS_INTRO: Final = """\
Of several offers the first whose settings are set does the work, and the next takes over if the
provider ends the model while a render runs. "At once" is how many jobs of one render the provider
is given together.
"""
_LINES_INTRO: Final = """\
An id that has ended is served by its successor and never refused as retired. A successor also takes
over when a provider ends a model while a render runs: with a warning, at the price that was frozen,
and only where it is configured and films the same lengths and resolutions.
"""
_STYLES_INTRO: Final = """\
`visual_style_preset` takes one of these; `visual_style_custom_instructions` adds to it in your own
words. The words of a look go into every prompt of the film. The pictures are keyframes of the local
models, drawn by `scripts/draw-styles`: what a configured image model makes of a look is richer.
"""


def models_page(catalogue: Catalogue) -> str:
    """docs/models.md"""
    models = catalogue.models()
    return _page(
        "# Models",
        _NOTICE,
        _MODELS_INTRO.format(version=catalogue.prices.version),
        *(_role_section(catalogue, role) for role in Role),
        "## Who offers them",
        _OFFERS_INTRO,
        _table(
            ("model", "provider", "its id there", "needs", "at once", "source"),
            (_offer_row(model, offer) for model in models for offer in model.offers),
        ),
        "## Ids that lead on",
        _LINES_INTRO,
        _table(("id", "released", "ends", "successor"), _lifecycle_rows(models)),
        "## Where prices come from",
        "Media lines are the provider's list price times 1.5, rounded up to a whole credit.",
        _table(
            ("row", "source"),
            ((f"`{row}`", catalogue.prices.sources[row]) for row in _rows(catalogue)),
        ),
    )


def styles_page(catalogue: Catalogue) -> str:
    """docs/styles.md"""
    sections = [part for style in catalogue.styles() for part in _style_section(style)]
    return _page("# Style presets", _NOTICE, _STYLES_INTRO, *sections)


def _rows(catalogue: Catalogue) -> Iterable[str]:
    return catalogue.prices.rows()


def _page(*parts: str) -> str:
    return "\n\n".join(part.strip() for part in parts) + "\n"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _role_section(catalogue: Catalogue, role: Role) -> str:
    title, intro = _ROLES[role]
    models = [model for model in catalogue.models() if role in model.roles]
    return _page(
        f"## {title}",
        intro.format(voice=catalogue.defaults.voice_model),
        _table(
            ("model", "also as", "what it can do", "credits", "stand-in", "source"),
            (_model_row(catalogue, model, role) for model in models),
        ),
    )


def _model_row(catalogue: Catalogue, model: ModelEntry, role: Role) -> tuple[str, ...]:
    aliases = ", ".join(f"`{alias.id}`" for alias in model.aliases)
    stand_in = model.stand_ins.get(role)
    return (
        f"`{model.id}`",
        aliases or _NONE,
        "; ".join(_abilities(model, role)) or _NONE,
        price_words(model, role, catalogue.prices),
        f"`{stand_in}`" if stand_in else _NONE,
        model.source,
    )


def _abilities(model: ModelEntry, role: Role) -> Iterator[str]:
    image, video, music = (
        getattr(model.capabilities, name) for name in ("image", "video", "music")
    )
    if role is Role.IMAGE and image:
        yield ", ".join(image.resolutions)
        yield f"{image.references} reference images"
    if role is Role.VIDEO and video:
        yield f"clips of {_lengths(video.clip_lengths_seconds)} s"
        yield ", ".join(video.resolutions)
        yield f"{video.references} reference images"
        if video.reference_clip_lengths_seconds:
            yield f"with them {_lengths(video.reference_clip_lengths_seconds)} s only"
        if video.last_frame:
            yield "last frame"
        if video.sound:
            yield "sound"
    if role is Role.MUSIC and music:
        longest = music.duration_seconds_max
        yield f"up to {longest} s" if longest else "as long as a film"


def _lengths(lengths: Sequence[int]) -> str:
    """`3 to 10` where every second is offered, else each length."""
    if len(lengths) > 1 and list(lengths) == list(range(lengths[0], lengths[-1] + 1)):
        return f"{lengths[0]} to {lengths[-1]}"
    return ", ".join(map(str, lengths))


def _offer_row(model: ModelEntry, offer: Offer) -> tuple[str, ...]:
    ids = [f"`{offer.provider_model}`"] if offer.provider_model else []
    ids += [f"`{other}` at {size}" for size, other in offer.provider_models.items()]
    return (
        f"`{model.id}`",
        offer.provider,
        ", ".join(ids) or f"the value of `{offer.model_setting}`",
        ", ".join(f"`{name}`" for name in offer.needed_settings) or "nothing",
        str(offer.jobs_max) if offer.jobs_max else "any number",
        offer.source,
    )


def _lifecycle_rows(models: Iterable[ModelEntry]) -> Iterator[tuple[str, ...]]:
    for model in models:
        if model.lifecycle != Lifecycle():
            yield _lifecycle_row(model.id, model.lifecycle)
        for alias in model.aliases:
            yield _lifecycle_row(alias.id, alias.lifecycle)


def _lifecycle_row(model_id: str, lifecycle: Lifecycle) -> tuple[str, ...]:
    successor = lifecycle.successor
    return (
        f"`{model_id}`",
        str(lifecycle.released or _NONE),
        str(lifecycle.ends or _NONE),
        f"`{successor}`" if successor else _NONE,
    )


def _style_section(style: StylePreset) -> tuple[str, ...]:
    return (
        f"## {style.title}",
        f"`{style.id}`: {style.description}",
        f"![{style.title}](images/styles/{style.id}.jpg)",
        f"Look: {', '.join(style.look)}. Palette: {', '.join(f'`{c}`' for c in style.palette)}.",
    )
