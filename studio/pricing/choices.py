"""A request with its account's defaults filled in."""

from dataclasses import dataclass

from studio.catalog.catalogue import Catalogue
from studio.catalog.models import Role
from studio.contracts.defaults import AccountDefaults
from studio.contracts.request import (
    ImageResolution,
    MusicWorkflow,
    RenderRequest,
    VideoResolution,
)
from studio.pricing.casting import Part


@dataclass(frozen=True)
class Choices:
    """What every request has once the defaults are in. Model ids are as they were given."""

    style: str
    image_resolution: ImageResolution
    video_resolution: VideoResolution
    voice_briefs: bool
    orchestrator: Part
    critic: Part
    image: Part
    video: Part
    music: Part


def choose(request: RenderRequest, defaults: AccountDefaults) -> Choices:
    """The request's own choices first, then the account's."""
    voice = request.stage_voice_briefs_enabled

    image_resolution = request.image_resolution or defaults.image_resolution
    video_resolution = request.video_resolution or defaults.video_resolution

    def part(
        role: Role, field: str, given: str | None, default: str, resolution: str | None = None
    ) -> Part:
        return Part(role, given or default, field, given is None, resolution)

    return Choices(
        style=request.visual_style_preset or defaults.visual_style_preset,
        image_resolution=image_resolution,
        video_resolution=video_resolution,
        voice_briefs=defaults.stage_voice_briefs_enabled if voice is None else voice,
        orchestrator=part(
            Role.TEXT,
            "orchestrator_model",
            request.orchestrator_model,
            defaults.orchestrator_model,
        ),
        critic=part(Role.CRITIC, "critic_model", request.critic_model, defaults.critic_model),
        image=part(
            Role.IMAGE,
            "image_model",
            request.image_model,
            defaults.image_model,
            image_resolution.value,
        ),
        video=part(
            Role.VIDEO,
            "video_model",
            request.video_model,
            defaults.video_model,
            video_resolution.value,
        ),
        music=part(Role.MUSIC, "music_model", request.music_model, defaults.music_model),
    )


def filled_request(
    request: RenderRequest, choices: Choices, workflow: MusicWorkflow, catalogue: Catalogue
) -> RenderRequest:
    """The request with every default written out and legacy model ids normalised forward."""
    parts = (choices.orchestrator, choices.critic, choices.image, choices.video, choices.music)
    models = {
        part.field: catalogue.legacy_successor(part.model_id) or part.model_id for part in parts
    }
    return request.model_copy(
        update={
            **models,
            "visual_style_preset": choices.style,
            "image_resolution": choices.image_resolution,
            "video_resolution": choices.video_resolution,
            "stage_voice_briefs_enabled": choices.voice_briefs,
            "music_workflow": workflow,
        }
    )
