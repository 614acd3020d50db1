"""What a field takes when a caller leaves it out: the owning account's saved choice."""

from studio.contracts.base import Payload
from studio.contracts.request import ImageResolution, VideoResolution


class AccountDefaults(Payload):
    """The saved defaults of an account. A new account (and a guest) starts with these values.

    With them the reference's one-shot, four-second quote is 120 credits.
    """

    visual_style_preset: str = "realistic_cinematic"
    orchestrator_model: str = "gemini-3.5-flash"
    critic_model: str = "gemini-3.5-flash"
    image_model: str = "gemini-3-pro-image-preview"
    image_resolution: ImageResolution = ImageResolution.ONE_K
    video_model: str = "veo-3.1-fast-generate-001"
    video_resolution: VideoResolution = VideoResolution.P720
    music_model: str = "lyria-3.5"
    stage_voice_briefs_enabled: bool = True
