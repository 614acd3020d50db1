"""What a field takes when a caller leaves it out: the owning account's saved choice."""

from studio.contracts.base import Payload
from studio.contracts.request import ImageResolution, VideoResolution


class AccountDefaults(Payload):
    """The saved defaults of an account. The catalogue's data says what a new one starts with."""

    visual_style_preset: str
    orchestrator_model: str
    critic_model: str
    image_model: str
    image_resolution: ImageResolution
    video_model: str
    video_resolution: VideoResolution
    music_model: str
    stage_voice_briefs_enabled: bool
