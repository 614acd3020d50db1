"""The schema of a brief, as models read it: every field of the API's, with what it is for."""

from typing import Final

from pydantic import BaseModel

from gateway.mcp.schemas import Schema, closed, portable_schema
from studio.contracts.quote_request import QuoteRequest
from studio.contracts.request import RenderRequest

NO_EFFECT: Final = frozenset({"wait_for_completion_seconds"})
"""Taken, so that a request for the API works here too, but nothing to advertise."""

DESCRIPTIONS: Final = {
    "name": "What the film is called.",
    "screenplay": "What happens, shot by shot: 'Shot 1: …. Shot 2: ….'",
    "instructions": "How to film it: camera, light, pace, what to avoid.",
    "additional_lore": "What is known of the world and its people, for consistency.",
    "visual_style_preset": "A style's id, such as realistic_cinematic.",
    "visual_style_custom_instructions": "A style in words, beside or instead of a preset.",
    "project_mode": (
        "scene: driven by the screenplay; music: cut to a track; custom: driven by instructions "
        "and uploads."
    ),
    "shot_count": "How many shots. Planned from the screenplay when left out.",
    "scene_target_duration_seconds": "How long the whole film is.",
    "orchestrator_model": "Plans the film. Left out: the account's default.",
    "critic_model": "Judges frames and clips. Left out: the account's default.",
    "image_model": "Draws the frames. Left out: the account's default.",
    "image_resolution": "Of the frames. Left out: the account's default.",
    "video_model": "Films the shots. Left out: the account's default.",
    "video_resolution": "Of the film; more costs more. Left out: the account's default.",
    "music_model": "Makes the music. Left out: the account's default.",
    "stage_voice_briefs_enabled": "A short spoken summary of each finished stage.",
    "music_workflow": "generated, uploaded_track (needs an audio file), or none.",
    "lyrics_prompt": "What is sung.",
    "style_prompt": "What the music is like.",
    "music_min_duration_seconds": "The music's shortest length.",
    "music_max_duration_seconds": "The music's longest length.",
    "music_start_seconds": "Where in the track the film begins.",
    "use_first_audio_asset_as_music": "Cut the film to the first uploaded audio file.",
    "ingredients_mode_enabled": "Hand reference images to the video model as well.",
    "assets": "What each uploaded file shows and is for.",
}
UPLOADS_DESCRIPTION: Final = (
    "Pictures, sound, video, PDF and documents at public https addresses; they are fetched when "
    "the render begins. Local paths are not taken."
)
UPLOAD_DESCRIPTION: Final = (
    "Where a file is; with a filename, what assets[] calls it and what type it is."
)


def request_schema() -> Schema:
    """A render's request; a test holds the descriptions to its fields."""
    schema = portable_schema(RenderRequest, without=NO_EFFECT)
    properties = schema["properties"]
    assert isinstance(properties, dict)  # noqa: S101 - by JSON Schema's own rules
    for name, described in properties.items():
        if isinstance(described, dict):
            properties[name] = described | {"description": DESCRIPTIONS[name]}
    schema.pop("description", None)
    return closed(schema)


def brief_schema(extra: type[BaseModel]) -> Schema:
    """`{request, upload_urls?}` as quotes take it, beside the fields of `extra`."""
    brief, more = portable_schema(QuoteRequest), portable_schema(extra)
    own, others = brief["properties"], more["properties"]
    assert isinstance(own, dict)  # noqa: S101 - as above
    assert isinstance(others, dict)  # noqa: S101 - as above
    uploads = own["upload_urls"]
    assert isinstance(uploads, dict)  # noqa: S101 - as above
    uploads.pop("default", None)
    item = uploads["items"]
    assert isinstance(item, dict)  # noqa: S101 - as above
    item["description"] = UPLOAD_DESCRIPTION
    return closed(
        {
            "type": "object",
            "properties": {
                "request": request_schema(),
                "upload_urls": uploads | {"description": UPLOADS_DESCRIPTION},
                **others,
            },
            "required": ["request"],
        }
    )
