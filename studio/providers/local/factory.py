"""The offline adapters of one worker, under the provider name `local`."""

from pathlib import Path
from typing import Final

from studio.catalog.catalogue import load_catalogue
from studio.providers.local.analyst import LocalAnalyst
from studio.providers.local.critic import LocalCritic
from studio.providers.local.image import LocalImageModel
from studio.providers.local.music import LocalMusicModel
from studio.providers.local.planner import LocalPlanner
from studio.providers.local.video import FetchKeyframe, LocalVideoModel
from studio.providers.local.voice import LocalVoiceModel
from studio.providers.ports import Providers

LOCAL: Final = "local"


def local_providers(*, work_directory: Path, fetch_keyframe: FetchKeyframe) -> Providers:
    """Every port, served without a network. Clips are rendered below `work_directory`."""
    styles = {style.id: tuple(style.palette) for style in load_catalogue().styles()}
    return Providers(
        analysts={LOCAL: LocalAnalyst()},
        planners={LOCAL: LocalPlanner(styles)},
        images={LOCAL: LocalImageModel()},
        critics={LOCAL: LocalCritic()},
        videos={LOCAL: LocalVideoModel(work_directory, fetch_keyframe)},
        music={LOCAL: LocalMusicModel()},
        voices={LOCAL: LocalVoiceModel()},
    )
