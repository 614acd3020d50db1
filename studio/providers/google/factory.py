"""The adapters of one worker that Google serves within a call, under the provider name `google`."""

from typing import Final

from studio.providers.google.analyst import GoogleAnalyst
from studio.providers.google.client import GoogleClient
from studio.providers.google.critic import GoogleCritic
from studio.providers.google.image import GoogleImageModel
from studio.providers.google.music import GoogleMusicModel
from studio.providers.google.planner import GooglePlanner
from studio.providers.google.voice import DEFAULT_VOICE, GoogleVoiceModel
from studio.providers.ports import Providers

GOOGLE: Final = "google"


def google_providers(client: GoogleClient, *, voice: str = DEFAULT_VOICE) -> Providers:
    """Everything but video, over one client; who made the client closes it."""
    return Providers(
        analysts={GOOGLE: GoogleAnalyst(client)},
        planners={GOOGLE: GooglePlanner(client)},
        images={GOOGLE: GoogleImageModel(client)},
        critics={GOOGLE: GoogleCritic(client)},
        music={GOOGLE: GoogleMusicModel(client)},
        voices={GOOGLE: GoogleVoiceModel(client, voice=voice)},
    )
